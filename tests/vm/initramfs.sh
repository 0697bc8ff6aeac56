#!/bin/sh
# Makes the initramfs: initramfs.sh ROOT KERNEL-DIR FILE. It has the static busybox of ROOT, the modules that are needed first, and
# early-init.
set -eu
root=$1
kernel=$2
file=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin" "$dir/modules"
cp "$root/bin/busybox" "$dir/bin/busybox"
cp "${0%/*}/early-init" "$dir/init"
chmod 755 "$dir/init"
number=100
while read -r module; do
	name=$(basename "$module")
	number=$((number + 1))
	case $name in
	*.xz) xz -dc "$kernel$module" >"$dir/modules/$number-${name%.xz}" ;;
	*.zst) zstd -qdc "$kernel$module" >"$dir/modules/$number-${name%.zst}" ;;
	*) cp "$kernel$module" "$dir/modules/$number-$name" ;;
	esac
done <"$kernel/early"
(cd "$dir" && find . | bin/busybox cpio -o -H newc 2>/dev/null) | gzip -1 >"$file"
