#!/bin/sh
# Podman with hull as its default runtime, configured as hull-engines(7) says, with cgroups and an image. The other suite
# (podman.sh) tests the host's Podman without either.
. "${0%/*}/engine.sh"

IMAGE=localhost/busybox:test
MANY=${HULL_TEST_MANY:-50}

# Settings in which hosts differ: the hard limits are ones that every host has, and there is no network to connect to.
configure() {
	[ ! -e /etc/containers/containers.conf ] || cp /etc/containers/containers.conf /tmp/containers.conf.distribution
	printed '/etc/containers/containers.conf' >/etc/containers/containers.conf
	grep -q hull /etc/containers/containers.conf || {
		echo "FAIL $SUITE: hull-engines(7) has no containers.conf"
		exit 1
	}
	cat >/tmp/containers.conf <<-END
		[containers]
		netns = "none"
		pids_limit = 0
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		[engine]
		events_logger = "file"
		cgroup_manager = "${MANAGER:=cgroupfs}"
	END
	export CONTAINERS_CONF_OVERRIDE=/tmp/containers.conf
	[ -e /etc/containers/policy.json ] || echo '{"default": [{"type": "insecureAcceptAnything"}]}' >/etc/containers/policy.json
}

load_image() {
	make_image
	pod load -q -i "$IMAGE_FILE" >/tmp/load.log 2>&1 && pod tag "$(pod images -q | head -n 1)" "$IMAGE" || {
		echo "FAIL $SUITE: the image: $(tail -n 1 /tmp/load.log)"
		exit 1
	}
}

pod() {
	timeout -k 5 "${LONG:-120}" podman "$@"
}

# pod_do COMMAND OPTION... -- COMMAND...: the image takes the place of "--".
pod_do() {
	split=
	command=$1
	shift
	for word; do
		shift
		if [ "$word" = -- ] && [ -z "$split" ]; then
			split=1
			set -- "$@" "$IMAGE"
		else
			set -- "$@" "$word"
		fi
	done
	trap forget EXIT
	pod "$command" --name "$ID" --env HULL_TEST_ID="$ID" "$@"
}

pod_run() {
	pod_do run --rm "$@"
}

# A container that stays until it is removed.
begin() {
	try pod_do run -d "$@" -- sleep 1000
	expect_status 0
}

forget() {
	pod rm -f -t 0 --depend "$ID"
} >/dev/null 2>&1

remove() {
	try pod rm -f -t 0 "$ID"
	expect_status 0
}

# Finds what is left of any container, in addition to lib.sh.
all_gone() {
	[ -z "$(pod ps -aq)$(below /run/hull)" ] && ! pgrep -x conmon && ! find /sys/fs/cgroup -name 'libpod-*' | grep .
}

is() { # STATUS
	[ "$(pod inspect -f '{{.State.Status}}' "$ID")" = "$1" ]
}

logged() { # TEXT
	pod logs "$ID" 2>&1 | grep -qF -- "$1"
}

# on_terminal COMMAND: runs it by script(1); sets $out and $status.
on_terminal() {
	status=0
	timeout -k 5 120 script -q -e -c "stty rows 33 columns 99; $1" /dev/null </dev/null >"$WORK/out" 2>&1 || status=$?
	out=$(tr -d '\r' <"$WORK/out" | sed 's,\^[@D],,g')
}

test_exit_codes() {
	fails 3 '' pod_run -- sh -c 'exit 3'
	fails 137 '' pod_run -- sh -c 'kill -KILL $$; sleep 1 & kill -KILL -1; exit 137'
	fails 125 no-such-option pod_run --no-such-option -- true
	fails 126 '' pod_run -- /etc
	fails 127 no-such-program pod_run -- no-such-program
}

test_output_and_input() {
	says out pod_run -- echo out
	try pod_run -- sh -c 'echo err >&2'
	same err "$errors" 'the errors'
	trap forget EXIT
	same "$(seq 20000 | cksum)" "$(seq 20000 | pod run --rm -i --name "$ID" --env HULL_TEST_ID="$ID" "$IMAGE" cat | cksum)" 'what came back'
}

test_terminal() {
	trap forget EXIT
	on_terminal "podman run --rm -it --name $ID --env HULL_TEST_ID=$ID $IMAGE sh -c 'test -t 0 && test -t 2 && tty; sleep 1; stty size; exit 5'"
	same 5 "$status" "the exit status of what said $out"
	has_line() { printf '%s\n' "$out" | grep -qx -- "$1" || fail "no '$1' in: $out"; }
	has_line '/dev/pts/0'
	has_line '33 99'
}

test_exec() {
	begin
	fails 6 inside pod exec "$ID" sh -c 'echo inside; exit 6'
	says 'A is x  y in /usr' pod exec -e A='x  y' -w /usr "$ID" sh -c 'echo "A is $A in $(pwd)"'
	says user pod exec -u user "$ID" id -un
	says 1000:5 pod exec -u 1000:5 "$ID" sh -c 'echo $(id -u):$(id -g)'
	same given "$(echo given | pod exec -i "$ID" cat)" 'its input'
	fails 127 no-such-program pod exec "$ID" no-such-program
	fails 126 '' pod exec "$ID" /etc
	fails 125 no-such-option pod exec --no-such-option "$ID" true
	fails 125 '' pod exec "no-$ID" true
	remove
}

test_exec_detached() {
	begin
	try pod exec -d "$ID" sh -c 'echo done >/tmp/done'
	expect_status 0
	wait_until pod exec "$ID" test -s /tmp/done
	remove
}

test_exec_privileged() {
	begin
	says 0000000000000000 pod exec -u user "$ID" sh -c 'grep CapEff /proc/self/status | cut -f 2'
	mine=$(grep CapBnd /proc/self/status | cut -f 2)
	says "$mine" pod exec --privileged "$ID" sh -c 'grep CapEff /proc/self/status | cut -f 2'
	remove
}

test_exec_terminal() {
	begin
	on_terminal "podman exec -it $ID sh -c 'test -t 0 && tty; sleep 1; stty size; exit 7'"
	same 7 "$status" "the exit status of what said $out"
	printf '%s\n' "$out" | grep -qx '33 99' || fail "the size: $out"
	remove
}

test_logs() {
	try pod_do run -d -- sh -c 'echo out; echo err >&2; sleep 1000'
	expect_status 0
	wait_until logged err
	try pod logs "$ID"
	same 'out err' "$out $errors" 'the log'
	remove
}

test_stop_and_wait() {
	try pod_do run -d -- sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	expect_status 0
	wait_until logged ready
	try pod stop -t 60 "$ID"
	expect_status 0
	says 7 pod wait "$ID"
	says '7 false' pod inspect -f '{{.State.ExitCode}} {{.State.Running}}' "$ID"
	remove
	begin
	try pod stop -t 0 "$ID"
	says 137 pod wait "$ID"
	remove
}

test_kill() {
	try pod_do run -d -- sh -c 'trap "echo got it" USR1; trap "exit 8" INT; echo ready; while :; do sleep 0.1; done'
	expect_status 0
	wait_until logged ready
	try pod kill -s USR1 "$ID"
	expect_status 0
	wait_until logged 'got it'
	try pod kill -s INT "$ID"
	says 8 pod wait "$ID"
	remove
}

test_pause() {
	try pod_do run -d -- sh -c 'while :; do date +%s%N >/now; sleep 0.05; done'
	expect_status 0
	wait_until pod exec "$ID" test -s /now
	root=$(pod mount "$ID")
	try pod pause "$ID"
	expect_status 0
	is paused || fail 'it is not paused'
	first=$(cat "$root/now")
	sleep 1
	same "$first" "$(cat "$root/now")" 'the time when it was paused'
	try pod exec "$ID" true
	[ "$status" != 0 ] || fail 'exec in a paused container'
	try pod unpause "$ID"
	expect_status 0
	later() { [ "$(cat "$root/now")" != "$first" ]; }
	wait_until later
	remove
}

test_top() {
	begin
	try pod top "$ID" pid comm
	same 'PID COMMAND 1 sleep' "$(echo $out)" 'top'
	remove
}

test_health() {
	begin --health-cmd 'test -e /healthy' --health-interval disable
	try pod healthcheck run "$ID"
	expect_status 1
	try pod exec "$ID" touch /healthy
	try pod healthcheck run "$ID"
	expect_status 0
	remove
}

test_kube() {
	cat >"$WORK/pod.yaml" <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: $ID}
		spec:
		  containers:
		  - {name: a, image: $IMAGE, imagePullPolicy: Never, command: [sh, -c, 'echo from a >/shared/a; sleep 1000'],
		     env: [{name: HULL_TEST_ID, value: $ID}], volumeMounts: [{name: v, mountPath: /shared}]}
		  - {name: b, image: $IMAGE, imagePullPolicy: Never, command: [sh, -c, 'until cat /shared/a; do sleep 0.1; done; sleep 1000'],
		     env: [{name: HULL_TEST_ID, value: $ID}], volumeMounts: [{name: v, mountPath: /shared}]}
		  volumes: [{name: v, emptyDir: {}}]
	END
	trap 'pod kube down --force "$WORK/pod.yaml"' EXIT
	try pod kube play --network none "$WORK/pod.yaml"
	expect_status 0
	wait_until sh -c "podman logs $ID-b 2>/dev/null | grep -q 'from a'"
	for kind in net ipc uts; do
		same "$(pod exec "$ID-a" readlink "/proc/self/ns/$kind")" "$(pod exec "$ID-b" readlink "/proc/self/ns/$kind")" "$kind of both"
	done
	[ "$(pod exec "$ID-a" readlink /proc/self/ns/pid)" != "$(pod exec "$ID-b" readlink /proc/self/ns/pid)" ] || fail 'one PID namespace'
	same Running "$(pod pod inspect "$ID" | jq -r 'if type == "array" then .[0] else . end | .State')" 'the pod'
	try pod kube down --force "$WORK/pod.yaml"
	expect_status 0
	trap - EXIT
}

test_init() {
	says '1 podman-init' pod_run --init -- sh -c 'echo 1 $(cat /proc/1/comm)'
	fails 9 '' pod_run --init -- sh -c 'exit 9'
}

test_readonly() {
	says refused pod_run --read-only -- sh -c 'echo x >/x 2>/dev/null || echo refused; echo x >/tmp/x && echo x >/dev/shm/x'
}

test_capabilities() {
	effective() { echo $((0x$(pod_run "$@" -- sh -c 'grep CapEff /proc/self/status | cut -f 2'))); }
	default=$(effective)
	same 1 $((default & 1)) CAP_CHOWN
	same $((default & ~1)) "$(effective --cap-drop CHOWN)" '--cap-drop CHOWN'
	same $((default | 1 << 12)) "$(effective --cap-add NET_ADMIN)" '--cap-add NET_ADMIN'
	same 0 "$(effective --cap-drop ALL)" '--cap-drop ALL'
}

test_security_options() {
	says 'Seccomp: 2' pod_run -- sh -c 'echo $(grep Seccomp: /proc/self/status)'
	says 'Seccomp: 0' pod_run --security-opt seccomp=unconfined -- sh -c 'echo $(grep Seccomp: /proc/self/status)'
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' \
		>"$WORK/profile"
	fails 1 'No space left' pod_run --security-opt "seccomp=$WORK/profile" -- mkdir /x
	says 'NoNewPrivs: 1' pod_run --security-opt no-new-privileges -- sh -c 'echo $(grep NoNewPrivs /proc/self/status)'
	says masked pod_run --security-opt mask=/etc/passwd -- sh -c 'test ! -s /etc/passwd && echo masked'
}

test_devices() {
	says '1:5 4' pod_run --device /dev/zero:/dev/mine -- sh -c 'echo $(printf "%d:%d" $(stat -c "0x%t 0x%T" /dev/mine)) $(head -c 4 /dev/mine | wc -c)'
	says refused pod_run --cap-add MKNOD -- sh -c 'mknod /dev/mem b 7 0 && head -c 1 /dev/mem 2>/dev/null || echo refused'
}

test_volumes() {
	mkdir "$WORK/v"
	echo here >"$WORK/v/file"
	says here pod_run -v "$WORK/v:/v:ro" -- sh -c 'cat /v/file; ! touch /v/x 2>/dev/null'
	says here pod_run -v "$WORK/v:/v" -- sh -c 'cat /v/file; touch /v/made'
	[ -e "$WORK/v/made" ] || fail 'not made on the host'
	says kept pod_run -v "$ID-volume:/v" -- sh -c 'echo kept >/v/x; cat /v/x'
	says kept pod_run -v "$ID-volume:/v" -- cat /v/x
	says '' pod_run -v "$WORK/v:/v:O" -- rm /v/file
	[ -e "$WORK/v/file" ] || fail 'removed through an overlay'
	says 64 pod_run --tmpfs /t:size=64k -- sh -c 'df -k /t | awk "END { print \$2 }"'
	try pod volume rm -f "$ID-volume"
}

test_namespaces() {
	for kind in pid ipc uts; do
		says "$(readlink "/proc/self/ns/$kind")" pod_run --$kind=host -- readlink "/proc/self/ns/$kind"
	done
	says "$(readlink /proc/self/ns/net)" pod_run --network=host -- readlink /proc/self/ns/net
	says lo pod_run --network=none -- ls /sys/class/net
	says "$(readlink /proc/self/ns/cgroup)" pod_run --cgroupns=host -- readlink /proc/self/ns/cgroup
	begin
	pid=$(pod inspect -f '{{.State.Pid}}' "$ID")
	for kind in pid net; do
		option=$kind
		[ $kind != net ] || option=network
		says "$(readlink "/proc/$pid/ns/$kind")" pod run --rm --$option="container:$ID" "$IMAGE" readlink "/proc/self/ns/$kind"
	done
	remove
}

# As for an init that is systemd: the container may divide its own cgroup.
test_systemd_mode() {
	says 'made tmpfs' pod_run --systemd=always -- sh -c 'mkdir /sys/fs/cgroup/mine && echo made $(awk "\$2 == \"/run\" { print \$3 }" /proc/mounts)'
}

test_cgroup_without() {
	says none pod_run --cgroups=disabled -- sh -c 'echo none'
}

test_restart() {
	try pod_do run -d --restart on-failure:2 -- sh -c 'echo once; exit 3'
	expect_status 0
	counted() { [ "$(pod inspect -f '{{.RestartCount}} {{.State.Status}}' "$ID")" = '2 exited' ]; }
	wait_until counted
	same 3 "$(pod logs "$ID" | grep -c once)" 'the number of starts'
	try pod restart -t 0 "$ID"
	expect_status 0
	remove
}

test_inspect() {
	begin --annotation x.y=z
	says 'running hull z' pod inspect -f '{{.State.Status}} {{.OCIRuntime}} {{index .Config.Annotations "x.y"}}' "$ID"
	same sleep "$(cat "/proc/$(pod inspect -f '{{.State.Pid}}' "$ID")/comm")" 'its process'
	remove
	same hull "$(pod info -f '{{.Host.OCIRuntime.Name}}')" 'the runtime of podman info'
}

test_copy_and_commit() {
	begin
	echo copied >"$WORK/file"
	try pod cp "$WORK/file" "$ID:/tmp/file"
	expect_status 0
	says copied pod exec "$ID" cat /tmp/file
	try pod cp "$ID:/etc/passwd" "$WORK/passwd"
	grep -q ^root: "$WORK/passwd" || fail 'not copied out'
	try pod commit -q "$ID" "localhost/$ID"
	expect_status 0
	says copied pod run --rm "localhost/$ID" cat /tmp/file
	remove
	try pod rmi "localhost/$ID"
}

test_create_and_start() {
	try pod_do create -- sh -c 'echo run; exit 4'
	expect_status 0
	is created || fail 'it is not created'
	fails 4 run pod start -a "$ID"
	fails 4 run pod start -a "$ID"
	remove
	try pod_do create -- true
	try pod init "$ID"
	expect_status 0
	is initialized || fail 'it is not initialized'
	remove
}

# The tests below need controllers or systemd, which the host or the guest has.
test_limits() {
	needs_controllers memory pids cpu
	begin --memory 64m --pids-limit 77 --cpus 0.5
	says '67108864 77 50000 100000' pod exec "$ID" sh -c 'cd /sys/fs/cgroup && echo $(cat memory.max pids.max cpu.max)'
	try pod update --memory 96m --cpus 0.25 "$ID"
	expect_status 0
	says '100663296 77 25000 100000' pod exec "$ID" sh -c 'cd /sys/fs/cgroup && echo $(cat memory.max pids.max cpu.max)'
	try pod stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' "$ID"
	case $out in "$ID 1 "*/*) ;; *) fail "stats: $out $errors" ;; esac
	remove
	fails 137 '' pod_run --memory 16m -- sh -c 'x=$(tail /dev/zero)'
}

test_systemd_cgroup() {
	[ -d /run/systemd/system ] || skip 'systemd is not process 1 here'
	needs_controllers memory
	sed -i 's/cgroupfs/systemd/' /tmp/containers.conf
	trap 'sed -i s/systemd/cgroupfs/ /tmp/containers.conf' EXIT
	begin --memory 64m
	trap 'forget; sed -i s/systemd/cgroupfs/ /tmp/containers.conf' EXIT
	scope=libpod-$(pod inspect -f '{{.Id}}' "$ID").scope
	same "active 67108864" "$(echo $(systemctl is-active "$scope") $(systemctl show -P MemoryMax "$scope"))" 'the unit'
	fails 6 inside pod exec "$ID" sh -c 'echo inside; exit 6'
	try pod pause "$ID"
	expect_status 0
	is paused || fail 'it is not paused'
	try pod unpause "$ID"
	try pod update --memory 96m "$ID"
	same 100663296 "$(systemctl show -P MemoryMax "$scope")" 'the updated limit'
	remove
	wait_until sh -c "! systemctl is-active -q $scope"
}

counts() {
	echo "$(find /proc -maxdepth 1 -name '[0-9]*' | wc -l) processes, $(wc -l </proc/self/mountinfo) mounts," \
		"$(find /sys/fs/cgroup -type d | wc -l) cgroups, $(find /run -path /run/guest -prune -o -print | wc -l) files in /run"
}

# One after the other; the first test makes what the others need.
test_nothing_is_left() {
	says 1 pod_run -- sh -c 'echo $$'
	wait_until all_gone
	before=$(counts)
	for i in $(seq "$MANY"); do
		says "$i" pod_run -- echo "$i"
	done
	wait_until all_gone
	as_before() { [ "$(counts)" = "$before" ]; }
	for _ in $(seq 100); do
		! as_before || return 0
		sleep 0.1
	done
	fail "before: $before; after $MANY: $(counts)"
}

configure
load_image
# Podman chooses the labels and relabels volumes; the runtime hands them to the kernel.
test_selinux_labels() {
	[ -e /sys/fs/selinux/enforce ] || skip 'SELinux is not on here'
	level=s0:c100,c200
	pod_says() { # WANTED OPTION... -- COMMAND...
		wanted=$1
		shift
		try pod_run "$@"
		same "$wanted" "$out" "podman run $* ($errors)"
	}
	pod_says "system_u:system_r:container_t:$level" --security-opt "label=level:$level" -- cat /proc/self/attr/current
	pod_says "$(cat /proc/self/attr/current)" --security-opt label=disable -- cat /proc/self/attr/current
	mkdir "$WORK/volume"
	echo mine >"$WORK/volume/file"
	chcon -R system_u:object_r:shadow_t:s0 "$WORK/volume"
	try pod_run --security-opt "label=level:$level" -v "$WORK/volume:/volume" -- cat /volume/file
	expect_status 1
	pod_says mine --security-opt "label=level:$level" -v "$WORK/volume:/volume:Z" -- cat /volume/file
	same "system_u:object_r:container_file_t:$level" "$(stat -c %C "$WORK/volume/file")" 'the label of a volume'
	begin --security-opt "label=level:$level"
	try pod exec "$ID" cat /proc/self/attr/current
	same "system_u:system_r:container_t:$level" "$out" "what exec has ($errors)"
	remove
}

run_tests
