#!/bin/sh
# Makes a bundle's root filesystem from the static busybox: make-bundle.sh DIR [APPLET...], with links for these applets, or for all
# of them. DIR/rootfs must not exist. `hull spec -b DIR` makes the configuration.
set -eu
dir=$1
shift
busybox=
for candidate in "${BUSYBOX:-}" /bin/busybox /usr/bin/busybox /bin/busybox.static /usr/sbin/busybox /sbin/busybox; do
	if [ -x "$candidate" ] && "$candidate" --list >/dev/null 2>&1; then
		busybox=$candidate
		break
	fi
done
if [ -z "$busybox" ]; then
	echo "make-bundle: no busybox here" >&2
	exit 1
fi

mkdir -p "$dir"
mkdir "$dir/rootfs"
cd "$dir/rootfs"
mkdir bin dev etc home proc root run srv sys tmp usr usr/bin var var/tmp
chmod 1777 tmp var/tmp
chmod 700 root
cp "$busybox" bin/busybox
[ $# != 0 ] || set -- $(bin/busybox --list)
for applet in "$@"; do
	[ "$applet" = busybox ] || ln -s busybox "bin/$applet"
done
cat >etc/passwd <<'END'
root:x:0:0:root:/root:/bin/sh
user:x:1000:1000:user:/home:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
END
cat >etc/group <<'END'
root:x:0:
tty:x:5:
user:x:1000:
nogroup:x:65534:
END
