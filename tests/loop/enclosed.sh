# Sourced by check.sh: runs check.sh again in namespaces of its own (enclose.c), and clears what is left on the machine afterwards:
# its temporary files and, if it was interrupted, its cgroups.

if [ -z "${HULL_TEST_RUN:-}" ]; then
	mkdir -p "$BUILD"
	if ! ${CC:-cc} -O1 -D_GNU_SOURCE -o "$BUILD/enclose" tests/loop/enclose.c; then
		echo 'the test loop needs a C compiler: sudo make build-packages' >&2
		exit 1
	fi
	CGROUP2=/sys/fs/cgroup
	[ "$(stat -f -c %T $CGROUP2)" = cgroup2fs ] || CGROUP2=/sys/fs/cgroup/unified
	# Part of the names of all containers of this run, and of the paths of sockets; hence it is short.
	until
		HULL_TEST_RUN=$(tr -dc a-z0-9 </dev/urandom | head -c 4)
		TMPDIR=/tmp/hull$HULL_TEST_RUN
		mkdir -m 1777 "$TMPDIR"
	do :; done
	export HULL_TEST_RUN TMPDIR
	find "$CGROUP2" -type d 2>/dev/null | sort >"$TMPDIR/cgroups"

	interrupted=''
	"$BUILD/enclose" sh "$0" "$@" </dev/null &
	enclosed=$!
	trap 'interrupted=130; kill -INT $enclosed' INT
	trap 'interrupted=143; kill -TERM $enclosed' TERM HUP
	while :; do
		wait $enclosed
		code=$?
		kill -0 $enclosed 2>/dev/null || break
	done
	trap '' INT TERM HUP # what follows takes an instant
	if [ -n "$interrupted" ]; then
		code=$interrupted
		# Removes new cgroups that are empty. The kernel needs a moment to empty them.
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			find "$CGROUP2" -type d 2>/dev/null | sort | comm -13 "$TMPDIR/cgroups" - >"$TMPDIR/cgroups.new"
			[ -s "$TMPDIR/cgroups.new" ] || break
			sort -r "$TMPDIR/cgroups.new" | while read -r cgroup; do
				rmdir "$cgroup" 2>/dev/null || :
			done
			sleep 0.1
		done
		echo 'interrupted: nothing of it goes on' >&2
	fi
	rm -rf --one-file-system "$TMPDIR" /var/tmp/hull-run."$HULL_TEST_RUN".*
	sh tests/hand-over.sh
	exit $code
fi
