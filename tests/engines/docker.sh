#!/bin/sh
# Docker with hull as its default runtime, configured as hull-engines(7) says.
. "${0%/*}/engine.sh"

IMAGE=busybox:test

# Without networks of its own: the tests need neither iptables nor a bridge.
start_docker() { # OPTION...
	env -u HULL_TEST_ID dockerd --iptables=false --ip6tables=false --bridge=none "$@" >>/tmp/dockerd.log 2>&1 &
	for _ in $(seq 900); do
		! docker version >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "FAIL $SUITE: dockerd does not start: $(tail -n 1 /tmp/dockerd.log)"
	exit 1
}

stop_docker() {
	kill "$(pidof dockerd)"
	wait_until sh -c '! pidof dockerd'
}

# Docker with its configuration, and with additional JSON.
restart_docker() {
	stop_docker
	jq ". + $1" /etc/docker/daemon.json >/tmp/daemon.json
	start_docker --config-file /tmp/daemon.json
}

dock() {
	timeout -k 5 90 docker "$@"
}

# docker_run OPTION... -- COMMAND...: in the foreground, and removed afterwards.
docker_run() {
	docker_do run --rm "$@"
}

# The image takes the place of "--".
docker_do() {
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
	dock "$command" --name "$ID" --env HULL_TEST_ID="$ID" "$@"
}

# A container that stays until it is removed.
begin() {
	try docker_do run -d "$@" -- sleep 1000
	expect_status 0
}

forget() {
	dock rm -f "$ID"
} >/dev/null 2>&1

remove() {
	says "$ID" dock rm -f "$ID"
}

inspect() { # TEMPLATE
	dock inspect -f "$1" "$ID"
}

is() { # STATUS
	[ "$(inspect '{{.State.Status}}')" = "$1" ]
}

init_pid() {
	inspect '{{.State.Pid}}'
}

test_information() {
	same 'hull 2' "$(dock info -f '{{.DefaultRuntime}} {{.CgroupVersion}}')" 'what docker info says'
	says hull dock run --rm --runtime hull "$IMAGE" echo hull
	same /usr/local/bin/hull "$(dock info -f '{{(index .Runtimes "hull").Path}}')" 'the path of the runtime'
}

test_exit_status() {
	fails 0 '' docker_run -- true
	fails 3 '' docker_run -- sh -c 'exit 3'
	fails 143 '' docker_run -- sh -c 'sh -c "kill \$\$"; exit $?'
}

test_missing_program() {
	fails 127 'no-such-program` not found in $PATH' docker_run -- no-such-program
	fails 127 '/no/such' docker_run -- /no/such
	fails 126 '/etc` is a directory' docker_run -- /etc
	fails 126 '/etc/passwd' docker_run -- /etc/passwd
	printf '#!/no/interpreter\n' >"$WORK/script"
	chmod 755 "$WORK/script"
	fails 127 '/no/interpreter' docker_run -v "$WORK/script:/script" -- /script
	fails 125 'invalid' docker_run -v /relative/../x:y -- true
	same '' "$(dock ps -aq)" 'what is left'
}

test_streams() {
	try docker_run -- sh -c 'echo out; echo err >&2'
	same 'out err' "$out $errors" output
	same given "$(echo given | docker_run -i -- cat)" 'the input'
	same 1048576 "$(docker_run -- head -c 1048576 /dev/zero | wc -c)" 'the size of the output'
}

test_terminal() {
	out=$(script -qec "stty rows 33 cols 99; docker run --rm -it --name $ID $IMAGE sh -c 'sleep 1; stty size; tty; exit 5'" /dev/null)
	same 5 $? 'the exit status'
	case $(echo "$out" | tr -d '\r' | tr '\n' ' ') in *'33 99 /dev/pts/0 '*) ;; *) fail "output: $out" ;; esac
}

test_process() {
	says 'x y' docker_run -e A='x y' -- sh -c 'echo "$A"'
	says /usr docker_run -w /usr -- pwd
	says /made/here docker_run -w /made/here -- pwd
	says 1000:1000 docker_run -u 1000:1000 -- sh -c 'echo $(id -u):$(id -g)'
	says 'user 1000 5 7' docker_run -u user --group-add 5 --group-add 7 -- sh -c 'echo $(id -un) $(id -G)'
	says some.where docker_run -h some.where -- hostname
	says '100 200' docker_run --ulimit nofile=100:200 -- sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)'
	says 500 docker_run --oom-score-adj 500 -- cat /proc/self/oom_score_adj
	says 5 docker_run --sysctl kernel.msgmax=5 -- cat /proc/sys/kernel/msgmax
	says '1 docker-init' docker_run --init -- sh -c 'echo 1 $(cut -d " " -f 2 /proc/1/stat | tr -d "()")'
	says "/docker/" docker_run --cgroupns host -- sh -c 'sed -n "s/^0::.*\(.docker.\).*/\1/p" /proc/1/cgroup'
}

test_filesystem() {
	mkdir "$WORK/v"
	echo here >"$WORK/v/file"
	says refused docker_run --read-only -- sh -c 'echo x >/x 2>/dev/null || echo refused; echo x >/dev/shm/x'
	says here docker_run -v "$WORK/v:/v:ro" -- sh -c 'cat /v/file; ! touch /v/x 2>/dev/null'
	says '' docker_run -v "$WORK/v:/v" -- touch /v/made
	[ -e "$WORK/v/made" ] || fail 'not made on the host'
	says here docker_run -v "$WORK/v/file:/etc/bound:ro" -- cat /etc/bound
	says shared docker_run -v "$WORK/v:/v:rshared" -- sh -c 'grep " /v " /proc/self/mountinfo | grep -o shared | head -n 1'
	says 'tmpfs 1777 64' docker_run --tmpfs /mnt/t:rw,size=64k,mode=1777 -- sh -c '
		echo $(awk "\$2 == \"/mnt/t\" { print \$3 }" /proc/mounts) $(stat -c %a /mnt/t) $(df -k /mnt/t | awk "END { print \$2 }")'
	says kept docker_run -v "$ID:/volume" -- sh -c 'echo kept >/volume/file; cat /volume/file'
	says kept docker_run -v "$ID:/volume" -- cat /volume/file
	says "$ID" dock volume rm "$ID"
	fails 125 'Are you trying to mount a directory onto a file' docker_run -v "$WORK/v/file:/etc" -- true
	fails 125 'bind source path does not exist' docker_run --mount type=bind,source=/no/such/source,target=/v -- true
}

capabilities() { # OPTION...
	docker_run "$@" -- sh -c 'grep CapEff /proc/self/status | cut -f 2'
}

test_capabilities() {
	default=$((0x$(capabilities)))
	[ $((default & 1)) = 1 ] || fail "no CAP_CHOWN in $default"
	same $((default & ~1 | 1 << 12)) $((0x$(capabilities --cap-drop CHOWN --cap-add NET_ADMIN))) '--cap-drop and --cap-add'
	same 0 $((0x$(capabilities --cap-drop ALL))) '--cap-drop ALL'
	says mounted docker_run --privileged -- sh -c 'mount -t tmpfs none /srv && echo mounted'
	says 'NoNewPrivs: 1' docker_run --security-opt no-new-privileges -- sh -c 'echo $(grep NoNewPrivs /proc/self/status)'
	says 'NoNewPrivs: 0' docker_run -- sh -c 'echo $(grep NoNewPrivs /proc/self/status)'
}

test_seccomp() {
	compile probe
	says 'Seccomp: 2' docker_run -- sh -c 'echo $(grep Seccomp: /proc/self/status)'
	says 'Seccomp: 0' docker_run --security-opt seccomp=unconfined -- sh -c 'echo $(grep Seccomp: /proc/self/status)'
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["sync"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71}]}' >"$WORK/profile"
	says errno=71 docker_run --security-opt "seccomp=$WORK/profile" -v "$PROGRAMS/probe:/probe:ro" -- /probe call sync
}

test_devices() {
	says 1:5 docker_run --device /dev/zero:/dev/mine -- sh -c 'head -c 1 /dev/mine >/dev/null && stat -c %t:%T /dev/mine'
	says 1:b docker_run --device /dev/kmsg:/dev/mine:rw -- sh -c ': >/dev/mine && stat -c %t:%T /dev/mine'
	says 'refused' docker_run --device /dev/kmsg:/dev/mine:r --cap-add SYSLOG -- sh -c ': </dev/mine; (: >/dev/mine) 2>/dev/null || echo refused'
}

test_namespaces() {
	says "$(readlink /proc/self/ns/net)" docker_run --network host -- readlink /proc/self/ns/net
	says lo docker_run --network none -- ls /sys/class/net
	says "$(readlink /proc/self/ns/pid)" docker_run --pid host -- readlink /proc/self/ns/pid
	says "$(readlink /proc/self/ns/ipc)" docker_run --ipc host -- readlink /proc/self/ns/ipc
	says "$(readlink /proc/self/ns/uts)" docker_run --uts host -- readlink /proc/self/ns/uts
	begin --ipc shareable
	pid=$(init_pid)
	# docker_run uses this test's name for its container
	for kind in net ipc pid; do
		option=$kind
		[ $kind != net ] || option=network
		says "$(readlink "/proc/$pid/ns/$kind")" dock run --rm --$option "container:$ID" "$IMAGE" readlink /proc/self/ns/$kind
	done
	remove
}

test_detached() {
	try docker_do run -d -- sh -c 'trap "exit 7" TERM; echo begun; while :; do sleep 0.1; done'
	expect_status 0
	wait_until sh -c "docker logs $ID | grep -q begun"
	same "hull running sh" "$(inspect '{{.HostConfig.Runtime}} {{.State.Status}} {{.Path}}')" 'what docker inspect says'
	case $(dock top "$ID" -o pid,comm) in *"$(init_pid) "*sh*) ;; *) fail "docker top says: $(dock top "$ID" -o pid,comm)" ;; esac
	says "$ID" dock stop -t 60 "$ID"
	same 'exited 7' "$(inspect '{{.State.Status}} {{.State.ExitCode}}')" 'the exit code'
	says "$ID" dock start "$ID"
	wait_until sh -c "[ \$(docker logs $ID | grep -c begun) = 2 ]"
	first=$(init_pid)
	says "$ID" dock restart -t 60 "$ID"
	[ "$(init_pid)" != "$first" ] || fail 'the same process'
	says "$ID" dock kill -s TERM "$ID"
	says 7 dock wait "$ID"
	remove
}

test_kill() {
	begin
	says "$ID" dock kill -s WINCH "$ID"
	is running || fail 'it is dead'
	says "$ID" dock kill "$ID"
	says 137 dock wait "$ID"
	fails 1 'is not running' dock kill "$ID"
	remove
	begin
	says "$ID" dock stop -t 0 "$ID"
	same 137 "$(inspect '{{.State.ExitCode}}')" 'the exit code'
	remove
}

test_create() {
	try docker_do create -- sh -c 'echo run; exit 4'
	expect_status 0
	is created || fail 'it is not created'
	fails 4 '' dock start -a "$ID"
	same run "$out" output
	remove
}

test_pause() {
	begin
	says "$ID" dock pause "$ID"
	is paused || fail 'it is not paused'
	expect_paused 1
	fails 1 'is paused' dock exec "$ID" true
	says "$ID" dock unpause "$ID"
	is running || fail 'it is not running'
	says in dock exec "$ID" echo in
	remove
}

expect_paused() {
	cgroup=docker/$(inspect '{{.Id}}') expect_file cgroup.freeze "$1"
}

test_exec() {
	begin
	fails 4 '' dock exec "$ID" sh -c 'echo in; exit 4'
	same in "$out" output
	same given "$(echo given | timeout 60 docker exec -i "$ID" cat)" 'the input'
	says '/usr user x y' dock exec -u user -w /usr -e A='x y' "$ID" sh -c 'echo $(pwd) $(id -un) $A'
	says 'CapEff: 000001ffffffffff' dock exec --privileged "$ID" sh -c 'echo $(grep CapEff /proc/self/status | sed s/000001[0-9a-f]*/000001ffffffffff/)'
	fails 126 'no-such-program` not found in $PATH' dock exec "$ID" no-such-program # with runc too, in this version
	fails 126 '/etc' dock exec "$ID" /etc
	fails 126 '/etc/passwd' dock exec "$ID" /etc/passwd
	out=$(script -qec "stty rows 33 cols 99; docker exec -it $ID sh -c 'sleep 1; stty size; tty; exit 6'" /dev/null)
	same 6 $? 'the exit status'
	case $(echo "$out" | tr -d '\r' | tr '\n' ' ') in *'33 99 /dev/pts/0 '*) ;; *) fail "output: $out" ;; esac
	says '' dock exec -d "$ID" sh -c 'echo done >/made'
	wait_until dock exec "$ID" test -e /made
	remove
}

test_healthcheck() {
	begin --health-cmd 'test -e /healthy' --health-interval 1s --health-retries 1 --health-timeout 30s
	wait_until sh -c "[ \$(docker inspect -f '{{.State.Health.Status}}' $ID) = unhealthy ]"
	says '' dock exec "$ID" touch /healthy
	wait_until sh -c "[ \$(docker inspect -f '{{.State.Health.Status}}' $ID) = healthy ]"
	remove
}

test_restart_policy() {
	try docker_do run -d --restart on-failure:2 -- sh -c 'echo again; exit 9'
	expect_status 0
	wait_until is exited
	same '9 2' "$(inspect '{{.State.ExitCode}} {{.RestartCount}}')" 'the exit code and how often it was restarted'
	same 3 "$(dock logs "$ID" | grep -c again)" 'the number of runs'
	remove
}

test_copy() {
	begin
	echo here >"$WORK/file"
	says '' dock cp -q "$WORK/file" "$ID:/srv/file"
	says here dock exec "$ID" cat /srv/file
	remove
}

test_stats() {
	begin
	same "$ID" "$(dock stats --no-stream --format '{{.Name}}' "$ID")" 'the name'
	remove
}

# Each step is a container.
test_build() {
	mkdir "$WORK/context"
	printf 'FROM busybox:test\nRUN echo built >/file && id -u >>/file\nUSER 1000\nRUN id -u >/tmp/user\nCMD cat /file /tmp/user\n' \
		>"$WORK/context/Dockerfile"
	DOCKER_BUILDKIT=0 try dock build -q --network none -t "built:$ID" "$WORK/context"
	expect_status 0
	IMAGE=built:$ID
	says "$(printf 'built\n0\n1000')" docker_run --
	try dock rmi "built:$ID"
	expect_status 0
}

test_killed_shim() {
	begin
	pid=$(init_pid)
	id=$(inspect '{{.Id}}')
	kill -KILL "$(pgrep -f "containerd-shim-runc-v2 .*-id $id")"
	wait_until is exited
	wait_until sh -c "! kill -0 $pid"
	wait_until sh -c "[ ! -e /run/docker/runtime-runc/moby/$id ]"
	remove
}

test_killed_docker() {
	begin --restart no
	pid=$(init_pid)
	kill -KILL "$(pidof dockerd)" "$(pidof containerd)"
	wait_until sh -c '! pidof dockerd && ! pidof containerd'
	rm -f /run/docker.pid /run/docker/containerd/containerd.pid
	start_docker
	wait_until is exited
	wait_until sh -c "! kill -0 $pid"
	remove
	says 3 docker_run -- sh -c 'echo 3'
}

driver() {
	dock info -f '{{.CgroupDriver}}'
}

# Under systemd, Docker chooses this driver.
test_limits() {
	needs_controllers cpu memory pids
	begin --memory 32m --memory-swap 48m --cpus 0.5 --cpu-shares 512 --pids-limit 50 --cpuset-cpus 0
	cgroup=$(sed -n 's/^0::.//p' "/proc/$(init_pid)/cgroup")
	limits_are 33554432 16777216 '50000 100000' 50
	expect_file cpuset.cpus 0
	says "$ID" dock update --memory 64m --memory-swap 64m --cpus 0.25 --pids-limit 60 "$ID"
	limits_are 67108864 0 '25000 100000' 60
	case $(dock stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$ID") in
	*' / 64MiB 1') ;;
	*) fail "docker stats says: $(dock stats --no-stream "$ID")" ;;
	esac
	[ "$(driver)" != systemd ] || unit_is "docker-$(inspect '{{.Id}}').scope"
	remove
	# A process other than the container's own: containerd looks at memory.events, which disappears with the cgroup.
	try docker_do run -d --memory 16m -- sh -c 'sh -c "x=\$(head -c 64m /dev/zero | tr \"\\0\" x)"; code=$?; sleep 3; exit $code'
	wait_until is exited
	same 'true 137' "$(inspect '{{.State.OOMKilled}} {{.State.ExitCode}}')" 'what became of one that needs too much'
	remove
}

limits_are() { # MEMORY SWAP CPU PIDS
	expect_file memory.max "$1"
	expect_file memory.swap.max "$2"
	expect_file cpu.max "$3"
	expect_file pids.max "$4"
}

unit_is() { # NAME
	same 67108864 "$(systemctl show -P MemoryMax "$1")" 'the limit of the unit'
	says "$ID" dock pause "$ID"
	expect_file cgroup.freeze 1
	says "$ID" dock unpause "$ID"
	says in dock exec "$ID" echo in
}

test_limits_by_cgroupfs() {
	needs_controllers cpu memory pids
	[ "$(driver)" = cgroupfs ] || restart_docker '{"exec-opts": ["native.cgroupdriver=cgroupfs"]}'
	same cgroupfs "$(driver)" 'the driver'
	begin --memory 32m --memory-swap 48m --cpus 0.5 --pids-limit 50
	cgroup=docker/$(inspect '{{.Id}}')
	limits_are 33554432 16777216 '50000 100000' 50
	says "$ID" dock update --memory 64m --memory-swap 64m --cpus 0.25 --pids-limit 60 "$ID"
	limits_are 67108864 0 '25000 100000' 60
	remove
}

# The last test but one: by now nothing may be left.
test_nothing_is_left() {
	same '' "$(dock ps -aq)" 'the list of containers'
	wait_until sh -c '! pgrep -x containerd-shim'
	same '' "$(below /run/docker/runtime-runc/moby)" 'what is left of the state'
	same '' "$(below "$CGROUP2/docker")" 'what is left of the cgroups'
	same 0 "$(grep -c '/overlay2/.*/merged' /proc/self/mountinfo)" 'the number of mounts'
}

test_user_namespaces() {
	useradd -r dockremap 2>/dev/null
	echo dockremap:100000:65536 | tee /etc/subuid >/etc/subgid
	restart_docker '{"userns-remap": "dockremap"}'
	try dock load -i "$IMAGE_FILE"
	expect_status 0
	begin
	pid=$(init_pid)
	same '0 100000 65536' "$(awk '{ print $1, $2, $3 }' "/proc/$pid/uid_map")" 'the mapping'
	same 100000 "$(stat -c %u "/proc/$pid/root/etc/passwd")" 'the owner of its files'
	says '0 1:3' dock exec "$ID" sh -c 'touch /made; echo $(id -u) $(stat -c %t:%T /dev/null)'
	says 1000 dock exec -u user "$ID" id -u
	remove
	says "$(readlink /proc/self/ns/user)" docker_run --userns host -- readlink /proc/self/ns/user
}

mkdir -p /etc/docker
printed /etc/docker/daemon.json >/etc/docker/daemon.json
make_image
start_docker
dock load -q -i "$IMAGE_FILE" >/tmp/load.log 2>&1 || {
	echo "FAIL $SUITE: docker load: $(tail -n 1 /tmp/load.log)"
	exit 1
}
run_tests
