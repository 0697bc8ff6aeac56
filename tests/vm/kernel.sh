#!/bin/sh
# Prints the directory of a Debian kernel, which is unpacked the first time from packages that are never installed, and kept in the
# cache: kernel.sh ROOT, where ROOT is a Debian root filesystem, whose apt-get is used. It holds vmlinuz, release (its name),
# lib/modules and early (the modules that the initramfs loads, in their order).
#
# Environment: KERNEL: oldest (6.1, bookworm), default (6.12, trixie), newest (trixie-backports), or the uname -r of any kernel in
# these suites. To get a later one of the same kind, remove the directory. Exits with 77 if there is none.
set -eu
root=$1
kernel=${KERNEL:-default}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
dir=${XDG_CACHE_HOME:-/var/cache}/hull-tests/kernel-$kernel
early='virtio_pci virtio_blk virtio_console virtio_rng ext4 9p 9pnet_virtio overlay'

skip() {
	echo "$*"
	exit 77
}

case $kernel in
oldest) suites=bookworm package=linux-image-amd64 ;;
default) suites=trixie package=linux-image-amd64 ;;
newest) suites='trixie trixie-backports' package=linux-image-amd64/trixie-backports ;;
*[!a-z0-9.+~-]*) skip "no kernel is named $kernel" ;;
*) suites='bookworm trixie trixie-backports' package=linux-image-$kernel ;;
esac

if [ ! -e "$dir/early" ]; then
	log=$dir.log
	rm -rf "$dir.new" "$root/kernel"
	mkdir -p "$dir.new/lib" "$root/kernel/lists/partial"
	trap 'rm -rf "$root/kernel" "$dir.new"' EXIT
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	for suite in $suites; do
		echo "deb $mirror $suite main"
	done >"$root/kernel/sources.list"
	# The packages that a package like linux-image-amd64 leads to; newer ones come in several parts.
	cat >"$root/kernel/get" <<'END'
set -eu
cd /kernel
APT_CONFIG=/kernel/apt.conf
export APT_CONFIG LC_ALL=C
apt-get update -q
release=${1#*/}
[ "$release" != "$1" ] || release=
todo=${1%/*}
seen=
while [ -n "$todo" ]; do
	next=
	for name in $todo; do
		case " $seen " in *" $name "*) continue ;; esac
		seen="$seen $name"
		apt-get download -q "$name${release:+/$release}"
		for dependency in $(dpkg-deb -f "$name"_*.deb Depends | tr ',' '\n' | sed 's/(.*//; s/|.*//'); do
			case $dependency in
			linux-image-* | linux-binary-* | linux-modules-*) next="$next $dependency" ;;
			esac
		done
	done
	todo=$next
done
mkdir unpacked
for file in *.deb; do
	dpkg-deb -x "$file" unpacked
done
END
	cat >"$root/kernel/apt.conf" <<'END'
Dir::Etc::sourcelist "/kernel/sources.list";
Dir::Etc::sourceparts "/kernel/none";
Dir::State::lists "/kernel/lists";
APT::Sandbox::User "root";
Acquire::Languages "none";
END
	timeout -k 5 600 chroot "$root" sh /kernel/get "$package" >"$log" 2>&1 </dev/null ||
		skip "no kernel $kernel: $(grep -m 1 '^[EW]:' "$log" || tail -n 1 "$log")"
	# The packages of one kernel may differ in their use of lib and usr/lib.
	modules=$root/kernel/tree/lib/modules
	mkdir -p "$modules"
	for found in "$root"/kernel/unpacked/lib/modules/. "$root"/kernel/unpacked/usr/lib/modules/.; do
		[ ! -d "$found" ] || cp -al "$found" "$modules"
	done
	release=$(ls "$modules")
	# Under boot/ or beside the modules, depending on the package.
	image=$(find "$root/kernel/unpacked" -type f -name 'vmlinuz*' | head -n 1)
	[ -n "$image" ] || skip "no kernel $kernel: its packages hold no vmlinuz"
	mv "$image" "$dir.new/vmlinuz"
	echo "$release" >"$dir.new/release"
	chroot "$root" depmod -b /kernel/tree "$release" >>"$log" 2>&1
	# Prints "insmod PATH" for each module, dependencies first. A missing module is built into the kernel.
	for module in $early; do
		chroot "$root" modprobe -d /kernel/tree -S "$release" --show-depends "$module" 2>/dev/null || :
	done | sed -n 's/^insmod \/kernel\/tree\([^ ]*\).*/\1/p' | awk '!seen[$0]++' >"$root/kernel/early"
	mv "$modules" "$dir.new/lib/modules"
	mv "$root/kernel/early" "$dir.new/early"
	rm -rf "$dir"
	mv "$dir.new" "$dir"
fi
echo "$dir"
