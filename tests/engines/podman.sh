#!/bin/sh
# Podman with hull as its runtime, on root filesystems of our own: no image, no network, no cgroups (podman-debian.sh has them),
# nothing of the host's Podman. With PEER=crun (or a path) the same is tried with that runtime in a private view of cgroup2, to
# see whose a difference is.

if [ -n "${PEER:-}" ] && [ -z "${PRIVATE_VIEW:-}" ]; then
	PRIVATE_VIEW=1 exec unshare --mount sh -c '
		umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$0" "$@"' sh "$0" "$@"
fi
. "${0%/*}/../run/lib.sh"
LIB_DIR=$LIB_DIR/../run # where probe.c is

for program in podman conmon; do
	if ! command -v $program >/dev/null; then
		echo "SKIP $SUITE: $program is not here"
		exit 0
	fi
done
if [ "$(id -u)" != 0 ]; then
	echo "SKIP $SUITE: needs root"
	exit 0
fi
RUNTIME=$HULL
[ -z "${PEER:-}" ] || RUNTIME=$(command -v "$PEER")

pod() {
	timeout -k 5 120 podman --root "$POD/root" --runroot "$POD/runroot" --tmpdir "$POD/tmp" --storage-driver vfs \
		--runtime "$RUNTIME" "$@"
}

# The configuration, storage and state of one test; the hard limits are ones that this host surely has.
new_pod() {
	POD=$(mktemp -d /tmp/hull-podman.XXXXXX) # Podman wants short names
	mkdir "$POD/net"
	cat >"$POD/containers.conf" <<-END
		[containers]
		cgroups = "disabled"
		netns = "none"
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime_supports_json = ["${RUNTIME##*/}"]
		runtime_supports_nocgroup = ["${RUNTIME##*/}"]
		[network]
		network_backend = "cni"
		network_config_dir = "$POD/net"
	END
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$POD/root" "$POD/runroot" >"$POD/storage.conf"
	export CONTAINERS_CONF="$POD/containers.conf" CONTAINERS_STORAGE_CONF="$POD/storage.conf"
	trap remove_pod EXIT
}

remove_pod() {
	pod pod rm -fa -t 0 >/dev/null 2>&1
	pod rm -fa -t 0 >/dev/null 2>&1
	for mount in $(awk -v dir="$POD" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo); do
		umount -l "$mount"
	done
	rm -rf --one-file-system "$POD"
}

# podman_run OPTION... -- COMMAND...: in the foreground; sets $status, $out, $errors.
podman_run() {
	podman_do run --rm "$@"
}

# The root filesystem goes before the command after "--".
podman_do() {
	[ -n "${POD:-}" ] || new_pod
	split=
	for word; do
		shift
		if [ "$word" = -- ] && [ -z "$split" ]; then
			split=1
			set -- "$@" --env HULL_TEST_ID="$ID" --rootfs "$BUNDLE/rootfs"
		else
			set -- "$@" "$word"
		fi
	done
	try pod "$@"
}

# podman_says VALUE OPTION... -- COMMAND...
podman_says() {
	wanted=$1
	shift
	podman_run "$@"
	[ "$status" = 0 ] || fail "exit status $status: $errors"
	same "$wanted" "$out" "podman run $*"
}

podman_status() {
	wanted=$1
	shift
	podman_run "$@"
	expect_status "$wanted"
}

is() { # STATUS NAME
	[ "$(pod inspect -f '{{.State.Status}}' "$2")" = "$1" ]
}

logged() { # TEXT
	grep -qs "$1" "$POD"/root/vfs-containers/*/userdata/ctr.log
}

test_exit_codes() {
	podman_status 0 -- true
	podman_status 3 -- sh -c 'exit 3'
	podman_status 125 --no-such-option -- true
}

test_not_executable_is_126() {
	podman_status 126 -- /etc
	podman_status 126 -- /etc/passwd
}

test_not_found_is_127() {
	podman_status 127 -- no-such-program
	podman_status 127 -- /no/such/program
	printf '#!/no/interpreter\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	# only execve(2) can find it out, so start fails, whose errors Podman does not distinguish; crun exits with 1
	[ -n "${PEER:-}" ] || podman_status 126 -- script
	[ -n "${PEER:-}" ] || printf '%s' "$errors" | grep -q /no/interpreter || fail "said: $errors"
}

test_output_and_errors() {
	podman_run -- sh -c 'echo out; echo err >&2'
	same out "$out" output
	same err "$errors" errors
}

test_input() {
	new_pod
	out=$(echo given | pod run --rm -i --env HULL_TEST_ID="$ID" --rootfs "$BUNDLE/rootfs" cat)
	same given "$out" output
}

test_terminal() {
	command -v script >/dev/null || skip 'script(1) is not here'
	podman_run -t -- sh -c 'tty; test -t 0 && test -t 2 && echo terminal; exit 5'
	expect_status 5
	printf '%s' "$out" | grep -q terminal || fail "output: $out"
	out=$(script -q -e -c "stty rows 33 columns 99; podman --root '$POD/root' --runroot '$POD/runroot' --tmpdir '$POD/tmp' \
		--storage-driver vfs --runtime '$RUNTIME' run --rm -t --rootfs '$BUNDLE/rootfs' sh -c 'sleep 0.5; stty size'" /dev/null </dev/null)
	printf '%s' "$out" | grep -q '33 99' || fail "the size: $out"
}

test_detached() {
	podman_do run -d --name c -- sh -c 'echo begun; while :; do sleep 0.1; done'
	expect_status 0
	await 'it does not run' is running c
	try pod ps -q --no-trunc
	[ -n "$out" ] || fail 'it is not listed'
	await 'it does not begin' logged begun
	try pod logs c
	same begun "$out" 'the log'
	try pod stop -t 1 c
	expect_status 0
	await 'it does not end' is exited c
	same 137 "$(pod inspect -f '{{.State.ExitCode}}' c)" 'the exit code'
	try pod rm c
	expect_status 0
	same '' "$(pod ps -aq)" 'what is left'
}

test_stop_by_signal() {
	podman_do run -d --name c -- sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	await 'it is not ready' logged ready
	try pod stop -t 60 c
	same 7 "$(pod inspect -f '{{.State.ExitCode}}' c)" 'the exit code'
}

test_kill_with_a_signal() {
	podman_do run -d --name c -- sh -c 'trap "echo got it" USR1; trap "exit 8" INT; echo ready; while :; do sleep 0.1; done'
	await 'it is not ready' logged ready
	try pod kill -s USR1 c
	expect_status 0
	await 'it does not get it' logged 'got it'
	try pod kill --signal INT c
	try pod wait c
	same 8 "$out" 'the exit code'
	try pod kill c
	[ "$status" != 0 ] || fail 'a dead one was killed'
}

test_create_start_restart() {
	podman_do create --name c -- sh -c 'echo run; exit 4'
	expect_status 0
	same created "$(pod inspect -f '{{.State.Status}}' c)" 'the status'
	try pod start -a c
	expect_status 4
	same run "$out" output
	try pod start -a c
	expect_status 4
	podman_do create --name d -- sleep 100
	try pod start d
	expect_status 0
	first=$(pod inspect -f '{{.State.Pid}}' d)
	try pod restart -t 0 d
	expect_status 0
	second=$(pod inspect -f '{{.State.Pid}}' d)
	[ "$first" != "$second" ] || fail 'the same process'
	try pod rm -f -t 0 d
	expect_status 0
}

test_init_command() { # create without start is removed
	podman_do create --name c -- true
	try pod init c
	expect_status 0
	same initialized "$(pod inspect -f '{{.State.Status}}' c)" 'the status'
	try pod rm c
	[ "$status" = 0 ] || try pod rm -f c
	expect_status 0
	same '' "$(pod ps -aq)" 'what is left'
}

test_readonly() {
	podman_says 'refused' --read-only -- sh -c 'echo x >/x 2>/dev/null || echo refused; echo x >/tmp/x && echo x >/dev/shm/x'
}

test_tmpfs() {
	podman_says 'tmpfs 1777 64' --tmpfs /mnt/t:rw,size=64k,mode=1777 -- sh -c '
		echo $(awk "\$2 == \"/mnt/t\" { print \$3 }" /proc/mounts) $(stat -c %a /mnt/t) $(df -k /mnt/t | awk "END { print \$2 }")'
}

test_volumes() {
	mkdir "$WORK/v"
	echo here >"$WORK/v/file"
	podman_says here -v "$WORK/v:/v:ro" -- sh -c 'cat /v/file; ! touch /v/x 2>/dev/null'
	podman_says here -v "$WORK/v:/v:z,rw" -- sh -c 'cat /v/file; touch /v/made'
	[ -e "$WORK/v/made" ] || fail 'not made on the host'
	podman_says here -v "$WORK/v/file:/etc/bound:ro,noexec" -- cat /etc/bound
	podman_says ok -v "$WORK/v:/v:shared" -- sh -c 'grep " /v " /proc/self/mountinfo | grep -q shared: && echo ok'
	podman_says ok -v "$WORK/v:/v:rslave" -- sh -c 'grep -q " /v " /proc/self/mountinfo && echo ok'
	podman_says noexec -v "$WORK/v:/v:noexec,nosuid,nodev" -- sh -c 'grep " /v " /proc/mounts | grep -o noexec'
	podman_says inner --mount "type=bind,source=$WORK/v,destination=/v,ro=true" --mount type=tmpfs,destination=/v2 -- \
		sh -c 'touch /v2/x && ! touch /v/x 2>/dev/null && echo inner'
}

test_user() {
	podman_says '1000:1000' --user 1000:1000 -- sh -c 'echo $(id -u):$(id -g)'
	podman_says user --user user -- id -un
	podman_says '1000 5 7' --user 1000 --group-add 5 --group-add 7 -- id -G
	podman_says 'again' --user 1000 -- sh -c 'echo again >/dev/stdout'
}

test_process() {
	podman_says /usr --workdir /usr -- pwd
	podman_says 'x y' --env A='x y' -- sh -c 'echo "$A"'
	podman_says 077 --umask 0077 -- sh -c 'umask | cut -c 2-'
	podman_says some.where --hostname some.where -- hostname
	podman_says 200 --ulimit nofile=100:200 --ulimit nproc=1024:1024 -- sh -c 'ulimit -Hn'
	podman_says 500 --oom-score-adj 500 -- cat /proc/self/oom_score_adj
	podman_says one --entrypoint '["echo"]' -- one
}

capabilities() { # OPTION...
	podman_run "$@" -- sh -c 'grep CapEff /proc/self/status | cut -f 2'
	[ "$status" = 0 ] || fail "exit status $status: $errors"
	echo "$out"
}

test_capabilities() {
	new_pod
	default=$((0x$(capabilities)))
	[ $((default & 1)) = 1 ] || fail "no CAP_CHOWN in $default"
	same $((default & ~1)) $((0x$(capabilities --cap-drop CHOWN))) '--cap-drop CHOWN'
	same $((default | 1 << 12)) $((0x$(capabilities --cap-add NET_ADMIN))) '--cap-add NET_ADMIN'
	same 0 $((0x$(capabilities --cap-drop ALL))) '--cap-drop ALL'
	same $((1 << 5)) $((0x$(capabilities --cap-drop ALL --cap-add KILL))) '--cap-drop ALL --cap-add KILL'
}

test_seccomp() {
	with_probe
	podman_says 'Seccomp: 2' -- sh -c 'echo $(grep Seccomp: /proc/self/status)'
	podman_says 'Seccomp: 0' --security-opt seccomp=unconfined -- sh -c 'echo $(grep Seccomp: /proc/self/status)'
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["sync"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71}]}' >"$WORK/profile"
	podman_says 'errno=71' --security-opt "seccomp=$WORK/profile" -- probe call sync
}

test_no_new_privileges() {
	podman_says 'NoNewPrivs: 1' --security-opt no-new-privileges -- sh -c 'echo $(grep NoNewPrivs /proc/self/status)'
	podman_says 'NoNewPrivs: 0' -- sh -c 'echo $(grep NoNewPrivs /proc/self/status)'
}

test_masks() {
	podman_says '0' -- sh -c 'cat /proc/keys | wc -l'
	podman_says 'unmasked' --security-opt unmask=ALL -- sh -c '! grep -q " /proc/keys " /proc/mounts && echo unmasked'
	podman_says 'masked' --security-opt mask=/etc/passwd -- sh -c 'test ! -s /etc/passwd && echo masked'
}

test_devices() {
	podman_says '1:5 20666' --device /dev/zero:/dev/mine -- sh -c 'printf "%d:%d %o\n" $(stat -c "0x%t 0x%T 0x%f" /dev/mine)'
	podman_says '4' --device /dev/zero:/dev/mine:r -- sh -c 'head -c 4 /dev/mine | wc -c'
}

test_init() {
	path=
	for candidate in /usr/libexec/podman/catatonit /usr/bin/catatonit /usr/libexec/catatonit/catatonit; do
		[ ! -x $candidate ] || path=$candidate
	done
	[ -n "$path" ] || skip 'catatonit is not here'
	# Podman mounts it as /run/podman-init; older ones as /dev/init.
	podman_says 'process 1 is an init' --init --init-path "$path" -- sh -c '
		case $(cut -d " " -f 2 /proc/1/stat | tr -d "()") in
		*init | catatonit) echo process 1 is an init ;;
		*) cat /proc/1/stat ;;
		esac'
}

test_namespaces_of_the_host() {
	for kind in ipc uts; do # without cgroups, says Podman, the PID namespace must be its own
		podman_says "$(readlink /proc/self/ns/$kind)" --$kind=host -- readlink /proc/self/ns/$kind
	done
	podman_says "$(readlink /proc/self/ns/net)" --network=host -- readlink /proc/self/ns/net
	podman_says "$(readlink /proc/self/ns/cgroup)" --cgroupns=host -- readlink /proc/self/ns/cgroup
}

test_joined_namespaces() {
	podman_do run -d --name c --ipc=shareable -- sleep 100
	expect_status 0
	pid=$(pod inspect -f '{{.State.Pid}}' c)
	for kind in ipc uts; do # nor may a PID namespace be joined without cgroups, says Podman
		mine=$(readlink "/proc/$pid/ns/$kind")
		podman_says "$mine" --$kind=container:c -- readlink /proc/self/ns/$kind
	done
	podman_says "$(readlink "/proc/$pid/ns/net")" --network=container:c -- readlink /proc/self/ns/net
	try pod rm -f -t 0 c
	expect_status 0
}

# The infra container also uses a root filesystem, since there is no image.
test_pods() {
	new_pod
	cp "$BUNDLE/rootfs/bin/busybox" "$BUNDLE/rootfs/pause"
	try pod pod create --infra=false --name p
	expect_status 0
	podman_do run -d --pod p --name a --ipc=shareable -- sleep 100
	expect_status 0
	pid=$(pod inspect -f '{{.State.Pid}}' a)
	podman_says "$(readlink "/proc/$pid/ns/ipc") $(readlink "/proc/$pid/ns/uts")" --pod p --ipc=container:a --uts=container:a -- \
		sh -c 'echo $(readlink /proc/self/ns/ipc) $(readlink /proc/self/ns/uts)'
	try pod pod stop -t 0 p
	expect_status 0
	try pod pod rm -f -t 0 p
	expect_status 0
}

test_privileged() {
	podman_run --privileged -- sh -c 'grep CapEff /proc/self/status | cut -f 2; echo $(grep -c " /proc/keys " /proc/mounts)
		mount -t tmpfs none /srv && echo mounted'
	case $errors in *'operation not permitted'* | *'Operation not permitted'*) [ "$status" = 0 ] || skip "not here: $errors" ;; esac
	expect_status 0
	printf '%s\n' "$out" | grep -q '^mounted$' || fail "output: $out"
	printf '%s\n' "$out" | grep -q '^0$' || fail "masked: $out"
}

test_user_namespaces() {
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE" "$BUNDLE/rootfs"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	podman_run --uidmap 0:100000:65536 --gidmap 0:100000:65536 -- sh -c 'id -u; cat /proc/self/uid_map; readlink /proc/self/ns/user'
	case $errors in *'not supported'* | *'cannot be made'* | *'not part of'*) skip "not yet: $errors" ;; esac
	expect_status 0
	same '0 0 100000 65536' "$(echo $out | cut -d ' ' -f 1-4)" 'the mapping'
	[ "$(echo "$out" | tail -n 1)" != "$(readlink /proc/self/ns/user)" ] || fail "the host's namespace"
	podman_says "$(readlink /proc/self/ns/user)" --userns=host -- readlink /proc/self/ns/user
}

# Podman passes the option on unchanged.
test_idmapped_volumes() {
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE" "$BUNDLE/rootfs"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	mkdir "$WORK/volume"
	maps_ids "$WORK/volume" || skip 'this kernel maps no ids of what the tests are on'
	touch "$WORK/volume/a"
	chown 1000:1001 "$WORK/volume/a"
	for row in '65534:65534 ' '1000:1001 :idmap' '5:6 :idmap=uids=@1000-5-1;gids=@1001-6-1' '7:8 :idmap=uids=1000-100007-1;gids=1001-100008-1'; do
		podman_run --uidmap 0:100000:65536 --gidmap 0:100000:65536 -v "$WORK/volume:/v${row#* }" -- stat -c %u:%g /v/a
		expect_status 0
		same "${row%% *}" "$out" "the owner with \"${row#* }\""
	done
}

test_sysctl() {
	podman_says 5 --sysctl kernel.msgmax=5 -- cat /proc/sys/kernel/msgmax
}

test_inspect() {
	podman_do run -d --name c -- sleep 100
	same "$RUNTIME" "$(pod inspect -f '{{.OCIRuntime}}' c)" 'the runtime'
	pid=$(pod inspect -f '{{.State.Pid}}' c)
	same sleep "$(cat "/proc/$pid/comm")" 'its process'
	try pod top c pid comm
	try pod rm -f -t 0 c
}

# The message of a failure names the cause, and Podman passes it to the caller.
test_error_text() {
	podman_status 127 -- no-such-program
	case $errors in *no-such-program*) ;; *) fail "said: $errors" ;; esac
	podman_run -v /no/such/source:/v -- true
	[ "$status" = 125 ] || fail "status $status: $errors"
	podman_run --workdir /etc/passwd -- true
	[ "$status" != 0 ] || fail 'a file as working directory'
	case $errors in *cwd* | *passwd*) ;; *) fail "said: $errors" ;; esac
}

test_exec() {
	[ -n "${PEER:-}" ] || "$HULL" exec --help >/dev/null 2>&1 || skip 'hull has no exec yet; so no health checks either'
	podman_do run -d --name c --health-cmd 'test -e /healthy' -- sleep 100
	try pod exec c sh -c 'echo inside; touch /healthy; exit 6'
	expect_status 6
	same inside "$out" output
	try pod healthcheck run c
	expect_status 0
	try pod rm -f -t 0 c
}

# A container without a cgroup cannot be frozen, and continues to run.
run_tests
