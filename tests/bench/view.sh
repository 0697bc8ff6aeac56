# Sourced by the benchmarks, which have set $here, HULL, BUILD and CC. Runs the benchmark again in a mount namespace of its own,
# which shows cgroup2 alone, because some peers refuse a host with v1 controllers. In that namespace the state directories can be
# kept in memory.
if [ -z "${BENCH_INSIDE:-}" ]; then
	export HULL BUILD CC
	BENCH_INSIDE=1 exec unshare -m sh "$here/$(basename "$0")"
fi
if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
	umount -R /sys/fs/cgroup
	mount -t cgroup2 none /sys/fs/cgroup
fi
