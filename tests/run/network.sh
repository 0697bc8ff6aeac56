#!/bin/sh
# The network of a container: loopback, and .linux.netDevices moved into it. The devices are made in a network namespace of the test's own,
# in which the runtime is called.
. "${0%/*}/lib.sh"

# host_net: a network namespace that stands for the host's.
host_net() {
	unshare -n sleep 1000 &
	holder=$!
	trap 'kill -KILL $holder 2>/dev/null; wait $holder 2>/dev/null' EXIT
	await 'no network namespace' executes sleep $holder
	outside ip link set lo up || skip 'no network namespaces or no ip(8) here'
}

outside() {
	nsenter -t "$holder" -n "$@"
}

# make_device NAME TYPE [ADDRESS…]
make_device() {
	device=$1 type=$2
	shift 2
	case $type in
	veth) outside ip link add "$device" type veth peer name "peer-$device" || skip 'no veth(4) here' ;;
	*) outside ip link add "$device" type "$type" || skip "no $type devices here" ;;
	esac
	for address in "$@"; do
		outside ip addr add "$address" dev "$device"
	done
}

hull() {
	if [ -n "${holder:-}" ]; then
		outside timeout -k 5 120 "$HULL" --root "$STATE" "$@"
	else
		timeout -k 5 120 "$HULL" --root "$STATE" "$@"
	fi
}

devices() {
	config --argjson devices "$1" '.linux.netDevices = $devices'
}

# has REGEX: the output, with one line a device, has it.
has() {
	printf '%s\n' "$out" | grep -Eq -- "$1" || fail "no '$1' in: $out"
}

test_loopback() {
	inside 'ip -o link; ip -o addr show dev lo; ping -c 1 -w 2 127.0.0.1 >/dev/null 2>&1
		echo x | nc -l -p 7777 >/dev/null &
		until nc -w 20 127.0.0.1 7777 </dev/null 2>/dev/null; do sleep 0.1; done'
	has '^1: lo: <LOOPBACK,UP,LOWER_UP>'
	has 'inet 127.0.0.1/8'
	has '^x$'
	same 1 "$(printf '%s\n' "$out" | grep -c '^[0-9]*: .*link/')" 'number of devices'
}

test_loopback_in_a_user_namespace() {
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	chown -R -h 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
	inside 'ip -o link show lo'
	has '<LOOPBACK,UP'
}

# A joined namespace stays unchanged.
test_loopback_of_a_joined_namespace() {
	unshare -n sleep 1000 &
	other=$!
	trap 'kill -KILL $other; wait $other 2>/dev/null' EXIT
	await 'no network namespace' executes sleep $other
	config --arg path "/proc/$other/ns/net" '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	inside 'ip -o link show lo'
	has '<LOOPBACK>'
}

test_device() {
	host_net
	make_device test0 veth 10.97.0.5/24
	devices '{"test0": {}}'
	inside 'ip -o link show dev test0; ip -o addr show dev test0; ip route'
	expect_status 0
	has 'test0@.*<[A-Z,_-]*,UP'
	has 'inet 10.97.0.5/24'
	has '10.97.0.0/24 dev test0'
}

test_device_leaves_the_host() {
	host_net
	make_device test0 veth
	devices '{"test0": {}}'
	create
	! outside ip link show dev test0 >/dev/null 2>&1 || fail 'the device is still outside'
	hull start "$ID"
	nsenter -t "$(hull state "$ID" | jq .pid)" -n ip link show dev test0 >/dev/null || fail 'the device is not inside'
	hull delete --force "$ID"
}

test_device_renamed() {
	host_net
	make_device test0 veth 10.97.0.5/24 10.98.0.6/16 fd00:97::5/64
	devices '{"test0": {"name": "eth0"}}'
	inside 'ip -o link; ip -o addr show dev eth0'
	expect_status 0
	has 'eth0@.*<[A-Z,_-]*,UP'
	has 'inet 10.97.0.5/24'
	has 'inet 10.98.0.6/16'
	has 'inet6 fd00:97::5/64'
	case $out in *test0*) fail "the old name is there: $out" ;; esac
}

# Attributes of addresses stay: scope, label, broadcast; the old label follows the new name.
test_addresses_in_full() {
	host_net
	make_device test0 veth
	outside ip addr add 10.97.0.5/24 broadcast 10.97.0.255 label test0:one dev test0
	outside ip addr add 10.99.0.1 peer 10.99.0.2/32 dev test0
	devices '{"test0": {"name": "in0"}}'
	create
	hull start "$ID"
	out=$(nsenter -t "$(hull state "$ID" | jq .pid)" -n ip -o addr show dev in0)
	hull delete --force "$ID"
	has 'inet 10.97.0.5/24 brd 10.97.0.255 .*in0:one'
	has 'inet 10.99.0.1 peer 10.99.0.2/32'
}

test_veth_pair_works() {
	host_net
	make_device test0 veth 10.97.0.5/24
	outside ip addr add 10.97.0.1/24 dev peer-test0
	outside ip link set peer-test0 up
	devices '{"test0": {"name": "eth0"}}'
	# Nothing listens there: a process that hears that has reached the other side.
	inside 'nc -w 5 10.97.0.1 9 </dev/null 2>&1; true'
	has 'refused'
}

test_several_devices() {
	host_net
	for i in 0 1 2 3; do
		make_device test$i veth 10.97.$i.5/24
	done
	# Two devices exchange names: if moving and naming are one step for both, neither is in the way.
	devices '{"test0": {"name": "test1"}, "test1": {"name": "test0"}, "test2": {"name": "net%d"}, "test3": {"name": "net%d"}}'
	inside 'ip -o addr'
	expect_status 0
	has ' test1 +inet 10.97.0.5/24'
	has ' test0 +inet 10.97.1.5/24'
	has ' net0 +inet 10.97.[23].5/24'
	has ' net1 +inet 10.97.[23].5/24'
}

test_device_in_a_user_namespace() {
	host_net
	make_device test0 veth 10.97.0.5/24
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	chown -R -h 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
	devices '{"test0": {}}'
	inside 'ip -o addr show dev test0'
	expect_status 0
	has 'inet 10.97.0.5/24'
}

test_device_into_a_joined_namespace() {
	host_net
	make_device test0 veth 10.97.0.5/24
	unshare -n sleep 1000 &
	other=$!
	trap 'kill -KILL $holder $other 2>/dev/null; wait $holder $other 2>/dev/null' EXIT
	await 'no network namespace' executes sleep $other
	config --arg path "/proc/$other/ns/net" '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	devices '{"test0": {"name": "in0"}}'
	inside 'ip -o addr show dev in0'
	expect_status 0
	has 'inet 10.97.0.5/24'
}

# Later hooks find it there.
test_device_before_hooks() {
	host_net
	make_device test0 veth
	devices '{"test0": {"name": "in0"}}'
	config --arg file "$WORK/seen" '.hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", "ip -o link >" + $file]}]'
	run_ok
	grep -q in0 "$WORK/seen" || fail "the hook sees: $(cat "$WORK/seen" 2>&1)"
}

test_device_missing() {
	host_net
	devices '{"nosuch0": {}}'
	run_fails '.linux.netDevices'
	printf '%s' "$errors" | grep -q 'find network device nosuch0.*No such device' || fail "error is: $errors"
}

test_name_that_is_taken() {
	host_net
	make_device test0 veth
	devices '{"test0": {"name": "lo"}}'
	run_fails '.linux.netDevices'
	printf '%s' "$errors" | grep -q 'File exists' || fail "error is: $errors"
	outside ip link show dev test0 >/dev/null || fail 'the device is lost'
}

test_loopback_cannot_be_moved() {
	host_net
	devices '{"lo": {"name": "lo1"}}'
	run_fails '.linux.netDevices'
}

test_bad_names() {
	while read -r json; do
		devices "$json"
		run_fails '.linux.netDevices'
	done <<'END'
{"test0": {"name": "a/b"}}
{"test0": {"name": "a:b"}}
{"test0": {"name": "a b"}}
{"test0": {"name": "."}}
{"test0": {"name": ".."}}
{"test0": {"name": "sixteen-bytes-xx"}}
{"test0": {"name": "a%s"}}
{"test0": {"name": "%d%d"}}
{"sixteen-bytes-xx": {}}
{"": {}}
{"test0": {"name": "x"}, "test1": {"name": "x"}}
{"test0": {"name": "test1"}, "test1": {}}
END
}

test_devices_without_network_namespace() {
	config 'del(.linux.namespaces[] | select(.type == "network"))'
	devices '{"test0": {}}'
	run_fails '.linux.netDevices'
}

# The kernel removes a device of this kind with the namespace; nothing else is left.
test_failure_after_the_move() {
	host_net
	make_device test0 veth
	devices '{"test0": {}}'
	config '.process.args = ["/no/such/program"]'
	run
	same 127 "$status" 'exit status'
	await 'its peer is still there' unlike outside ip link show dev peer-test0
}

run_tests
