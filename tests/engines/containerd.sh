#!/bin/sh
# containerd and its ctr with hull as the runtime, configured as hull-engines(7) says.
. "${0%/*}/engine.sh"

IMAGE=docker.io/library/busybox:test
PAUSE=registry.k8s.io/pause:3.8 # of a pod's own container, as the configuration's default has it
# The defaults of `ctr run` need a controller.
SHARES=
grep -qw cpu "$CGROUP2/cgroup.controllers" || SHARES='--cpu-shares 0'

# The number of containers in a row.
MANY=${HULL_TEST_MANY:-1000}

start_containerd() {
	env -u HULL_TEST_ID containerd >>/tmp/containerd.log 2>&1 &
	for _ in $(seq 600); do
		! ctr version >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "FAIL $SUITE: containerd does not start: $(tail -n 1 /tmp/containerd.log)"
	exit 1
}

# ctr_run OPTION... -- COMMAND...
ctr_run() {
	split=
	for word; do
		shift
		if [ "$word" = -- ] && [ -z "$split" ]; then
			split=1
			set -- "$@" "$IMAGE" "$ID"
		else
			set -- "$@" "$word"
		fi
	done
	timeout -k 5 90 ctr run --runc-binary /usr/local/bin/hull $SHARES --env HULL_TEST_ID="$ID" "$@"
}

task() {
	timeout -k 5 90 ctr task "$@"
}

# A container that stays until it is removed.
begin() {
	trap forget EXIT
	ctr_run -d "$@" -- sleep 1000 || fail 'it is not started'
}

task_is() { # STATUS
	[ "$(task ls | awk -v id="$ID" '$1 == id { print $3 }')" = "$1" ]
}

forget() {
	task rm -f "$ID"
	ctr container rm "$ID"
} >/dev/null 2>&1

remove() {
	task kill -s KILL "$ID" 2>/dev/null
	wait_until task_is STOPPED
	try task rm "$ID" # its status is the container's
	same '' "$(task ls -q | grep -x "$ID")" 'what is left of the task'
	says '' ctr container rm "$ID"
}

test_exit_status() {
	fails 0 '' ctr_run --rm -- true
	fails 3 '' ctr_run --rm -- sh -c 'exit 3'
	fails 143 '' ctr_run --rm -- sh -c 'sh -c "kill \$\$"; exit $?'
}

test_streams() {
	try ctr_run --rm -- sh -c 'echo out; echo err >&2'
	same 'out err' "$out $errors" output
	# ctr misses the end of its input if that comes before the task exists.
	same given "$({ echo given; sleep 3; } | ctr_run --rm -- cat)" 'the input'
}

test_terminal() {
	out=$(script -qec "stty rows 33 cols 99; ctr run --rm -t --runc-binary /usr/local/bin/hull $SHARES $IMAGE $ID sh -c '
		sleep 1; stty size; tty; exit 5'" /dev/null)
	same 5 $? 'the exit status'
	case $(echo "$out" | tr -d '\r' | tr '\n' ' ') in *'33 99 /dev/pts/0 '*) ;; *) fail "output: $out" ;; esac
}

test_process() {
	says 'x y' ctr_run --rm --env A='x y' -- sh -c 'echo "$A"'
	says /usr ctr_run --rm --cwd /usr -- pwd
	says 1000:1000 ctr_run --rm --user 1000:1000 -- sh -c 'echo $(id -u):$(id -g)'
	says user ctr_run --rm --user user -- id -un
	says some.where ctr_run --rm --hostname some.where -- hostname
	says 'NoNewPrivs: 1' ctr_run --rm -- sh -c 'echo $(grep NoNewPrivs /proc/self/status)'
	says 'NoNewPrivs: 0' ctr_run --rm --allow-new-privs -- sh -c 'echo $(grep NoNewPrivs /proc/self/status)'
}

test_missing_program() {
	fails 1 'no-such-program` not found in $PATH' ctr_run --rm -- no-such-program
	fails 1 'OCI runtime create failed: .process.args[0]: executable file `/no/such`' ctr_run --rm -- /no/such
	fails 1 '/etc` is a directory' ctr_run --rm -- /etc
}

test_filesystem() {
	mkdir "$WORK/v"
	echo here >"$WORK/v/file"
	says refused ctr_run --rm --read-only -- sh -c 'echo x >/x 2>/dev/null || echo refused'
	says here ctr_run --rm --mount "type=bind,src=$WORK/v,dst=/v,options=rbind:ro" -- sh -c 'cat /v/file; ! touch /v/x 2>/dev/null'
	says '' ctr_run --rm --mount "type=bind,src=$WORK/v,dst=/v,options=rbind:rw" -- touch /v/made
	[ -e "$WORK/v/made" ] || fail 'not made on the host'
	fails 1 '/no/such/source' ctr_run --rm --mount type=bind,src=/no/such/source,dst=/v,options=rbind:ro -- true
	ID=$ID IMAGE=$BUNDLE/rootfs says mine ctr_run --rm --rootfs -- echo mine
}

test_capabilities() {
	default=$((0x$(ctr_run --rm -- sh -c 'grep CapEff /proc/self/status | cut -f 2')))
	[ $((default & 1)) = 1 ] || fail "no CAP_CHOWN in $default"
	same $((default & ~1 | 1 << 12)) $((0x$(ctr_run --rm --cap-drop CAP_CHOWN --cap-add CAP_NET_ADMIN -- sh -c 'grep CapEff /proc/self/status | cut -f 2'))) \
		'--cap-drop and --cap-add'
	says 'Seccomp: 2' ctr_run --rm --seccomp -- sh -c 'echo $(grep Seccomp: /proc/self/status)'
	compile probe
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["sync"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71}]}' >"$WORK/profile"
	says errno=71 ctr_run --rm --seccomp --seccomp-profile "$WORK/profile" --mount "type=bind,src=$PROGRAMS/probe,dst=/probe,options=bind:ro" -- \
		/probe call sync
	says '1:5' ctr_run --rm --device /dev/zero -- sh -c 'head -c 1 /dev/zero >/dev/null && echo $(stat -c "%t:%T" /dev/zero)'
	says mounted ctr_run --rm --privileged -- sh -c 'mount -t tmpfs none /srv && echo mounted'
}

test_namespaces() {
	says "$(readlink /proc/self/ns/net)" ctr_run --rm --net-host -- readlink /proc/self/ns/net
	for kind in ipc uts; do
		says "$(readlink /proc/1/ns/$kind)" ctr_run --rm --with-ns $kind:/proc/1/ns/$kind -- readlink /proc/self/ns/$kind
	done
}

test_user_namespaces() {
	begin --uidmap 0:100000:65536 --gidmap 0:100000:65536
	says '0 0 100000 65536 0' task exec --exec-id a "$ID" sh -c 'echo $(id -u; cat /proc/self/uid_map; stat -c %u /etc/passwd)'
	same 100000 "$(stat -c %u "/proc/$(task ps "$ID" | awk 'NR == 2 { print $1 }')")" 'the owner of its process'
	remove
}

test_task() {
	begin --pid-file "$WORK/pid"
	pid=$(cat "$WORK/pid")
	same sleep "$(cat "/proc/$pid/comm")" 'its process'
	task_is RUNNING || fail "the list: $(task ls)"
	same "$pid" "$(task ps "$ID" | awk 'NR == 2 { print $1 }')" 'of ps'
	says '' task pause "$ID"
	task_is PAUSED || fail "the list: $(task ls)"
	cgroup=default/$ID expect_file cgroup.freeze 1
	says '' task resume "$ID"
	task_is RUNNING || fail "the list: $(task ls)"
	try ctr task rm "$ID"
	[ "$status" != 0 ] || fail 'a running task was removed'
	remove
}

test_kill() {
	ctr_run -d -- sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done' || fail 'it is not started'
	says '' task kill -s WINCH "$ID"
	task_is RUNNING || fail "the list: $(task ls)"
	sleep 0.5
	says '' task kill "$ID"
	wait_until task_is STOPPED
	fails 0 'exit code 7' task rm "$ID"
	says '' ctr container rm "$ID"
	ctr_run -d -- sh -c 'sleep 1000 & sleep 1001' || fail 'it is not started'
	says '' task kill --all -s KILL "$ID"
	remove
}

test_exec() {
	begin
	fails 4 '' task exec --exec-id a "$ID" sh -c 'echo in; exit 4'
	same in "$out" output
	same given "$(echo given | timeout 60 ctr task exec --exec-id b "$ID" cat)" 'the input'
	says '/usr 1000' task exec --exec-id c --user 1000 --cwd /usr "$ID" sh -c 'echo $(pwd) $(id -u)'
	same /default "/$(task exec --exec-id d "$ID" sed -n 's/^0::.\([^/]*\)\/.*/\1/p' /proc/self/cgroup)" 'its cgroup'
	fails 1 'no-such-program' task exec --exec-id e "$ID" no-such-program
	fails 1 '/etc' task exec --exec-id f "$ID" /etc
	out=$(script -qec "ctr task exec -t --exec-id g $ID sh -c 'tty; exit 6'" /dev/null)
	same 6 $? 'the exit status'
	case $out in *'/dev/pts/0'*) ;; *) fail "the terminal: $out" ;; esac
	remove
}

test_exec_detached() {
	begin
	says '' task exec -d --exec-id a "$ID" sh -c 'echo done >/made; exec sleep 1000'
	wait_until sh -c "[ \$(ctr task ps $ID | wc -l) = 3 ]"
	says '' task kill -s KILL --exec-id a "$ID"
	wait_until sh -c "[ \$(ctr task ps $ID | wc -l) = 2 ]"
	says 'done' task exec --exec-id b "$ID" cat /made
	remove
}

shim_of() {
	pgrep -f "containerd-shim-runc-v2 .*-id $1( |\$)"
}

# containerd then cleans up by `delete --force`.
test_killed_shim() {
	begin --pid-file "$WORK/pid"
	kill -KILL "$(shim_of "$ID")"
	wait_until sh -c "! ctr task ls -q | grep -qx $ID"
	wait_until sh -c "! kill -0 $(cat "$WORK/pid")"
	[ ! -e "/run/containerd/runc/default/$ID" ] || fail 'its state is left'
	says '' ctr container rm "$ID"
}

# Its shims, and their knowledge, outlive containerd.
test_restarted_containerd() {
	begin
	kill -KILL "$(pidof containerd)"
	start_containerd
	task_is RUNNING || fail "the list: $(task ls)"
	says in task exec --exec-id a "$ID" echo in
	remove
}

test_limits() {
	needs_controllers cpu memory pids
	cgroup=default/$ID
	begin --memory-limit 33554432 --cpus 0.5
	expect_file memory.max 33554432
	expect_file cpu.max '50000 100000'
	expect_file cpu.weight 100 # of 1024 shares
	task metrics --format json "$ID" >"$WORK/metrics" || fail 'no metrics'
	jq -e '.memory.usage > 0 and .memory.usage_limit == 33554432 and .pids.current == 1 and .cpu.usage_usec > 0' "$WORK/metrics" >/dev/null ||
		fail "the metrics: $(cat "$WORK/metrics")"
	remove
	timeout 60 ctr events >"$WORK/events" &
	events=$!
	sleep 2
	try ctr_run --rm --memory-limit 16777216 -- sh -c 'x=$(head -c 64m /dev/zero | tr "\0" x)'
	same 137 "$status" 'exit status of a container that needs too much'
	wait_until has_text /tasks/oom "$WORK/events"
	kill $events
}

test_systemd_cgroup() {
	[ -d /run/systemd/system ] || skip 'systemd is not process 1 here'
	needs_controllers memory
	unit=hull-$ID.scope
	begin --cgroup "system.slice:hull:$ID" --runc-systemd-cgroup --memory-limit 33554432
	cgroup=system.slice/$unit
	expect_file memory.max 33554432
	same active "$(systemctl is-active "$unit")" 'the unit'
	says in task exec --exec-id a "$ID" echo in
	remove
	[ "$(systemctl is-active "$unit")" != active ] || fail 'the unit is still there'
}

# The table of the configuration, as containerd understands it.
test_configuration() {
	containerd config dump >"$WORK/dump" || fail "containerd config dump: $?"
	awk '/^ *\[/ { section = $1 } /BinaryName = "\/usr\/local\/bin\/hull"/ { print section }' "$WORK/dump" >"$WORK/section"
	same '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.hull.options]' "$(cat "$WORK/section")" 'where BinaryName is'
	has_text 'default_runtime_name = "hull"' "$WORK/dump" || fail 'hull is not the default runtime'
}

test_printed_command() {
	command=$(printed 'as an option of each command' | sed "s|IMAGE|$IMAGE|; s/NAME/$ID/; s/ run / run $SHARES /")
	says hello sh -c "$command"
}

# By their exit statuses: with many at once, ctr loses the output of processes that end at once, with runc too.
test_many_at_once() {
	name=$ID
	for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		signal=KILL
		[ $((number % 2)) = 0 ] || signal=TERM
		(
			fail() {
				echo "$ID: $*"
				exit 1
			}
			ID=$name-$number
			begin && fails 7 '' task exec --exec-id a "$ID" sh -c 'exit 7'
			task kill -s $signal "$ID" && remove && echo well
		) >"$WORK/many-$number" 2>&1 &
	done
	wait
	[ "$(cat "$WORK"/many-*)" = "$(yes well | head -n 16)" ] || fail "$(cat "$WORK"/many-*)"
}

# Numbers of the machine that a leak would increase.
numbers() {
	echo "$(grep -c hull /proc/self/mountinfo) mounts, $(below "$CGROUP2" | wc -l) cgroups," \
		"$(below /run/containerd/io.containerd.runtime.v2.task/default | wc -l) tasks, $(below /run/containerd/runc | wc -l) states," \
		"$(grep -slF "HULL_TEST_ID=$ID" /proc/[0-9]*/environ | wc -l) processes"
}

test_many_in_a_row() {
	says 0 ctr_run --rm -- echo 0
	before=$(unset HULL_TEST_ID; numbers)
	files=$(cut -f 1 /proc/sys/fs/file-nr)
	for i in $(seq "$MANY"); do
		code=0
		out=$(ctr_run --rm -- echo "$i" 2>&1) || code=$?
		[ "$code $out" = "0 $i" ] || fail "the container number $i ends with $code and says '$out'"
	done
	as_before() { [ "$(unset HULL_TEST_ID; numbers)" = "$before" ]; }
	wait_until as_before
	[ "$(cut -f 1 /proc/sys/fs/file-nr)" -lt $((files + MANY / 2)) ] || fail "open files: $files, $(cut -f 1 /proc/sys/fs/file-nr)"
}

# A pod of one container, by the interface of Kubernetes; Debian has no crictl.
test_kubernetes() {
	kubernetes
}

# As kubeadm configures it: systemd makes the cgroups, in the slice of the pod.
test_kubernetes_by_systemd() {
	[ -d /run/systemd/system ] || skip 'systemd is not process 1 here'
	printf '  SystemdCgroup = true\n' | cat /etc/containerd/config.toml - >"$WORK/config.toml"
	cp /etc/containerd/config.toml "$WORK/before.toml"
	restart_with "$WORK/config.toml"
	trap 'restart_with "$WORK/before.toml"' EXIT
	kubernetes kubepods-hull.slice
	systemctl list-units --all 'kubepods-hull*' >"$WORK/units"
	has_text kubepods-hull.slice "$WORK/units" || fail "systemd has not made the slice: $(cat "$WORK/units")"
	! has_text .scope "$WORK/units" || fail "left: $(cat "$WORK/units")"
	systemctl stop kubepods-hull.slice
}

restart_with() {
	cp "$1" /etc/containerd/config.toml
	kill "$(pidof containerd)"
	wait_until sh -c '! pidof containerd'
	start_containerd
}

kubernetes() { # [SLICE]
	needs_controllers cpu memory
	[ -n "${PAUSE_FILE:-}" ] || PAUSE_FILE=$WORK/pause.tar
	[ -e "$PAUSE_FILE" ] || sh "$ENGINES/make-image.sh" "$PAUSE_FILE" "$PAUSE" sleep 1000000
	for file in "$IMAGE_FILE" "$PAUSE_FILE"; do
		try ctr -n k8s.io image import "$file"
		expect_status 0
	done
	try timeout -k 5 300 python3 "$ENGINES/cri.py" /run/containerd/containerd.sock "$IMAGE" "$@"
	[ "$status" = 0 ] || fail "cri.py: $(echo "$errors" | tail -n 1): $(grep level=error /tmp/containerd.log | tail -n 1)"
	same 'created running 4 x y 0 33554432 50000 100000 0 67108864 failed ExecSync exited 7' "$(echo "$out" | tr '\n' ' ' | sed 's/ $//')" 'what happened'
	same '' "$(below /run/containerd/runc/k8s.io)" 'what is left of the state'
}

# The last test: by now nothing may be left.
test_nothing_is_left() {
	same '' "$(ctr container ls -q)" 'the list of containers'
	wait_until sh -c '! pgrep -x containerd-shim'
	same '' "$(below /run/containerd/runc/default)" 'what is left of the state'
	same '' "$(below "$CGROUP2/default")" 'what is left of the cgroups'
	same 0 "$(grep -c io.containerd.runtime.v2.task /proc/self/mountinfo)" 'the number of mounts'
}

mkdir -p /etc/containerd
printed /etc/containerd/config.toml >/etc/containerd/config.toml
make_image
start_containerd
ctr image import "$IMAGE_FILE" >/tmp/import.log 2>&1 || {
	echo "FAIL $SUITE: ctr image import: $(tail -n 1 /tmp/import.log)"
	exit 1
}
run_tests
