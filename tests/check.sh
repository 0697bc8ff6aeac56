#!/bin/sh
# The test loop:
#
#	check.sh check        what a change is tested with, in minutes (`make check`)
#	check.sh all          everything: beside it the engines, the guests, the rest under the sanitizers, fresh systems. What a
#	                      `check` of the same tree has just passed is not run again (`make check-all`)
#	check.sh test NAME…   files or single tests: bind, bind/by_type, unit/base, engines/podman (`make test T=…`)
#	check.sh vm           all run tests in a virtual machine (`make check-vm`)
#
# One line a test as it ends, with a running count; the logs are in BUILD/test-logs (-all, -test, -vm). At the end: what failed and was skipped, the
# seconds by part, and "N passed, N failed, N skipped". A run that is interrupted leaves no process, mount or cgroup behind.
#
# Environment: BUILD, MAKE, CC; JOBS (two more than processors: the tests wait for half of their time); PARTS (of those below);
# THIRD (0, 1 or 2: whose turn it is under the sanitizers; it goes with the commits); FUZZ_SECONDS (5, or 20); with test:
# ROOTLESS=1 (by a user without root), ASAN=1.
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
