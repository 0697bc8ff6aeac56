#!/bin/sh
# The test loop:
#
#	check.sh check        the tests for every change, in minutes (`make check`)
#	check.sh all          all tests: also the engines, the guests, the rest under the sanitizers, fresh systems. The results of a
#	                      `check` of the same tree that has just passed are taken over (`make check-all`)
#	check.sh test NAME…   files or single tests: bind, bind/by_type, unit/base, engines/podman (`make test T=…`)
#	check.sh faults       every system call of every command fails with each of FAULTS, or is the point at which the command is
#	                      killed, or something else happens (`make faults`)
#	check.sh fuzz         each fuzzer for ten minutes (`make fuzz`)
#	check.sh vm           all run tests in a virtual machine (`make check-vm`)
#
# Each test prints a line when it ends, with a running count; the logs are in BUILD/test-logs (-all, -test, -vm). At the end come
# the failed and the skipped tests, the seconds of each part, and "N passed, N failed, N skipped". An interrupted run leaves no
# process, mount or cgroup behind.
#
# Environment: BUILD, MAKE, CC; JOBS (the processors and two more, since tests wait half of their time); PARTS (of those below);
# THIRD (0, 1 or 2: the third that runs under the sanitizers; by default the commits count it); FUZZ_SECONDS (5, or 20); with test:
# ROOTLESS=1 (as a user other than root), ASAN=1.
set -u
cd "$(dirname "$0")/.." || exit 1
export BUILD="${BUILD:-build}" MAKE="${MAKE:-make}"

. tests/loop/enclosed.sh # goes on below in namespaces of its own

. tests/loop/parts.sh
mode=$1
shift
LOGS=$BUILD/test-logs
[ "$mode" = check ] || LOGS=$LOGS-$mode
RESULTS=$LOGS/results
export LOGS JOBS="${JOBS:-$(($(nproc 2>/dev/null || echo 2) + 2))}" HULL="$BUILD/hull"
export HULL_TEST_TRIES="${HULL_TEST_TRIES:-2}"
export UBSAN_OPTIONS=print_stacktrace=1 # a leak is a failure of a unit test
read -r BEGIN _ </proc/uptime
rm -rf "$LOGS"
mkdir -p "$LOGS"
: >"$RESULTS"
: >"$LOGS/times"

case $mode in
check)
	export FUZZ_SECONDS="${FUZZ_SECONDS:-5}"
	build_hull
	jobs_of_check | run_jobs
	;;
all)
	export FUZZ_SECONDS="${FUZZ_SECONDS:-20}"
	build_hull
	if ! carry_over; then
		jobs_of_check | run_jobs
	fi
	jobs_of_the_rest | run_jobs
	jobs_alone | JOBS=1 run_jobs
	settle_skips
	;;
faults)
	export STEPS=1000000 POINT=0 FAULTS_ALL=1 FAULTS="${FAULTS:-EIO ENOMEM EINTR EMFILE}"
	build_hull
	sh tests/loop/job.sh build switches | report # for attacks
	for file in faults killed killed-exec meanwhile attacks-steps; do
		sed -n "s/^test_\([a-z_]*\)().*/faults $file \1/p" tests/run/$file.sh
	done | run_jobs
	;;
fuzz)
	export FUZZ_SECONDS="${FUZZ_SECONDS:-600}"
	{
		echo 'build fuzz'
		c_files fuzz fuzz- | prefixed fuzz
	} | run_jobs
	;;
vm)
	build_hull
	echo 'guest all' | run_jobs
	;;
test)
	export FUZZ_SECONDS="${FUZZ_SECONDS:-20}"
	jobs_of_names "$@" >"$LOGS/jobs" || exit 2
	build_for_names <"$LOGS/jobs"
	run_jobs <"$LOGS/jobs"
	;;
esac
summary
