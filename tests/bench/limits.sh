#!/bin/sh
# The cost of limits: `hull run` of /bin/true without limits, with device rules alone, and with all limits that engines set: memory,
# cpu, pids and 20 device rules. The last needs a host whose cgroup2 has these controllers; on other hosts it is measured in the
# guest of tests/vm, if there is one. Environment: HULL, BUILD, CC, ROUNDS (50). Prints the table of turns.c. Needs root.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
ROUNDS=${ROUNDS:-50}
CC=${CC:-cc}
BUILD=${BUILD:-build}
HULL=$(readlink -f "${HULL:-$BUILD/hull}")

if ! command -v jq >/dev/null; then
	echo "bench: no jq here: what limits cost is not measured" >&2
	exit 0
fi
. "$here/view.sh"

work=$(mktemp -d)
cleanup() {
	umount "$work/states" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
mkdir "$work/states"
mount -t tmpfs -o mode=700 states "$work/states"
$CC -std=gnu11 -O2 -D_GNU_SOURCE -o "$work/turns" "$here/turns.c"
sh "$here/../make-bundle.sh" "$work/none"
"$HULL" spec -b "$work/none"

variant() { # NAME FILTER
	[ "$1" = none ] || mkdir "$work/$1"
	jq --arg root "$work/none/rootfs" ".root.path = \$root | .process.terminal = false
		| .process.args = [\"/bin/true\"] | $2" "$work/none/config.json" >"$work/config"
	mv "$work/config" "$work/$1/config.json"
	printf 'limits\t%s\t%s --root %s run -b %s bench-limits\n' "$1" "$HULL" "$work/states" "$work/$1" >>"$work/list"
}

# The rules as an engine writes them: deny all, then allow named devices, and a few devices passed through.
devices='def device(type; major; minor; access): {allow: true, type: type, access: access}
		+ (if major == null then {} else {major: major} end) + (if minor == null then {} else {minor: minor} end);
	[{allow: false, access: "rwm"}, device("c"; null; null; "m"), device("b"; null; null; "m")]
	+ [[1, 3], [1, 8], [1, 7], [5, 0], [1, 5], [1, 9], [5, 1], [5, 2], [136, null], [10, 200], [10, 229], [226, 0], [226, 128],
		[195, 0], [195, 255], [116, 1] | device("c"; .[0]; .[1]; "rwm")] + [device("b"; 8; 0; "r")]'
variant none 'del(.linux.resources)'
variant devices ".linux.resources = {devices: ($devices)}"
lacking=
for controller in memory cpu pids; do
	grep -qw $controller /sys/fs/cgroup/cgroup.controllers || lacking="$lacking $controller"
done
if [ -z "$lacking" ]; then
	variant all ".linux.resources = {devices: ($devices), memory: {limit: 268435456, reservation: 134217728, swap: 536870912},
		cpu: {shares: 512, quota: 50000, period: 100000}, pids: {limit: 512}}"
fi
"$work/turns" "$ROUNDS" <"$work/list"

if [ -n "$lacking" ]; then
	echo "bench: cgroup2 lacks$lacking here: all limits are measured in the guest" >&2
	HULL=$HULL CC=$CC ROUNDS=$ROUNDS sh "$here/../vm/run" sh tests/bench/limits.sh || echo "bench: not measured" >&2
fi
