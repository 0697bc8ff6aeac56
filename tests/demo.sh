#!/bin/sh
# Makes a bundle from the static busybox and runs it, and shows the container's view beside the host's. Environment: HULL, BUILD;
# AS_OWNER, the words by which root becomes the owner of the tree, who makes the bundle. Needs root.
set -eu
BUILD=${BUILD:-build}
HULL=$(readlink -f "${HULL:-$BUILD/hull}")
here=$(cd "$(dirname "$0")" && pwd)
bundle=$BUILD/demo
AS_OWNER=${AS_OWNER:-}

if [ "$(id -u)" != 0 ]; then
	echo "demo: needs root: sudo make demo" >&2
	exit 1
fi
rm -rf "$bundle"
$AS_OWNER sh "$here/make-bundle.sh" "$bundle"

# One line for each fact: the same questions to both sides.
$AS_OWNER tee "$bundle/rootfs/bin/facts" >/dev/null <<'END'
#!/bin/sh
count() { echo $#; }
value() { grep "^$1:" /proc/self/status | { read -r _ value; echo "$value"; }; }
bits() {
	n=0 mask=$((0x$1))
	while [ $mask != 0 ]; do n=$((n + (mask & 1))) mask=$((mask >> 1 & 0x7fffffffffffffff)); done
	echo "$n ($1)"
}
mounts=0 root=
while read -r _ _ _ _ target options rest; do
	mounts=$((mounts + 1))
	[ "$target" != / ] || root=${options%%,*}
done </proc/self/mountinfo
interfaces=
while read -r name _; do case $name in *:) interfaces="$interfaces ${name%:}" ;; esac; done </proc/net/dev
echo "this shell's pid|$$"
echo "processes|$(count /proc/[0-9]*)"
echo "hostname|$(cat /proc/sys/kernel/hostname)"
echo "mounts|$mounts"
echo "root is|$root"
echo "capabilities|$(bits "$(value CapEff)")"
echo "no new privileges|$(value NoNewPrivs)"
echo "cgroup|$(while IFS= read -r line; do case $line in 0::*) echo "${line#0::}" ;; esac; done </proc/self/cgroup)"
echo "network interfaces|$(count $interfaces):$interfaces"
echo "device nodes|$(count $(find /dev -maxdepth 1 -type c -o -maxdepth 1 -type b 2>/dev/null))"
echo "open files limit|$(ulimit -n)"
END
$AS_OWNER chmod 755 "$bundle/rootfs/bin/facts"

$AS_OWNER "$HULL" spec -b "$bundle"
$AS_OWNER sed -i -e 's/"terminal": *true/"terminal": false/' -e 's|"sh"|"/bin/facts"|' "$bundle/config.json"

echo "\$ hull spec && sudo hull run demo"
seen=$("$HULL" run -b "$bundle" "demo-$$" </dev/null)
{
	printf '%s\n' "$seen" -
	sh "$bundle/rootfs/bin/facts"
} | awk -F '|' '
	BEGIN { printf "  %-18s  %-28s  %s\n", "", "the container sees", "the host sees" }
	$0 == "-" { host = 1; next }
	!host { inside[$1] = $2; next }
	{ printf "  %-18s  %-28s  %s\n", $1, inside[$1], $2 }'
echo
echo "The bundle is in $bundle. For a shell in a container of it, set .process.args and .process.terminal in its config.json, then"
echo "  sudo $HULL run -b $bundle mine"
