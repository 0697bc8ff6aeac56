#!/bin/sh
# Many containers one after the other leave nothing: no process, mount, cgroup, key, socket, open file nor state. COUNT (100) is
# their number.
. "${0%/*}/lib.sh"
COUNT=${COUNT:-100}

# Numbers of the whole machine, which others change too: a leak of each container shows all the same.
numbers() {
	set -- $(cat /proc/sys/fs/file-nr) $(wc -l </proc/self/mountinfo) $(wc -l </proc/net/unix) $(cat /proc/sys/fs/inode-nr) \
		$(sed -n 's/^ *0: *\([0-9]*\) .*/\1/p' /proc/key-users 2>/dev/null || echo 0) $(ls -d /proc/[0-9]* 2>/dev/null | wc -l) $(wc -l </proc/locks)
	echo "files=$1 mounts=$4 sockets=$5 keys=${8:-0} processes=${9:-0}"
}

# Cgroups below one of our own, to count those that are still held as well.
begin() {
	parent=$CGROUP2/leaks-$ID
	mkdir "$parent"
	trap 'rmdir "$parent" 2>/dev/null' EXIT
	config --arg path "/leaks-$ID/x" '.linux.cgroupsPath = $path'
	before=$(numbers)
}

has_grown() {
	after=$(numbers)
	for pair in $after; do
		old=$(echo "$before" | tr ' ' '\n' | sed -n "s/^${pair%%=*}=//p")
		[ "${pair#*=}" -lt $((old + COUNT * 3 / 4)) ] || return 0
	done
	return 1
}

has_not_grown() {
	! has_grown
}

no_cgroup_is_held() {
	grep -q '^nr_dying_descendants 0$' "$parent/cgroup.stat"
}

end() {
	same 'nr_descendants 0' "$(grep nr_descendants "$parent/cgroup.stat")" 'cgroups'
	# with the memory controller they wait for their pages
	grep -qw memory "$CGROUP2/cgroup.controllers" || await 'removed cgroups are held' no_cgroup_is_held
	await 'it grows' has_not_grown || fail "from $before to $after"
	same '' "$(ls -A "$STATE" | grep -v :)" 'the state directory'
}

test_run() {
	begin
	config '.process.args = ["true"] | .hooks = {createRuntime: [{path: "/bin/true"}], poststop: [{path: "/bin/true"}]}
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO"}]}'
	for _ in $(seq "$COUNT"); do
		"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "run: $(cat "$WORK/out")"
	done
	end
}

test_run_with_terminal() {
	begin
	config '.process.args = ["echo", "line"] | .process.terminal = true'
	for _ in $(seq "$COUNT"); do
		"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "run: $(cat "$WORK/out")"
	done
	end
}

test_run_that_fails() {
	begin
	config '.mounts += [{destination: "/srv", type: "tmpfs", source: "x"}] | .process.args = ["/bin/no-such-program"]'
	for _ in $(seq "$COUNT"); do
		"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1
		[ $? = 127 ] || fail "run: $(cat "$WORK/out")"
	done
	end
}

test_whole_lives() {
	begin
	config '.process.args = ["sleep", "1000"]'
	for i in $(seq $((COUNT / 2))); do
		"$HULL" --root "$STATE" create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "create: $(cat "$WORK/out")"
		"$HULL" --root "$STATE" start "$ID" || fail start
		"$HULL" --root "$STATE" exec "$ID" true </dev/null || fail exec
		# the end of the pid namespace waits for the process that reaps this one: process 1, which may take its time
		[ $((i % 20)) != 0 ] || "$HULL" --root "$STATE" exec -d "$ID" sleep 1000 </dev/null >"$WORK/out" 2>&1 || fail 'exec -d'
		"$HULL" --root "$STATE" kill "$ID" KILL || fail kill
		"$HULL" --root "$STATE" delete --force "$ID" || fail delete
	done
	COUNT=$((COUNT / 2))
	end
}

# In one container: neither its own processes nor the descriptors of its init become more.
test_exec() {
	begin
	config '.process.args = ["sleep", "1000"]'
	"$HULL" --root "$STATE" run -d --pid-file "$WORK/pid" -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "run: $(cat "$WORK/out")"
	init=$(cat "$WORK/pid")
	held=$(ls "/proc/$init/fd" | wc -l)
	before=$(numbers)
	for i in $(seq "$COUNT"); do
		case $((i % 3)) in
		0) set -- exec "$ID" true ;;
		1) set -- exec -t "$ID" true ;;
		2) set -- exec -d -u 1000 "$ID" true ;;
		esac
		"$HULL" --root "$STATE" "$@" </dev/null >"$WORK/out" 2>&1 || fail "$*: $(cat "$WORK/out")"
	done
	await 'it grows' has_not_grown || fail "from $before to $after"
	same "$held" "$(ls "/proc/$init/fd" | wc -l)" 'descriptors of init'
	# a detached process is a zombie until the container's init ends, which waits for no other process
	same "$init" "$(cat "$parent/x/cgroup.procs" | while read -r pid; do grep -q '^State:.Z' "/proc/$pid/status" || echo "$pid"; done)" processes
	"$HULL" --root "$STATE" delete --force "$ID" || fail delete
	end
}

run_tests
