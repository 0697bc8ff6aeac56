#!/bin/sh
# A user other than root: `hull run` of /bin/true with the configuration of `hull spec --rootless`, in turn with its peers and with
# the bare system calls for the same container (floor.c -u). Environment: HULL, BUILD, CC, ROUNDS (100). Writes
# BUILD/bench/rootless.tsv. Needs root, to become nobody.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
ROUNDS=${ROUNDS:-100}
CC=${CC:-cc}
BUILD=${BUILD:-build}
HULL=$(readlink -f "${HULL:-$BUILD/hull}")
mkdir -p "$BUILD/bench"
out=$(cd "$BUILD/bench" && pwd)
user=65534

. "$here/view.sh"

work=$(mktemp -d)
cleanup() {
	umount "$work/states" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
chmod 711 "$work"
mkdir "$work/states" "$work/bin"
mount -t tmpfs -o mode=711 states "$work/states"
for name in floor turns; do
	$CC -std=gnu11 -O2 -static -D_GNU_SOURCE -Ulinux -o "$work/bin/$name" "$here/$name.c"
done
cp "$HULL" "$work/bin/hull"
sh "$here/../make-bundle.sh" "$work/bundle"
chmod -R a+rX "$work/bundle" "$work/bin"

as_user() {
	setpriv --reuid $user --regid $user --clear-groups --inh-caps=-all "$@"
}
chown $user "$work/bundle"
# one user alone, as in floor.c, even if there are subordinate ids
(cd "$work/bundle" && as_user "$work/bin/hull" spec --rootless --no-terminal -f - -- /bin/true 2>/dev/null) |
	jq '.ociVersion = "1.0.2" | .linux.uidMappings |= .[:1] | .linux.gidMappings |= .[:1]' >"$work/config"
cat "$work/config" >"$work/bundle/config.json"

printf 'rootless\tfloor\t%s -u %s /bin/true\n' "$work/bin/floor" "$work/bundle/rootfs" >"$work/list"
for tool in hull crun runc; do
	case $tool in
	hull) path=$work/bin/hull ;;
	*) path=$(command -v "$tool" || true) ;;
	esac
	[ -n "$path" ] || continue
	mkdir "$work/states/$tool"
	chown $user "$work/states/$tool"
	chmod 700 "$work/states/$tool"
	command="$path --root $work/states/$tool run -b $work/bundle bench-$tool"
	if as_user env XDG_RUNTIME_DIR="$work/states/$tool" $command </dev/null >"$work/log" 2>&1; then
		printf 'rootless\t%s\t%s\n' "$tool" "$command" >>"$work/list"
	else
		echo "bench: $tool does not run here without root: $(tail -n 1 "$work/log")" >&2
	fi
done
if command -v bwrap >/dev/null; then
	printf 'rootless\tbwrap\t%s --unshare-user --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup --ro-bind %s / --proc /proc --dev /dev --ro-bind /sys /sys /bin/true\n' \
		"$(command -v bwrap)" "$work/bundle/rootfs" >>"$work/list"
fi
as_user "$work/bin/turns" "$ROUNDS" <"$work/list" >"$out/rootless.tsv"
awk -F '\t' '{ for (i = 1; i <= NF; i++) printf i == 1 ? "  %-10s" : " %14s", $i; print "" }' "$out/rootless.tsv"
