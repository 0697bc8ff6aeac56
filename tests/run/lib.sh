# Run tests: real containers, observed from inside. A test file is
#
#	. "${0%/*}/lib.sh"
#	test_exit_code() { inside 'exit 3'; expect_status 3; }
#	run_tests
#
# Each function test_* runs in a subshell with a fresh bundle in $BUNDLE (busybox, and the configuration of `hull spec` without a
# terminal), a state directory of its own in $STATE and a container id of its own in $ID. `fail` and `skip` end it. A test must
# leave nothing behind: no state, cgroup, mount or process.
#
# Prints "ok NAME", "FAIL NAME: why" or "SKIP NAME: why". Environment: HULL (build/hull); ONLY (names of the tests to run);
# HULL_TEST_TRIES (1); HULL_TEST_USER (a uid: the test is root's, hull and its containers are that user's; see as_user);
# HULL_TEST_LIMIT (120, the seconds for a hull command); HULL_TEST_PATIENCE (10000, the milliseconds after which a leftover is a
# failure).

set -u
LIB_DIR=$(cd "${0%/*}" && pwd)
SUITE=${0##*/}
SUITE=${SUITE%.sh}

# The tests' own tool (tests/tool), as $TOOL: among the other programs of the tests, beside hull, or built here.
find_tool() {
	hull=${HULL:-build/hull}
	for TOOL in "${HULL_TEST_PROGRAMS:-}/test-tool" "$(cd "${hull%/*}" 2>/dev/null && pwd)/test-tool"; do
		if [ -x "$TOOL" ] && ! tool_is_old; then
			return 0
		fi
	done
	TOOL=${LIB_DIR%/*/*}/build/test-tool
	if [ ! -x "$TOOL" ] || tool_is_old; then
		make -s -C "${LIB_DIR%/*/*}" BUILD=build VARIANT= build/test-tool >&2
	fi
	[ -x "$TOOL" ]
}

# Without a compiler, the tool is never too old.
tool_is_old() {
	command -v "${CC:-cc}" >/dev/null || return
	for source in "${LIB_DIR%/*}"/tool/*; do
		[ ! "$source" -nt "$TOOL" ] || return 0
	done
	return 1
}

# A check must not pass because the program that it calls is missing. A guest (../vm/suite) has fewer programs than the host.
if [ -z "${HULL_TEST_SUITE_DIR:-}" ] && ! why=$(sh "${LIB_DIR%/*}/check-tools.sh" needed "$0"); then
	if [ -n "${HULL_TEST_ELSEWHERE:-}" ]; then
		for name in ${ONLY:-all}; do
			echo "SKIP $SUITE: $name: $why"
		done
		exit 0
	fi
	echo "FAIL $SUITE: $why"
	exit 1
fi

# A parent (`supervise`) runs the file and ends whatever the file has started, when the file ends or by a signal: the file begins
# again here.
if [ -z "${HULL_TEST_SUITE_DIR:-}" ]; then
	find_tool || {
		echo "FAIL $SUITE: the tests' tool is missing: make build/test-tool"
		exit 1
	}
	export TOOL
	case $LIB_DIR in */engines) export HULL_TEST_STRAYS=yes ;; esac # they start daemons
	exec "$TOOL" supervise sh "$0" "$@"
fi
SUITE_DIR=$HULL_TEST_SUITE_DIR
CGROUP2=$HULL_TEST_CGROUP2
unset HULL_TEST_SUITE_DIR HULL_TEST_CGROUP2
HULL_ITSELF=$HULL # to be copied into a container

# The part of jq(1) that the tests of this folder need. The tests of engines have the real one.
case $LIB_DIR in
*/engines) ;;
*) jq() {
	"$TOOL" jq "$@"
} ;;
esac

fail() {
	echo "$*" >"$WORK/verdict"
	exit 1
}

skip() {
	echo "$*" >"$WORK/verdict"
	exit 77
}

# await WHY COMMAND...: waits until the command succeeds, for a minute and longer on a slow machine; then the test fails.
await() {
	in_vain=$1
	shift
	polls=0
	until "$@"; do
		polls=$((polls + 1))
		if [ $polls -lt 20 ]; then
			sleep 0.01 # mostly it is there soon
			continue
		fi
		[ $polls -lt 1200 ] || fail "$in_vain: $(cat "$WORK/errors" "$WORK/peer-errors" 2>/dev/null)"
		sleep 0.05
	done
}

# unlike COMMAND...: for await, until the command fails.
unlike() {
	! "$@" >/dev/null 2>&1
}

ended() { # PID; a zombie has
	{ read -r process_state <"/proc/$1/stat"; } 2>/dev/null || return 0
	case ${process_state##*) } in
	[ZX]*) ;;
	*) return 1 ;;
	esac
}

# runs REGEX: a process with such a command line exists; no_process REGEX: no process does, and the search was made.
runs() {
	found=0
	"$TOOL" find "$1" >/dev/null || found=$?
	[ $found -le 1 ] || fail "processes cannot be looked for by '$1'"
	return $found
}

no_process() {
	! runs "$1"
}

# executes PROGRAM PID: for await; a process in the background executes that program by now, or has ended.
executes() {
	ended "$2" || [ "$(cat "/proc/$2/comm")" = "$1" ]
}

# Changes the configuration by a jq(1) filter: config '.hostname = "x"'; options of jq may come before it.
config() {
	"$TOOL" config "$BUNDLE/config.json" "$@" || fail "the filter fails: $*"
}

# The command has two minutes, which `supervise` and as-user.c enforce.
hull() {
	"$HULL" --root "$STATE" "$@"
}

# Runs the configuration; sets $status, $out and $errors.
run() {
	status=0
	hull run "$@" -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" || status=$?
	read_results
}

read_results() {
	out='' errors=''
	[ ! -s "$WORK/out" ] || out=$(cat "$WORK/out")
	[ ! -s "$WORK/errors" ] || errors=$(cat "$WORK/errors")
}

# Runs a shell script inside.
inside() {
	config --arg script "$1" '.process.args = ["sh", "-c", $script]'
	run
}

# Makes HULL a copy that root of a new user namespace can execute, even if the tree is below a private directory of another user.
hull_within_reach() {
	[ -z "${HULL_TEST_USER:-}" ] || return 0
	cp "$HULL" "$WORK/hull" && HULL=$WORK/hull
}

# Runs any command, with the same three results.
try() {
	status=0
	"$@" </dev/null >"$WORK/out" 2>"$WORK/errors" || status=$?
	read_results
}

expect_status() {
	[ "$status" = "$1" ] || fail "exit status $status, expected $1; said: $out $errors"
}

# expect VALUE SCRIPT: the script's output inside is exactly that.
expect() {
	inside "$2"
	[ "$status" = 0 ] || fail "exit status $status: $errors"
	[ "$out" = "$1" ] || fail "'$2' gave '$out', expected '$1'"
}

# expect_match REGEX SCRIPT: a line of the script's output matches.
expect_match() {
	inside "$2"
	[ "$status" = 0 ] || fail "exit status $status: $errors"
	printf '%s\n' "$out" | grep -Eq -- "$1" || fail "'$2' gave '$out', expected a match of '$1'"
}

# same WANT GOT WHAT
same() {
	[ "$2" = "$1" ] || fail "$3 is '$2', expected '$1'"
}

run_ok() {
	run "$@"
	expect_status 0
}

# The command fails itself (status 1), and its error contains this text.
fails_with() {
	text=$1
	shift
	try "$@"
	[ "$status" = 1 ] || fail "exit status $status, expected 1: $out $errors"
	case $errors in
	*"$text"*) ;;
	*) fail "error is '$errors', expected '$text'" ;;
	esac
}

run_fails() {
	fails_with "$1" hull run -b "$BUNDLE" "$ID"
}

# Compiles NAME.c of this directory once for each test file, static so that it runs in any root filesystem: $PROGRAMS/NAME.
compile() {
	try_compile "$1" || skip "no static program can be built here: $(head -n 1 "$SUITE_DIR/compiler")"
}

try_compile() {
	[ -x "$PROGRAMS/$1" ] && return
	mkdir -p "$PROGRAMS"
	${CC:-cc} -static -O1 -D_GNU_SOURCE -o "$PROGRAMS/$1.$$" "$LIB_DIR/$1.c" 2>"$SUITE_DIR/compiler" &&
		mv "$PROGRAMS/$1.$$" "$PROGRAMS/$1" # others may make the same
}

# Puts probe.c into the container, as /bin/probe.
with_probe() {
	compile probe
	cp "$PROGRAMS/probe" "$BUNDLE/rootfs/bin/probe"
}

# start_peer console|agent SOCKET …: plays the other side (peer.c) in the background, as $peer; its output is in $WORK/peer.
start_peer() {
	compile peer
	"$PROGRAMS/peer" "$@" <"${PEER_INPUT:-/dev/null}" >"$WORK/peer" 2>"$WORK/peer-errors" &
	peer=$!
	await 'no socket' test -S "$2"
}

status_of() {
	hull state "$ID" | jq -r .status
}

has_status() {
	[ "$(status_of)" = "$1" ]
}

# wait_for STATUS: waits until the container has that status.
wait_for() {
	await "status is not $1" has_status "$1"
}

# A container that stays: create, or create and start.
create() {
	config '.process.args = ["sleep", "1000"]'
	try hull create -b "$BUNDLE" "$@" "$ID"
	expect_status 0
}

# States of a container, for tests that then work on it. What was said is in $WORK/before.
nothing() { :; }

created() {
	hull create -b "$BUNDLE" "$ID" </dev/null >"$WORK/before" 2>&1 || fail "create: $(cat "$WORK/before")"
}

running() {
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/before" 2>&1 || fail "run: $(cat "$WORK/before")"
}

paused() {
	running
	hull pause "$ID" || fail pause
}

# A container that needs most of what create can do: maps, hooks, a filter, offsets.
everything() {
	config '.process.args = ["sleep", "1000"]
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO"}]}
		| .linux.namespaces += [{type: "user"}, {type: "time"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 0, size: 65536}]
		| .linux.timeOffsets = {monotonic: {secs: 1000}}
		| .hooks = {createRuntime: [{path: "/bin/true"}], poststop: [{path: "/bin/true"}]}'
}

# receive_pidfd SOCKET: in the background, as $peer; the pid behind the descriptor that arrives is in $WORK/got.
receive_pidfd() {
	command -v python3 >/dev/null || skip 'python3 is not here'
	python3 -c '
import array, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
client, _ = server.accept()
data, anc, _, _ = client.recvmsg(4096, socket.CMSG_SPACE(4))
fd = array.array("i", anc[0][2])[0]
print([l for l in open("/proc/self/fdinfo/%d" % fd) if l.startswith("Pid:")][0].split()[1])' "$1" >"$WORK/got" &
	peer=$!
	await 'no socket' [ -S "$1" ]
}

# add_mount JSON: adds one mount.
add_mount() {
	config --argjson mount "$1" '.mounts += [$mount]'
}

# The mounts of the container, for mount_at and expect_mount; the script, if any, runs before.
show_mounts() {
	inside "${1:+$1; }cat /proc/self/mountinfo"
	expect_status 0
	mounts=$out
}

# The uppermost mount at a target: "FLAGS PROPAGATION TYPE SOURCE FLAGS-OF-SUPERBLOCK"; PROPAGATION is - if it is private.
mount_at() (
	target=$1 line=
	set -f
	IFS='
'
	for entry in $mounts; do
		IFS=' '
		set -- $entry
		[ "${5:-}" = "$target" ] || continue
		flags=$6 group=
		shift 6
		while [ "${1:--}" != - ]; do
			group=$group${group:+,}$1
			shift
		done
		[ $# -ge 4 ] || continue # another line of the output
		line="$flags ${group:--} $2 $3 $4"
	done
	printf '%s\n' "$line"
)

# expect_mount TARGET REGEX [REGEX-THAT-MUST-NOT-MATCH]
expect_mount() {
	line=$(mount_at "$1")
	printf '%s\n' "$line" | grep -Eq -- "$2" || fail "mount $1 is '$line', expected a match of '$2'"
	[ -z "${3:-}" ] || ! printf '%s\n' "$line" | grep -Eq -- "$3" || fail "mount $1 is '$line', which matches '$3'"
}

# A shared tree of the host's with a mount below it, in $WORK/host and $WORK/host/sub; options of both may follow.
host_tree() {
	mkdir "$WORK/host"
	trap 'umount -l "$WORK/host" 2>/dev/null' EXIT
	mount -t tmpfs ${1:+-o "$1"} hull-test "$WORK/host" || skip 'no mounting here'
	mount --make-shared "$WORK/host"
	mkdir "$WORK/host/sub"
	mount -t tmpfs ${1:+-o "$1"} hull-test-sub "$WORK/host/sub"
	mount --make-shared "$WORK/host/sub"
}

# maps_ids DIR: whether this kernel has id-mapped mounts of the filesystem of DIR.
maps_ids() {
	case $(stat -f -c %T "$1") in
	tmpfs) uname -r | awk -F. '{ exit !($1 > 6 || ($1 == 6 && $2 + 0 >= 3)) }' ;;
	ext2/ext3 | xfs | btrfs) ;;
	*) false ;;
	esac
}

# Mounts a filesystem at DIR whose ids can be mapped: a tmpfs, or else a directory of the disk.
mount_mappable() {
	mount -t tmpfs -o mode=777 hull-test "$1" || skip 'no mounting here'
	if ! maps_ids "$1"; then
		umount "$1"
		disk=$(mktemp -d /var/tmp/hull-run.${HULL_TEST_RUN:-$$}.XXXXXX)
		{ chmod 777 "$disk" && maps_ids "$disk" && mount --bind "$disk" "$1"; } || {
			rmdir "$disk"
			skip 'this kernel maps no ids of tmpfs, nor of what /var/tmp is on'
		}
		DISKS="${DISKS:-} $disk"
	fi
	mount --make-shared "$1"
}

# umount_mappable DIR...: unmounts those and everything below them, and the parts of the disk.
umount_mappable() {
	umount -l "$@" 2>/dev/null
	[ -z "${DISKS:-}" ] || rm -rf $DISKS
}

# Runs a script in a running container, beside its process.
enter() {
	try nsenter -t "$(hull state "$ID" | jq .pid)" -m -p -n -i -u -r -w -- /bin/sh -c "$1"
}

# needs_controllers NAME...: skips the test unless cgroup v2 has them all.
needs_controllers() {
	for controller in "$@"; do
		grep -qw "$controller" "$CGROUP2/cgroup.controllers" || skip "cgroup v2 has no $controller controller here"
	done
}

# expect_file FILE VALUE: the content of a file of the container's cgroup; the path of the cgroup is $cgroup or the default one.
expect_file() {
	same "$2" "$(cat "$CGROUP2/${cgroup:-hull-$ID}/$1" 2>&1)" "$1"
}

# The leftovers of a test, as $left: found by the state directory, by the id in the names of cgroups, by the mounts of $WORK, and by
# the mark in the environment of processes. Waits for things that the kernel is still taking down.
check_leftovers() {
	left=$("$TOOL" look "$STATE" "$WORK" "$ID")
}

clear_leftovers() {
	for dir in "$STATE"/*; do
		[ ! -d "$dir" ] || hull delete --force "${dir##*/}" >/dev/null 2>&1
	done
	"$TOOL" clear "$STATE" "$WORK" "$ID"
} 2>/dev/null

# Makes HULL a program that runs hull as that user, who has subordinate ids here: in a mount namespace of our own.
as_user() {
	if [ -z "${HULL_TEST_SUBIDS:-}" ]; then
		HULL_TEST_SUBIDS=$SUITE_DIR/sub-ids
		HULL_TEST_SUITE_DIR=$SUITE_DIR
		HULL_TEST_CGROUP2=$CGROUP2
		export HULL_TEST_SUBIDS HULL_TEST_SUITE_DIR HULL_TEST_CGROUP2
		echo "$HULL_TEST_USER:200000:65536" >"$HULL_TEST_SUBIDS"
		chmod 644 "$HULL_TEST_SUBIDS"
		exec unshare --mount sh -c 'touch /etc/subuid /etc/subgid && mount --bind "$HULL_TEST_SUBIDS" /etc/subuid &&
			mount --bind "$HULL_TEST_SUBIDS" /etc/subgid && exec sh "$0"' "$0"
	fi
	chmod 711 "$SUITE_DIR"
	cp "$HULL" "$SUITE_DIR/hull-itself"
	cp "$HULL-systemd" "$SUITE_DIR/hull-systemd" 2>/dev/null || : # built where libsystemd is
	try_compile as-user && cp "$PROGRAMS/as-user" "$SUITE_DIR/hull" || {
		echo "FAIL $SUITE: $(head -n 1 "$SUITE_DIR/compiler")"
		exit 1
	}
	chmod 755 "$SUITE_DIR"/hull*
	HULL=$SUITE_DIR/hull
	HULL_ITSELF=$SUITE_DIR/hull-itself
	export XDG_RUNTIME_DIR="$SUITE_DIR"
}

# nothing_left WHEN: nothing is left even before the test is over, without any delete.
nothing_left() {
	check_leftovers || fail "$1: left $(echo "$left" | tr '\n' ' ')"
}

# The program that kills a command at one of its system calls (kill-at.c), as $KILL_AT.
with_killer() {
	compile kill-at
	KILL_AT=$PROGRAMS/kill-at
	"$KILL_AT" parent 0 /bin/true >/dev/null
	[ $? = 3 ] || skip 'processes cannot be traced here'
}

# name_test NAME: sets the names that belong to that test alone.
name_test() {
	WORK=$SUITE_DIR/$1
	BUNDLE=$WORK/bundle
	STATE=$WORK/state
	ID=t${HULL_TEST_RUN:+$HULL_TEST_RUN-}$$-$1
	while [ "$ID" != "${ID#*_}" ]; do
		ID=${ID%%_*}-${ID#*_}
	done
}

# Makes a new $WORK.
new_bundle() {
	"$TOOL" begin "$TEMPLATE" "$WORK" "$ID"
}

# end_test [NEXT]: looks for the leftovers of the test. If there are none, removes $WORK and makes the next test's. A failed test
# keeps its own, to be read.
end_test() {
	if [ $code != 0 ] && [ $code != 77 ]; then
		check_leftovers || clear_leftovers # a test that failed half-way is not asked to have tidied up
		return 0
	fi
	set -- "${1:-}" "$STATE" "$WORK" "$ID"
	if [ -z "$1" ]; then
		left=$("$TOOL" turn "$2" "$3" "$4") && return
	else
		name_test "$1"
		left=$("$TOOL" turn "$2" "$3" "$4" "$TEMPLATE" "$WORK" "$ID") && ready=$1 && return
	fi
	STATE=$2 WORK=$3 ID=$4 BUNDLE=$3/bundle
	[ -n "$left" ] || return 0 # it is the next one's that could not be made, which is tried again
	why="left behind: $(echo "$left" | tr '\n' ' ')"
	code=1
	clear_leftovers
}

# attempt NAME [NEXT]: runs one test; sets $code and $why, and leaves its log in $WORK.
attempt() {
	name_test "$1"
	code=0 why=
	if [ "$ready" != "$1" ]; then
		[ ! -e "$WORK" ] || "$TOOL" remove "$WORK"
		new_bundle || why='its bundle cannot be made' code=1
	fi
	ready=
	[ $code != 0 ] || (
		trap 'exit 130' INT
		trap 'exit 143' TERM
		export HULL_TEST_ID="$ID"
		"test_$1"
	) >"$WORK/log" 2>&1 || code=$?
	[ ! -e "$WORK/verdict" ] || why=$(tr '\n' ' ' <"$WORK/verdict")
	end_test "${2:-}"
}

# Other load on the machine can upset tests that depend on time. HULL_TEST_TRIES allows another try, which is reported in any case.
run_one() { # NAME [NEXT]
	first=
	attempt "$@"
	if [ $code != 0 ] && [ $code != 77 ] && [ "${HULL_TEST_TRIES:-1}" -gt 1 ]; then
		first=" (at the second try; the first: ${why:-status $code})"
		attempt "$@"
	fi
	case $code in
	0) echo "ok $SUITE: $1$first" ;;
	77) echo "SKIP $SUITE: $1: $why" ;;
	*)
		echo "FAIL $SUITE: $1: ${why:-status $code}"
		sed 's/^/    /' "$WORK/log"
		"$TOOL" remove "$WORK"
		FAILED=1
		;;
	esac
}

# The common start of every test, as $TEMPLATE: from the bundle that all files have in common, if there is one.
make_template() {
	TEMPLATE=$SUITE_DIR/.template
	common=${HULL_TEST_TEMPLATE:-}
	if [ -z "$common" ]; then
		common=$SUITE_DIR/.common
		# engines want all applets
		sh "$LIB_DIR/../make-bundle.sh" "$common" $(cat "$LIB_DIR/applets" 2>/dev/null) || return
	fi
	"$TOOL" template "$TEMPLATE" "$common" ${HULL_TEST_USER:+"$HULL_TEST_USER"} || return
	if [ -n "${HULL_TEST_USER:-}" ]; then
		# without mappings it gets everything that the user has
		"$HULL" spec --rootless -b "$TEMPLATE" &&
			"$TOOL" config "$TEMPLATE/config.json" 'del(.linux.uidMappings, .linux.gidMappings)' || return
	elif [ ! -e "$TEMPLATE/config.json" ]; then
		"$HULL" spec -b "$TEMPLATE" || return
	fi
	"$TOOL" jq '.process.terminal = false | .root.readonly = false | .process.env += ["HULL_TEST_ID=@ID@"]' \
		"$TEMPLATE/config.json" >"$TEMPLATE/begin.json"
}

run_tests() {
	FAILED=0
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# A caller that runs many test files may have them share their common fixtures.
	PROGRAMS=${HULL_TEST_PROGRAMS:-$SUITE_DIR/bin}
	[ -z "${HULL_TEST_USER:-}" ] || as_user
	make_template || {
		echo "FAIL $SUITE: the bundle cannot be made"
		exit 1
	}
	ready=
	set -- ${ONLY:-$(sed -n 's/^test_\([a-z0-9_]*\)().*/\1/p' "$0")}
	while [ $# != 0 ]; do
		run_one "$1" "${2:-}"
		shift
	done
	exit $FAILED
}
