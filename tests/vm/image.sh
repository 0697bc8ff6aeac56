#!/bin/sh
# Prints the image of the guest's root filesystem (ext4), made of a Debian root filesystem the first time and kept beside it:
# image.sh ROOT. It is run as a snapshot and stays as it is.
set -eu
root=$1
image=$root.img
if [ ! "$image" -nt "$root/etc/systemd/system/multi-user.target.wants" ] || # make-debian.sh changes that
	[ ! "$image" -nt "${0%/*}/selinux.cil" ]; then
	echo guest >"$root/etc/hostname"
	: >"$root/etc/fstab"
	: >"$root/etc/machine-id"
	# Debian's policy and what the tests add to it; the files of the image have its labels.
	if [ -x "$root/usr/sbin/semodule" ]; then
		cp "${0%/*}/selinux.cil" "$root/root/hull-tests.cil"
		{ chroot "$root" semodule -n -i /root/hull-tests.cil &&
			chroot "$root" setfiles -F /etc/selinux/default/contexts/files/file_contexts /; } >"$image.log" 2>&1 || {
			tail -n 1 "$image.log"
			exit 77
		}
	fi
	rm -f "$image.new"
	# Enough space for the tests; the file is sparse.
	truncate -s 4G "$image.new"
	mke2fs -q -t ext4 -m 0 -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$image.new" >"$image.log" 2>&1 || {
		tail -n 1 "$image.log"
		exit 77
	}
	mv "$image.new" "$image"
fi
echo "$image"
