#!/bin/sh
# Includes point downwards only. Prints each include that does not, and fails.
#
#	0 src/base   1 oci   2 namespaces cgroups   3 src   4 src/cmd src/main.c
#
# Neither of the two rooms on floor 2 includes the other; yajl belongs to oci/, cmocka to tests/.
set -eu
cd "$(dirname "$0")/.."

find src oci namespaces cgroups -name '*.[ch]' -exec grep -n '^[[:space:]]*#[[:space:]]*include' /dev/null {} + |
	awk -F: '
	function floor_of_file(path) {
		if (path ~ /^src\/base\//) return 0
		if (path ~ /^oci\//) return 1
		if (path ~ /^(namespaces|cgroups)\//) return 2
		if (path ~ /^src\/cmd\// || path == "src/main.c") return 4
		return 3
	}
	function floor_of_include(path) {
		if (path ~ /^base\//) return 0
		if (path ~ /^oci\//) return 1
		if (path ~ /^(namespaces|cgroups)\//) return 2
		if (path ~ /^cmd\//) return 4
		return 3
	}
	function room(path) { sub(/\/.*/, "", path); return path }
	function refuse(why) { printf "%s:%s: %s: %s\n", $1, $2, why, name; bad = 1 }
	{
		name = $3; for (i = 4; i <= NF; i++) name = name ":" $i
		quoted = name ~ /"/
		sub(/^[^<"]*[<"]/, "", name); sub(/[>"].*/, "", name)
		if (!quoted) {
			if (name ~ /^yajl\// && room($1) != "oci") refuse("yajl is for oci/ alone")
			if (name ~ /cmocka/) refuse("cmocka is for tests/ alone")
			next
		}
		if (name == "version.h") next
		from = floor_of_file($1)
		to = floor_of_include(name)
		if (name !~ /\// && from < 3) refuse("an include without its room")
		else if (to > from) refuse("an include that points upwards")
		else if (from == 2 && to == 2 && room(name) != room($1)) refuse("rooms of floor 2 do not meet")
	}
	END { exit bad }'
