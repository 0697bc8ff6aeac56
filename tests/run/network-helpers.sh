#!/bin/sh
# --network: pasta and slirp4netns bring a network and end with the container. All in a network namespace of the test's own, which
# has one device with an address and a route.
. "${0%/*}/lib.sh"

# Runs this file's inner part there: with a tun device that everybody may open.
in_private_net() { # SCRIPT
	cat >"$WORK/outer.sh" <<-END
		mount -t tmpfs none "$WORK/dev" && mknod "$WORK/dev/tun" c 10 200 && chmod 666 "$WORK/dev/tun" &&
			mount --bind "$WORK/dev/tun" /dev/net/tun || exit 77
		ip link set lo up
		ip link add outside type veth peer name far && ip link set far up && ip addr add 198.51.100.2/24 dev outside && ip link set outside up &&
			ip route add default via 198.51.100.1 || exit 77
		$1
	END
	mkdir -p "$WORK/dev"
	try unshare -m -n sh "$WORK/outer.sh"
	[ "$status" != 77 ] || skip "no tun or veth device here: $errors"
}
needs() {
	command -v "$1" >/dev/null || skip "$1 is not here"
	[ -c /dev/net/tun ] || skip 'this kernel has no tun device'
}
helpers_are_gone() {
	await 'the helper stays' no_process "$1.*--(netns|netns-type)"
}
network() { # NAME DEVICE
	needs "$1"
	config '.process.args = ["sh", "-c", "ip -o addr show; ip route"]'
	in_private_net "\"$HULL\" --root \"$STATE\" run -b \"$BUNDLE\" --network $1 \"$ID\""
	expect_status 0
	printf '%s\n' "$out" | grep -Eq "^[0-9]+: $2 +inet " || fail "no address: $out $errors"
	printf '%s\n' "$out" | grep -q "^default via .* dev $2" || fail "no route: $out"
	helpers_are_gone "$1"
}

test_pasta() { network pasta outside; }
test_slirp4netns() { network slirp4netns tap0; }
test_detached() {
	needs slirp4netns
	config '.process.args = ["sleep", "1000"]'
	in_private_net "\"$HULL\" --root \"$STATE\" create -b \"$BUNDLE\" --network slirp4netns \"$ID\" </dev/null >/dev/null || exit 1
		\"$HULL\" --root \"$STATE\" start \"$ID\" && \"$HULL\" --root \"$STATE\" exec \"$ID\" ip -o addr show tap0
		\"$HULL\" --root \"$STATE\" delete --force \"$ID\""
	expect_status 0
	printf '%s\n' "$out" | grep -q 'tap0 *inet ' || fail "no address: $out $errors"
	helpers_are_gone slirp4netns
}
test_unknown() { fails_with '--network: unknown value "bridge"' hull run -b "$BUNDLE" --network bridge "$ID"; }
test_without_a_namespace() {
	config '.linux.namespaces |= map(select(.type != "network"))'
	fails_with '--network needs a new network namespace' hull run -b "$BUNDLE" --network pasta "$ID"
}
test_not_installed() {
	fails_with '--network pasta: pasta: No such file or directory' env PATH=/nowhere "$HULL" --root "$STATE" run -b "$BUNDLE" --network pasta "$ID"
	printf '%s' "$errors" | grep -q 'package passt' || fail "no remedy: $errors"
}

run_tests
