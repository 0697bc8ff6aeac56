# A whole system in a container: Debian with systemd as its init, which manages the cgroups below its own.
#
# Environment: HULL_TEST_DEBIAN: a root filesystem of Debian with systemd, which stays as it is. The guest's own is one.
. "${0%/*}/lib.sh"

# The capabilities that engines grant: without CAP_SYS_ADMIN.
CAPABILITIES='["CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
	"CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"]'
FIRST_UID=100000 # of a user namespace

needs_system() {
	[ -x "${HULL_TEST_DEBIAN:-/nowhere}/lib/systemd/systemd" ] ||
		skip 'HULL_TEST_DEBIAN names no Debian with systemd'
}

tidy_up() {
	hull delete --force "$ID"
	for mount in "$BUNDLE/rootfs" "$WORK/layers" "$WORK/lower"; do
		umount -l "$mount"
	done
} >/dev/null 2>&1

# The system as a bundle that may be written to. Its files belong to the user of that number, if there is one.
with_system() { # [UID]
	needs_system
	mkdir "$WORK/layers" "$WORK/lower"
	trap tidy_up EXIT
	mount --bind ${1:+-o "X-mount.idmap=0:$1:65536"} "$HULL_TEST_DEBIAN" "$WORK/lower" 2>/dev/null ||
		skip 'no such mount here'
	owner=$(stat -c %u "$WORK/lower/etc")
	[ "$owner" = "${1:-0}" ] || skip 'mount(8) makes no id-mapped mounts here: util-linux before 2.39'
	mount -t tmpfs layers "$WORK/layers" || skip 'no mounting here'
	mkdir "$WORK/layers/upper" "$WORK/layers/work"
	chown "${1:-0}:${1:-0}" "$WORK/layers/upper"
	mount -t overlay -o "lowerdir=$WORK/lower,upperdir=$WORK/layers/upper,workdir=$WORK/layers/work" overlay \
		"$BUNDLE/rootfs" || skip 'no overlay here'
	# The demands of systemd.io/CONTAINER_INTERFACE on a container manager.
	config --argjson caps "$CAPABILITIES" '.process.args = ["/sbin/init"] | .process.env += ["container=hull"]
		| .process.noNewPrivileges = false
		| .process.capabilities |= (.bounding = $caps | .effective = $caps | .permitted = $caps)
		| .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)
		| .mounts += [["/run", "mode=755"], ["/run/lock", "mode=1777"], ["/tmp", "mode=1777"]
			| {destination: .[0], type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", .[1]]}]'
}

in_user_namespace() {
	config --argjson first $FIRST_UID '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: $first, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
}

# Runs a command in the system.
in_system() {
	try hull exec "$ID" "$@"
}

answers() {
	in_system test -S /run/systemd/private
	[ "$status" = 0 ]
}

# Everything that the system wants to start is started.
boots() { # GLOBAL-OPTION...
	try hull "$@" create -b "$BUNDLE" "$ID"
	expect_status 0
	try hull start "$ID"
	expect_status 0
	await 'systemd does not answer' answers
	in_system systemctl is-system-running --wait
	state=$out
	in_system systemctl list-units --failed --plain --no-legend
	same '' "$out" "in state $state, the failed units"
	same running "$state" 'the state of the system'
	in_system grep ^0:: /proc/1/cgroup
	same 0::/init.scope "$out" 'where systemd is'
}

# It ends by systemd's signal, and everything that it leaves below its cgroup goes with the container.
ends() {
	try hull kill "$ID" SIGRTMIN+3
	expect_status 0
	wait_for stopped
	try hull delete "$ID"
	expect_status 0
}

test_boots() {
	with_system
	boots
	ends
}

# It distributes what it was given, and no more; --force ends everything at once.
test_boots_in_a_user_namespace() {
	needs_controllers memory pids
	with_system $FIRST_UID
	in_user_namespace
	config '.linux.resources += {memory: {limit: 536870912}, pids: {limit: 200}}'
	boots
	in_system systemd-run --quiet --wait --pipe -p MemoryMax=64M -p TasksMax=20 sh -c '
		cd /sys/fs/cgroup; cat memory.max pids.max; cd ".$(sed -n s/^0:://p /proc/self/cgroup)"; cat memory.max pids.max'
	same '536870912 200 67108864 20' "$(echo $out)" 'its limits, and those of a service'
	in_system sh -c 'echo max >/sys/fs/cgroup/memory.max'
	[ "$status" != 0 ] || fail 'it has raised its own limit'
	try hull delete --force "$ID"
	expect_status 0
}

test_boots_in_a_scope() {
	[ -d /run/systemd/system ] || skip 'systemd is not process 1'
	[ -x "${HULL_LIBEXEC:-$(dirname "$HULL")}/hull-systemd" ] || skip 'hull-systemd is not built: libsystemd is missing'
	export HULL_LIBEXEC="${HULL_LIBEXEC:-$(dirname "$HULL")}"
	with_system $FIRST_UID
	in_user_namespace
	boots --systemd-cgroup
	# a manager that reads its units again leaves delegated cgroups alone
	systemctl daemon-reload
	in_system systemctl restart systemd-journald
	expect_status 0
	ends
}

run_tests
