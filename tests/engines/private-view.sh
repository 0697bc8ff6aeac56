# For suites that also call runc and crun: runs the script again in a private view of cgroup2 alone, since crun refuses hybrid hosts
# and the peers manage other hierarchies there; and with a null device of its own, since crun changes the owner of the null device
# that it finds.
if [ -z "${PRIVATE_VIEW:-}" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "SKIP $(basename "$0" .sh): needs root"
		exit 0
	fi
	PRIVATE_VIEW=1 exec unshare --mount sh -c '
		umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup &&
			mount -t tmpfs -o mode=755,nosuid,noexec null /mnt && mknod -m 666 /mnt/null c 1 3 && mount --bind /mnt/null /dev/null &&
			umount -l /mnt && exec "$0" "$@"' sh "$0" "$@"
fi
