#!/bin/sh
# Measures hull against the bare system calls and against its peers: run of /bin/true with the default configuration, and each
# operation of the life cycle. Environment: HULL, BUILD, CC, ROUNDS (100). Writes BUILD/bench/*.tsv and tests/bench/chart.svg. Needs
# root.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
ROUNDS=${ROUNDS:-100}
CC=${CC:-cc}
BUILD=${BUILD:-build}
HULL=$(readlink -f "${HULL:-$BUILD/hull}")
mkdir -p "$BUILD/bench"
out=$(cd "$BUILD/bench" && pwd)

if [ "$(id -u)" != 0 ]; then
	echo "bench: needs root" >&2
	exit 1
fi

. "$here/view.sh"

work=$(mktemp -d)
states=$work/states
mkdir "$states"
mount -t tmpfs -o mode=700 states "$states"
cleanup() {
	for tool in hull runc crun; do
		delete_all "$tool"
	done
	umount "$states"
	rm -rf "$work"
}
trap cleanup EXIT

# Removes whatever a failed run left in its state directory.
delete_all() {
	for state in "$states/$1"/*; do
		[ ! -d "$state" ] || path_of "$1" --root "$states/$1" delete --force "${state##*/}" || true
	done
}
path_of() {
	tool=$1
	shift
	"$(cat "$work/$tool.path")" "$@" >/dev/null 2>&1
}

# A copy, as hull is one: a file as the linker wrote it starts slower.
for name in floor floor-exec turns; do
	$CC -std=gnu11 -O2 -static -D_GNU_SOURCE -Ulinux -o "$work/$name.linked" "$here/$name.c" ||
		$CC -std=gnu11 -O2 -D_GNU_SOURCE -Ulinux -o "$work/$name.linked" "$here/$name.c"
	cp "$work/$name.linked" "$work/$name"
done
sh "$here/../make-bundle.sh" "$work/bundle"
cd "$work/bundle"
"$HULL" spec
# Older peers refuse a newer version of the specification, whatever the configuration contains.
sed -e 's/"terminal": *true/"terminal": false/' -e 's|"sh"|"/bin/true"|' \
	-e 's/"ociVersion": *"[^"]*"/"ociVersion": "1.0.2"/' config.json >config.tmp
mv config.tmp config.json
# A process that stays, for create, start and kill.
mkdir "$work/bundle-sleep"
ln -s "$work/bundle/rootfs" "$work/bundle-sleep/rootfs"
sed -e 's|"/bin/true"|"/bin/sleep", "1000"|' -e "s|\"path\": *\"rootfs\"|\"path\": \"$work/bundle/rootfs\"|" \
	config.json >"$work/bundle-sleep/config.json"

# The same without device rules: on some hosts, some runtimes lack the privileges to load a BPF program.
if command -v jq >/dev/null; then
	mkdir "$work/bundle-bare" "$work/bundle-sleep-bare"
	for kind in bundle bundle-sleep; do
		ln -s "$work/bundle/rootfs" "$work/$kind-bare/rootfs"
		jq --arg root "$work/bundle/rootfs" '.root.path = $root | del(.linux.resources.devices)' \
			"$work/$kind/config.json" >"$work/$kind-bare/config.json"
	done
fi

# The runtimes that can run the container here, each with the bundle that it can run. Runtimes that cannot are left out, aloud.
try_run() { # TOOL SUFFIX
	"$(cat "$work/$1.path")" --root "$states/$1" run -b "$work/bundle$2" "bench-$1" \
		</dev/null >"$work/log" 2>&1
}
tools=
for tool in hull runc crun; do
	case $tool in
	hull) path=$HULL ;;
	*) path=$(command -v "$tool" || true) ;;
	esac
	if [ -z "$path" ]; then
		echo "bench: $tool is not installed" >&2
		continue
	fi
	echo "$path" >"$work/$tool.path"
	mkdir "$states/$tool"
	if try_run "$tool" ''; then
		tools="$tools $tool"
		echo >"$work/$tool.suffix"
		continue
	fi
	echo "bench: $tool does not run here: $(tail -n 1 "$work/log")" >&2
	delete_all "$tool"
	if [ -d "$work/bundle-bare" ] && try_run "$tool" -bare; then
		tools="$tools $tool"
		echo -bare >"$work/$tool.suffix"
		echo "bench: $tool is timed without device rules, which is less work" >&2
	fi
done

run_command() { # TOOL: the command that runs the bundle
	case $1 in
	floor) echo "$work/floor $work/bundle/rootfs /sys/fs/cgroup /bin/true" ;;
	bwrap) echo "$(command -v bwrap) --unshare-all --ro-bind $work/bundle/rootfs / --proc /proc --dev /dev /bin/true" ;;
	*) echo "$(cat "$work/$1.path") --root $states/$1 run -b $work/bundle$(cat "$work/$1.suffix") bench-$1" ;;
	esac
}
runners="floor$tools"
if command -v bwrap >/dev/null; then
	runners="$runners bwrap"
fi

for tool in $runners; do
	printf 'run\t%s\t%s\n' "$tool" "$(run_command "$tool")"
done >"$work/list"
printf 'process\ttrue\t/bin/true\nprocess\thull --version\t%s --version\n' "$HULL" >>"$work/list"
"$work/turns" "$ROUNDS" <"$work/list" >"$out/run.tsv"

for tool in $tools; do
	cmd="$(cat "$work/$tool.path") --root $states/$tool"
	printf 'create\t%s\t%s create -b %s bench-%s\n' "$tool" "$cmd" "$work/bundle-sleep$(cat "$work/$tool.suffix")" "$tool"
	printf 'start\t%s\t%s start bench-%s\n' "$tool" "$cmd" "$tool"
	printf 'state\t%s\t%s state bench-%s\n' "$tool" "$cmd" "$tool"
	printf 'list\t%s\t%s list\n' "$tool" "$cmd"
	printf 'kill\t%s\t%s kill bench-%s KILL\n' "$tool" "$cmd" "$tool"
	printf -- '-\twait\t/bin/sleep 0.1\n'
	printf 'delete\t%s\t%s delete bench-%s\n' "$tool" "$cmd" "$tool"
done >"$work/list"
if [ "$ROUNDS" -gt 50 ]; then
	ROUNDS=50
fi
"$work/turns" "$ROUNDS" <"$work/list" >"$out/operations.tsv"

# One more process in a container that stays: beside the bare calls, which join hull's container; and beside the peers, which use so
# much more memory that they empty the processor's caches.
for tool in $tools; do
	path_of "$tool" --root "$states/$tool" run -d -b "$work/bundle-sleep$(cat "$work/$tool.suffix")" "bench-$tool" </dev/null ||
		continue
	printf 'exec\t%s\t%s --root %s exec bench-%s /bin/true\n' "$tool" "$(cat "$work/$tool.path")" "$states/$tool" "$tool"
done >"$work/list"
pid=$("$HULL" --root "$states/hull" state bench-hull | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
{
	printf 'exec\tfloor\t%s %s %s /bin/true\n' "$work/floor-exec" "$pid" /sys/fs/cgroup/hull-bench-hull
	grep '	hull	' "$work/list"
} >"$work/pair"
"$work/turns" "$ROUNDS" <"$work/pair" >"$out/exec.tsv"
"$work/turns" "$ROUNDS" <"$work/list" >"$out/exec-peers.tsv"
for tool in $tools; do
	delete_all "$tool"
done

# The calls that containerd's shim makes for one container, together.
awk -F '\t' '$1 ~ /^(create|start|state|kill|delete)$/ { sum[$2] += $3 }
	END { for (tool in sum) printf "shim\t%s\t%.3f\t%.2f\n", tool, sum[tool], sum[tool] / sum["hull"] }' \
	"$out/operations.tsv" | sort -k 3 -n >"$out/shim.tsv"

printf 'name\tcalls\n' >"$out/calls.tsv"
if command -v strace >/dev/null; then
	for tool in $runners; do
		strace -f -c -o "$work/calls" $(run_command "$tool") </dev/null >/dev/null 2>&1 || continue
		awk -v tool="$tool" '$NF == "total" { print tool "\t" $4 }' "$work/calls" >>"$out/calls.tsv"
	done
else
	echo "bench: no strace here: system calls are not counted" >&2
fi

for table in run operations exec exec-peers shim calls; do
	echo "$table"
	awk -F '\t' '{ for (i = 1; i <= NF; i++) printf i == 1 ? "  %-10s" : " %14s", $i; print "" }' "$out/$table.tsv"
done

if command -v gnuplot >/dev/null; then
	awk -F '\t' 'NR == FNR { calls[$1] = $2; next }
		$1 == "run" { print $2 "\t" $3 "\t" $5 "\t" calls[$2] }' "$out/calls.tsv" "$out/run.tsv" >"$out/chart.tsv"
	gnuplot -e "data='$out/chart.tsv'; chart='$here/chart.svg'" "$here/chart.gp"
else
	echo "bench: no gnuplot here: the chart is not drawn" >&2
fi
