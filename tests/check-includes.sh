#!/bin/sh
# Includes point downwards only. Prints each include that does not, and fails.
#
#	9 src/main.c     the program
#	8 src/cmd        the command line
#	7 src/launch     parent and init
#	6 src/container  containers that exist    src/advice   mistakes in a configuration, and what a host lacks
#	5 src/plan       every decision
#	4 src/run        companions of a running container
#	3 src/process    the attributes of one process
#	2 namespaces     cgroups
#	1 oci            the specification
#	0 src/base
#
# Rooms of one floor do not include each other, nor does plan include run. yajl belongs to oci/, cmocka to tests/.
set -eu
cd "$(dirname "$0")/.."

find src oci namespaces cgroups -name '*.[ch]' -exec grep -n '^[[:space:]]*#[[:space:]]*include' /dev/null {} + |
	awk -F: '
	BEGIN {
		split("base oci namespaces cgroups process run plan container advice launch cmd main.c", rooms, " ")
		split("0    1   2          2       3       4   5    6         6      7      8   9", floors, " ")
		for (i in rooms) floor[rooms[i]] = floors[i]
	}
	function room(path) { sub(/^src\//, "", path); sub(/\/.*/, "", path); return path }
	function refuse(why) { printf "%s:%s: %s: %s\n", $1, $2, why, name; bad = 1 }
	{
		name = $3; for (i = 4; i <= NF; i++) name = name ":" $i
		quoted = name ~ /"/
		sub(/^[^<"]*[<"]/, "", name); sub(/[>"].*/, "", name)
		from = room($1)
		if (!quoted) {
			if (name ~ /^yajl\// && from != "oci") refuse("yajl is for oci/ alone")
			if (name ~ /cmocka/) refuse("cmocka is for tests/ alone")
			next
		}
		if (name == "version.h") next
		to = room(name)
		if (name !~ /\//) refuse("an include without its room")
		else if (!(from in floor)) refuse("a room without a floor: " from)
		else if (!(to in floor)) refuse("an include of an unknown room")
		else if (floor[to] > floor[from]) refuse("an include that points upwards")
		else if (floor[to] == floor[from] && to != from) refuse("rooms of one floor do not meet")
		else if (from == "plan" && to == "run") refuse("what is decided does not depend on what accompanies")
	}
	END { exit bad }'
