#!/bin/sh
# Many containers alive at once, each with a process that sleeps: whether `create` and `list` stay linear, and how much memory each
# container takes. Environment: HULL, BUILD, CC, COUNT (500). Writes BUILD/bench/many.tsv. Needs root; takes a minute, and ends
# everything that it began.
#
# Memory means the kernel's memory by /proc/meminfo (slabs, page tables, stacks and programs (VmallocUsed), per-processor counters),
# and the state directory. The pages of the payload itself are the same in all cases. The difference that COUNT containers make,
# divided by COUNT, is compared between three kinds:
#	process    the payload alone
#	floor      the same payload in the same namespaces, mounts and cgroup, by the bare system calls (floor.c)
#	container  made by hull create and hull start
# The difference between container and floor is the runtime's own share. The difference between floor and process is the kernel's
# share, for namespaces and mounts; most of it is the network namespace. Times are processor times, which a busy machine disturbs
# least.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
COUNT=${COUNT:-500}
CC=${CC:-cc}
BUILD=${BUILD:-build}
HULL=$(readlink -f "${HULL:-$BUILD/hull}")

if [ "$(id -u)" != 0 ]; then
	echo "bench: needs root" >&2
	exit 1
fi
mkdir -p "$BUILD/bench"
out=$(cd "$BUILD/bench" && pwd)
. "$here/view.sh"

work=$(mktemp -d)
name=bench$$
cgroups=/sys/fs/cgroup/$name
hull() {
	"$HULL" --root "$work/states" "$@" </dev/null >/dev/null
}

# Ends everything there, of any kind.
clear() {
	for state in "$work/states/$name"*; do
		[ ! -d "$state" ] || hull delete --force "${state##*/}" || true
	done
	[ ! -e "$cgroups" ] || echo 1 >"$cgroups/cgroup.kill"
	for dir in "$cgroups"/*/; do
		[ ! -d "$dir" ] || remove "$dir"
	done
}
remove() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! rmdir "$1" 2>/dev/null || return 0
		sleep 0.1
	done
}
cleanup() {
	clear
	[ ! -e "$cgroups" ] || remove "$cgroups"
	umount "$work/states" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

mkdir "$work/states" "$cgroups"
mount -t tmpfs -o mode=700 states "$work/states"
for program in floor turns; do
	$CC -std=gnu11 -O2 -static -D_GNU_SOURCE -Ulinux -o "$work/$program" "$here/$program.c" ||
		$CC -std=gnu11 -O2 -D_GNU_SOURCE -Ulinux -o "$work/$program" "$here/$program.c"
done
sh "$here/../make-bundle.sh" "$work/bundle"
"$HULL" spec -b "$work/bundle"
sed -e 's/"terminal": *true/"terminal": false/' -e 's|"sh"|"/bin/sleep", "100000"|' "$work/bundle/config.json" >"$work/config"
mv "$work/config" "$work/bundle/config.json"

kib() {
	awk '/^(SReclaimable|SUnreclaim|PageTables|VmallocUsed|Percpu):/ { kib += $2 } END { print kib }' /proc/meminfo
}
# The kernel takes namespaces down in the background: waits until no more memory is given back, and prints the memory in use.
settle() {
	before=$(kib)
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		sleep 1
		after=$(kib)
		[ $((before - after)) -gt 512 ] || break
		before=$after
	done
	echo "$after"
}
# The processor time that the children have used, in steps of ten milliseconds.
spent() {
	read -r line <"/proc/$$/stat"
	set -- $line
	echo $(((${16} + ${17}) * 10))
}

make_process() {
	(
		mkdir -p "$cgroups/process"
		echo 0 >"$cgroups/process/cgroup.procs"
		exec "$work/bundle/rootfs/bin/busybox" sleep 100000 </dev/null >/dev/null 2>&1
	) &
}
make_floor() {
	"$work/floor" -d "$work/bundle/rootfs" "$cgroups" /bin/sleep 100000 </dev/null >/dev/null 2>&1
}
make_container() {
	hull create -b "$work/bundle" "$name-$1"
	hull start "$name-$1"
}
# Makes COUNT of a kind; the file `tenths` gets the time of each tenth.
make_many() { # KIND
	rm -f "$work/tenths"
	begin=$(spent)
	i=1
	while [ $i -le "$COUNT" ]; do
		"make_$1" $i
		if [ $((i % (COUNT / 10))) = 0 ]; then
			end=$(spent)
			echo $((end - begin)) >>"$work/tenths"
			begin=$end
		fi
		if [ "$1 $i" = 'container 5' ]; then
			time_list 5
			begin=$(spent)
		fi
		i=$((i + 1))
	done
}

# The cost of reading: the time of cat for the files of all containers, less its time for one.
time_list() { # HOW-MANY
	printf 'exec cat %s/*/state.json\n' "$work/states" >"$work/read-all"
	printf 'exec cat %s/%s-1/state.json\n' "$work/states" "$name" >"$work/read-one"
	for state in "$work"/states/*/state.json; do
		pid=$(sed 's/.*"pid"://; s/,.*//' "$state")
		echo "$state /proc/$pid/stat /sys/fs/cgroup/hull-$(basename "${state%/*}")/cgroup.events"
	done | tr '\n' ' ' | sed 's/^/exec cat /' >"$work/read-observed"
	{
		printf 'list\t%s\t%s --root %s list\n' "$1" "$HULL" "$work/states"
		printf -- 'read\tall\t/bin/sh %s\nread\tone\t/bin/sh %s\nread\tobserved\t/bin/sh %s\n' \
			"$work/read-all" "$work/read-one" "$work/read-observed"
	} | "$work/turns" 40 >"$work/list-$1"
}
time_of() { # FILE GROUP NAME
	awk -F '\t' -v group="$2" -v name="$3" '$1 == group && $2 == name { print $8 }' "$work/$1"
}

memory_of() { # KIND: KiB each
	before=$(settle)
	make_many "$1"
	[ "$1" != container ] || time_list "$COUNT"
	after=$(($(settle) + $(du -sk "$work/states" | cut -f 1)))
	clear
	echo $(((after - before) / COUNT)) >"$work/memory-$1"
}

# The first turn fills the kernel's caches of freed objects, equally for all kinds.
make_many floor
clear
for kind in process floor container; do
	memory_of $kind
done

few=$(time_of list-5 list 5)
many=$(time_of "list-$COUNT" list "$COUNT")
all=$(time_of "list-$COUNT" read all)
one=$(time_of "list-$COUNT" read one)
observed=$(time_of "list-$COUNT" read observed)
awk -v count="$COUNT" -v few="$few" -v many="$many" -v all="$all" -v one="$one" -v observed="$observed" -v process="$(cat "$work/memory-process")" \
	-v floor="$(cat "$work/memory-floor")" -v container="$(cat "$work/memory-container")" '
	function row(name, value, unit, note) { printf "%s\t%s\t%s\t%s\n", name, value, unit, note }
	{ tenths[NR] = $1 / (count / 10) }
	END {
		row("memory of a process", process, "KiB", "")
		row("memory of a floor", floor, "KiB", "with its namespaces and mounts")
		row("memory of a container", container, "KiB", "")
		row("beyond the floor", container - floor, "KiB", container - floor <= 200 ? "at most 200: kept" : "at most 200: NOT KEPT")
		row("create and start, first tenth", sprintf("%.2f", tenths[1]), "ms", "each")
		row("create and start, last tenth", sprintf("%.2f", tenths[NR]), "ms", sprintf("each; %.2f times the first", tenths[NR] / tenths[1]))
		row("list of 5", few, "ms", "")
		row("list of " count, many, "ms", "")
		bound = 5 * few + all - one
		row("reading " count " files of state", all - one, "ms", "")
		row("5 lists of 5, and that", bound, "ms", many < bound ? "kept" : sprintf("NOT KEPT: %.2f times", many / bound))
		# the status is observed by /proc/PID/stat and cgroup.events
		row("reading all that is observed", observed - one, "ms", "")
		bound = 5 * few + observed - one
		row("5 lists of 5, and that", bound, "ms", many < bound ? "kept" : sprintf("NOT KEPT: %.2f times", many / bound))
	}' "$work/tenths" >"$out/many.tsv"
awk -F '\t' '{ printf "  %-32s %8s %-4s %s\n", $1, $2, $3, $4 }' "$out/many.tsv"
