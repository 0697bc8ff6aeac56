# Run tests: real containers, observed from inside. A test file is
#
#	. "${0%/*}/lib.sh"
#	test_exit_code() { inside 'exit 3'; expect_status 3; }
#	run_tests
#
# Each function test_* runs in a subshell with a fresh bundle in $BUNDLE (busybox, the configuration of `hull spec` without
# a terminal), a state directory of its own in $STATE and a container id of its own in $ID. `fail` and `skip` end it.
# After each, nothing may be left behind: no state, cgroup, mount or process.
#
# Prints "ok NAME", "FAIL NAME: why" or "SKIP NAME: why". Environment: HULL (build/hull), ONLY (names to run),
# HULL_TEST_TRIES (1), HULL_TEST_USER (a uid: the test is root's, hull and its containers are that user's; see as_user).
# shellcheck shell=sh disable=SC2034

set -u
HULL=$(readlink -f "${HULL:-build/hull}")
export HULL
HULL_ITSELF=$HULL # to be copied into a container
LIB_DIR=$(cd "${0%/*}" && pwd)
SUITE=$(basename "$0" .sh)

# Where cgroup2 is.
CGROUP2=/sys/fs/cgroup
[ "$(stat -f -c %T $CGROUP2)" = cgroup2fs ] || CGROUP2=/sys/fs/cgroup/unified

# gojq starts in a seventh of the time, and is started a few times a test; it sorts keys in any case and does not know the option.
! command -v gojq >/dev/null || jq() {
	case $1 in
	-*S*) command jq "$@" ;;
	*) gojq "$@" ;;
	esac
}

fail() {
	echo "$*" >"$WORK/verdict"
	exit 1
}

skip() {
	echo "$*" >"$WORK/verdict"
	exit 77
}

# await WHY COMMAND...: until the command succeeds, for a minute and longer on a slow machine; then the test fails.
await() {
	in_vain=$1
	shift
	polls=0
	until "$@"; do
		polls=$((polls + 1))
		[ $polls -lt 1200 ] || fail "$in_vain: $(cat "$WORK/errors" "$WORK/peer-errors" 2>/dev/null)"
		sleep 0.05
	done
}

# unlike COMMAND...: for await, until the command fails.
unlike() {
	! "$@" >/dev/null 2>&1
}

ended() { # PID
	! grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

# executes PROGRAM PID: for await; a process in the background is that program by now, or has ended before.
executes() {
	ended "$2" || [ "$(cat "/proc/$2/comm")" = "$1" ]
}

# Changes the configuration by a jq(1) filter: config '.hostname = "x"'; options of jq may come before it.
config() {
	changed=$(jq "$@" "$BUNDLE/config.json") || fail "jq $*"
	printf '%s\n' "$changed" >"$BUNDLE/config.json"
}

# as-user.c has a limit of its own.
LIMITED='timeout -k 5 120'
[ -z "${HULL_TEST_USER:-}" ] || LIMITED=

hull() {
	$LIMITED "$HULL" --root "$STATE" "$@"
}

# Runs the configuration; leaves $status, $out and $errors.
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

# Any command, with the same three results.
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

# The command fails as the command itself (status 1) and its error has this text.
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

# Compiles NAME.c of this directory once a test file, static so that it runs in any root filesystem: $PROGRAMS/NAME.
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

# wait_for STATUS: until the container has it.
wait_for() {
	await "status is not $1" has_status "$1"
}

# A container that stays: create, or create and start.
create() {
	config '.process.args = ["sleep", "1000"]'
	try hull create -b "$BUNDLE" "$@" "$ID"
	expect_status 0
}

# add_mount JSON: one more mount.
add_mount() {
	config --argjson mount "$1" '.mounts += [$mount]'
}

# What the container has mounted, for mount_at and expect_mount; the script, if any, runs before.
show_mounts() {
	inside "${1:+$1; }cat /proc/self/mountinfo"
	expect_status 0
	mounts=$out
}

# The uppermost mount at a target: "FLAGS PROPAGATION TYPE SOURCE FLAGS-OF-SUPERBLOCK"; PROPAGATION is - where it is private.
mount_at() {
	printf '%s\n' "$mounts" | awk -v target="$1" '$5 == target {
		group = ""
		for (i = 7; $i != "-"; i++)
			group = group (group ? "," : "") $i
		line = $6 " " (group ? group : "-") " " $(i + 1) " " $(i + 2) " " $(i + 3)
	} END { print line }'
}

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

# maps_ids DIR: whether this kernel has id-mapped mounts of what DIR is on.
maps_ids() {
	case $(stat -f -c %T "$1") in
	tmpfs) uname -r | awk -F. '{ exit !($1 > 6 || ($1 == 6 && $2 + 0 >= 3)) }' ;;
	ext2/ext3 | xfs | btrfs) ;;
	*) false ;;
	esac
}

# Mounts something at DIR whose ids can be mapped: a tmpfs, or else a directory of the disk.
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

# umount_mappable DIR...: those and what is below them, and the parts of the disk.
umount_mappable() {
	umount -l "$@" 2>/dev/null
	[ -z "${DISKS:-}" ] || rm -rf $DISKS
}

# Runs a script in a running container, beside its process.
enter() {
	try nsenter -t "$(hull state "$ID" | jq .pid)" -m -p -n -i -u -r -w -- /bin/sh -c "$1"
}

# needs_controllers NAME...: skips where cgroup v2 does not have them all.
needs_controllers() {
	for controller in "$@"; do
		grep -qw "$controller" "$CGROUP2/cgroup.controllers" || skip "cgroup v2 has no $controller controller here"
	done
}

# expect_file FILE VALUE: what a file of the container's cgroup holds; the path of the cgroup is $cgroup or the default one.
expect_file() {
	same "$2" "$(cat "$CGROUP2/${cgroup:-hull-$ID}/$1" 2>&1)" "$1"
}

# What of a container is still there, by its id and by the test's mark in the environment of its processes.
leftovers() (
	unset HULL_TEST_ID # or else the commands below would be found
	# No id contains a colon: what does is the cache of compiled profiles, which is kept.
	ls -A "$STATE" 2>/dev/null | grep -v : | sed 's/^/state: /'
	find "$CGROUP2" -maxdepth 6 -type d -name "*$ID*" 2>/dev/null | sed 's/^/cgroup: /'
	grep -F "$WORK" /proc/self/mountinfo | awk '{ print "mount: " $5 }'
	grep -lsF "HULL_TEST_ID=$ID" /proc/[0-9]*/environ 2>/dev/null | while read -r file; do
		pid=${file#/proc/}
		pid=${pid%/environ}
		[ ! -d "/proc/$pid" ] || echo "process: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done 2>/dev/null
)

clear_leftovers() {
	for dir in "$STATE"/*; do
		[ ! -d "$dir" ] || hull delete --force "${dir##*/}" >/dev/null 2>&1
	done
	leftovers | while read -r kind what rest; do
		case $kind in
		process:) kill -KILL "$what" ;;
		mount:) umount -l "$what" ;;
		esac
	done
	find "$CGROUP2" -maxdepth 6 -depth -type d -name "*$ID*" -exec rmdir {} \;
} 2>/dev/null

# The same question with fewer programs, for the usual answer; it may say yes where there is nothing.
seems_clean() (
	unset HULL_TEST_ID
	for entry in "$STATE"/*; do
		case ${entry##*/} in '*' | *:*) ;; *) return 1 ;; esac
	done
	[ -z "$(find "$CGROUP2" -maxdepth 6 -type d -name "*$ID*" 2>/dev/null)" ] &&
		! grep -qsF -e "$WORK" -e "HULL_TEST_ID=$ID" /proc/self/mountinfo /proc/[0-9]*/environ
)

# Waits for what the kernel is still taking down.
check_leftovers() {
	looks=0
	until seems_clean; do
		left=$(leftovers)
		[ -n "$left" ] || return 0
		looks=$((looks + 1))
		[ $looks -lt 100 ] || return 1
		sleep 0.1
	done
	left=
}

# Makes HULL a program that runs it as that user, who has subordinate ids here: in a mount namespace of our own.
as_user() {
	if [ -z "${HULL_TEST_SUBIDS:-}" ]; then
		HULL_TEST_SUBIDS=$(mktemp /tmp/hull-subids.XXXXXX)
		export HULL_TEST_SUBIDS
		echo "$HULL_TEST_USER:200000:65536" >"$HULL_TEST_SUBIDS"
		chmod 644 "$HULL_TEST_SUBIDS"
		rmdir "$SUITE_DIR" # we begin anew
		exec unshare --mount sh -c 'touch /etc/subuid /etc/subgid && mount --bind "$HULL_TEST_SUBIDS" /etc/subuid &&
			mount --bind "$HULL_TEST_SUBIDS" /etc/subgid && exec sh "$0"' "$0"
	fi
	rm -f "$HULL_TEST_SUBIDS"
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

# nothing_left WHEN: also before the test is over, and without any delete; the tools that look carry no mark of the test themselves.
nothing_left() {
	left=$(unset HULL_TEST_ID && check_leftovers || echo "$left" | tr '\n' ' ')
	[ -z "$left" ] || fail "$1: left $left"
}

# What kills a command at one of its system calls (kill-at.c), as $KILL_AT.
with_killer() {
	compile kill-at
	KILL_AT=$PROGRAMS/kill-at
	"$KILL_AT" parent 0 /bin/true >/dev/null
	[ $? = 3 ] || skip 'processes cannot be traced here'
}

# A new $WORK. The links to busybox, which are most of it, are the template's own: some file systems are slow to give out inodes
# while many have just been freed. What can be written to is a copy.
new_bundle() {
	BUNDLE=$WORK/bundle
	STATE=$WORK/state
	cp -alT "$TEMPLATE/links" "$WORK"
	cp -a "$TEMPLATE/copies/." "$BUNDLE"
	printf '%s\n' "${CONFIG%%@ID@*}$ID${CONFIG#*@ID@}" >"$BUNDLE/config.json"
}

# Runs one test; leaves $code and $why, and its log in $WORK.
attempt() {
	WORK=$SUITE_DIR/$1
	ID=t${HULL_TEST_RUN:+$HULL_TEST_RUN-}$$-$1
	while [ "$ID" != "${ID#*_}" ]; do
		ID=${ID%%_*}-${ID#*_}
	done
	[ ! -e "$WORK" ] || rm -rf "$WORK"
	new_bundle
	code=0
	(
		export HULL_TEST_ID="$ID"
		"test_$1"
	) >"$WORK/log" 2>&1 || code=$?
	why=
	[ ! -e "$WORK/verdict" ] || why=$(tr '\n' ' ' <"$WORK/verdict")
	if ! check_leftovers; then
		# A test that failed half-way is not asked to have tidied up.
		[ $code != 0 ] || why="left behind: $(echo "$left" | tr '\n' ' ')"
		[ $code != 0 ] || code=1
		clear_leftovers
	fi
}

# A machine that is busy with other things can upset what depends on time: where HULL_TEST_TRIES allows it, a failure is tried
# once more, and told either way.
run_one() {
	first=
	attempt "$1"
	if [ $code != 0 ] && [ $code != 77 ] && [ "${HULL_TEST_TRIES:-1}" -gt 1 ]; then
		first=" (at the second try; the first: ${why:-status $code})"
		attempt "$1"
	fi
	case $code in
	0) echo "ok $SUITE: $1$first" ;;
	77) echo "SKIP $SUITE: $1: $why" ;;
	*)
		echo "FAIL $SUITE: $1: ${why:-status $code}"
		sed 's/^/    /' "$WORK/log"
		FAILED=1
		;;
	esac
	rm -rf "$WORK"
}

# What every test begins with, as $TEMPLATE. From the one that all files have in common, where there is one, by a copy: the links of
# a bundle are this file's alone.
make_template() {
	TEMPLATE=$SUITE_DIR/template
	links=$TEMPLATE/links/bundle
	copies=$TEMPLATE/copies
	mkdir -p "$links" "$TEMPLATE/links/state" "$copies/rootfs/bin" || return
	if [ -n "${HULL_TEST_TEMPLATE:-}" ]; then
		cp -a "$HULL_TEST_TEMPLATE/rootfs" "$links/rootfs" || return
	else
		sh "$LIB_DIR/../make-bundle.sh" "$links" $(cat "$LIB_DIR/applets") || return
	fi
	mv "$links/rootfs/bin/busybox" "$copies/rootfs/bin" && mv "$links/rootfs/etc" "$copies/rootfs" && : >"$copies/config.json" || return
	[ -z "${HULL_TEST_USER:-}" ] || chown -R "$HULL_TEST_USER:$HULL_TEST_USER" "$TEMPLATE"
	"$HULL" spec ${HULL_TEST_USER:+--rootless} -b "$TEMPLATE" || return
	# without mappings it gets all that the user has
	[ -z "${HULL_TEST_USER:-}" ] || {
		CONFIG=$(jq 'del(.linux.uidMappings, .linux.gidMappings)' "$TEMPLATE/config.json") &&
			printf '%s\n' "$CONFIG" >"$TEMPLATE/config.json"
	} || return
	CONFIG=$(jq '.process.terminal = false | .root.readonly = false | .process.env += ["HULL_TEST_ID=@ID@"]' \
		"$TEMPLATE/config.json")
}

run_tests() {
	FAILED=0
	SUITE_DIR=$(mktemp -d "${TMPDIR:-/tmp}/hull-run.XXXXXX")
	trap 'rm -rf "$SUITE_DIR"' EXIT
	trap 'exit 130' INT TERM
	# Who runs many test files may have them share what is the same for all.
	PROGRAMS=${HULL_TEST_PROGRAMS:-$SUITE_DIR/bin}
	[ -z "${HULL_TEST_USER:-}" ] || as_user
	make_template || {
		echo "FAIL $SUITE: the bundle cannot be made"
		exit 1
	}
	for name in ${ONLY:-$(sed -n 's/^test_\([a-z0-9_]*\)().*/\1/p' "$0")}; do
		run_one "$name"
	done
	exit $FAILED
}
