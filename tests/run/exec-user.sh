#!/bin/sh
# exec: the user (--user, --additional-gids) and the properties (--env, --cwd, --cap, --no-new-privs) of the process.
. "${0%/*}/lib.sh"

# start_container: a container that stays until the test ends.
start_container() {
	with_probe
	trap 'hull delete --force "$ID"' EXIT
	create "$@"
	hull start "$ID" || fail 'start'
}

# gives WANT OPTIONS... ID PROGRAM...
gives() {
	want=$1
	shift
	try hull exec "$@"
	[ "$status" = 0 ] || fail "exec $*: status $status: $errors"
	same "$want" "$out" "exec $*"
}

# refuses TEXT OPTIONS...: exec fails with status 255, and an error with this text.
refuses() {
	text=$1
	shift
	try hull exec "$@"
	[ "$status" = 255 ] || fail "exec $*: status $status, expected 255: $out $errors"
	printf '%s' "$errors" | grep -Fq -- "$text" || fail "exec $*: error is '$errors', expected '$text'"
}

# ids USER UID GID GROUPS
ids() {
	gives "uid=$2,$2,$2 gid=$3,$3,$3 groups=$4" --user "$1" "$ID" probe ids
}

accounts() {
	cat >"$BUNDLE/rootfs/etc/passwd" <<-'END'
		root:x:0:0:root:/root:/bin/sh
		bob:x:1000:1001:Bob,,,:/home/bob:/bin/sh
		alice:x:2000:2001::/home/alice:/bin/sh
		_apt:x:100:65534::/none:/bin/false
		web-1.x:x:33:33::/var/www:/bin/false
		big:x:4294967295:0::/:/bin/sh
		bigger:x:4294967296:0::/:/bin/sh
		negative:x:-1:0::/:/bin/sh
		hex:x:0x10:0::/:/bin/sh
		badgroup:x:50:y::/:/bin/sh
		short:x:51
	END
	cat >"$BUNDLE/rootfs/etc/group" <<-'END'
		root:x:0:
		bob:x:1001:
		staff:x:50:alice,bob
		audio:x:29:bob
		near:x:77:bobby,xbob
		only:x:88:bob
		big:x:4294967295:bob
		odd:x:y:bob
		last:x:99:alice
	END
}

test_numbers() {
	accounts
	start_container
	ids 0 0 0 ''
	ids 1 1 0 ''
	ids 1000 1000 0 '' # a number changes nothing else
	ids 1:2 1 2 ''
	ids 1000:0 1000 0 ''
	ids 4294967294 4294967294 0 ''
	ids 4294967294:4294967294 4294967294 4294967294 ''
	ids 2147483648:2147483648 2147483648 2147483648 ''
}

test_numbers_keep_the_groups() {
	config '.process.user = {uid: 5, gid: 6, additionalGids: [7]}'
	start_container
	ids 1 1 6 7
	ids 1:2 1 2 7
	gives 'uid=5,5,5 gid=6,6,6 groups=7,8,9,10' -g 8 --additional-gids 9,10 "$ID" probe ids
}

# CVE-2026-30892: exact or refused.
test_what_is_no_user() {
	accounts
	start_container
	for user in -1 4294967295 4294967296 18446744073709551615 18446744073709551616 ' 1' '1 ' +1 0x1 1e3 01x '' ' ' : :1 1: 1:: 1:2:3 1:-1 '1: 2' \
		1:4294967295 1.5 root: : bob: 'bob ' ' bob' 'bob,alice' Bob nobody 1:nobody bob:none '*' '../x' big bigger negative hex badgroup short \
		"$(printf 'bob\n')x" "$(printf '1\n2')"; do
		refuses '--user' --user "$user" "$ID" probe ids
	done
	refuses '--user' --user "$(head -c 100000 /dev/zero | tr '\0' 1)" "$ID" true
	refuses '--user' --user "$(head -c 100000 /dev/zero | tr '\0' a)" "$ID" true
}

test_names() {
	accounts
	start_container
	ids root 0 0 ''
	ids bob 1000 1001 29,50,88
	ids alice 2000 2001 50,99
	ids bob:staff 1000 50 29,50,88
	ids bob:7 1000 7 29,50,88
	ids 5:staff 5 50 ''
	ids _apt 100 65534 ''
	ids web-1.x 33 33 ''
	gives 'uid=1000,1000,1000 gid=1001,1001,1001 groups=3,29,50,88' -u bob -g 3 "$ID" probe ids
}

# Groups that only the image asks for are left out if they are not mapped; groups that the caller asks for are not.
test_groups_not_mapped() {
	accounts
	config '.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}] | .process.capabilities = {} |
		.linux.uidMappings = [{containerID: 0, hostID: 200000, size: 3000}] |
		.linux.gidMappings = [{containerID: 0, hostID: 200000, size: 60}, {containerID: 1001, hostID: 201001, size: 1}]'
	start_container
	ids bob 1000 1001 29,50
	ids bob:staff 1000 50 29,50
	gives 'uid=1000,1000,1000 gid=1001,1001,1001 groups=7,29,50' -u bob -g 7 "$ID" probe ids
	refuses 'is each group mapped' -u bob -g 70 "$ID" probe ids
	refuses 'is each group mapped' -u 1000 -g 88 "$ID" probe ids
}

# If only the user's own id is mapped, no group can be set. The groups of an image, whose files put root in many, are no obstacle.
test_groups_of_a_single_id() {
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
	printf 'root:x:0:root\nbin:x:1:root,bin,daemon\nwheel:x:10:root\n' >"$BUNDLE/rootfs/etc/group"
	config --argjson id "${HULL_TEST_USER:-300000}" '.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: $id, size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: $id, size: 1}] |
		.mounts |= map(.options = (.options // [] | . - ["gid=5"]))'
	start_container
	try hull exec -u root "$ID" probe ids
	same 'uid=0,0,0 gid=0,0,0' "${out% groups=*}" "exec: $errors"
	refuses 'group' -u root -g 1 "$ID" probe ids
}

test_additional_groups_refused() {
	start_container
	for group in x -1 4294967295 '1 2' '1;2' 1,x; do
		refuses '--additional-gids' -g "$group" "$ID" true
	done
}

# CVE-2016-3697, and whatever else an image puts there.
test_hostile_accounts() {
	start_container
	passwd=$BUNDLE/rootfs/etc/passwd
	printf '1000:x:0:0::/root:/bin/sh\n0x1:x:0:0:::\n-1:x:0:0:::\n' >"$passwd"
	ids 1000 1000 0 ''
	refuses --user -u 0x1 "$ID" true
	refuses --user -u -1 "$ID" true
	printf 'first:x:1:1::/:\nfirst:x:0:0::/:\nlast:x:3:3::/last:/bin/sh' >"$passwd"
	ids first 1 1 ''
	ids last 3 3 ''
	gives /last -u 3 "$ID" sh -c 'echo $HOME'
	rm "$passwd"
	refuses 'no user bob' -u bob "$ID" true
	ids 7 7 0 ''
	mkdir "$passwd"
	refuses 'no user bob' -u bob "$ID" true
	rmdir "$passwd"
	mkfifo "$passwd"
	refuses 'no user bob' -u bob "$ID" true
	rm "$passwd"
	mknod "$passwd" c 1 5
	refuses 'no user bob' -u bob "$ID" true
	rm "$passwd"
	ln -s /dev/zero "$passwd"
	refuses 'no user bob' -u bob "$ID" true
	rm "$passwd"
	ln -s passwd "$passwd"
	refuses 'no user bob' -u bob "$ID" true
	rm "$passwd"
	# a link leads within the container
	echo 'bob:x:0:0::/:' >"$WORK/passwd"
	ln -s "$WORK/passwd" "$passwd"
	refuses 'no user bob' -u bob "$ID" true
	mkdir -p "$BUNDLE/rootfs/$WORK"
	echo 'bob:x:6:6::/:' >"$BUNDLE/rootfs/$WORK/passwd"
	ids bob 6 6 ''
	rm "$passwd"
	# as in CVE-2016-9962: a link to a descriptor
	ln -s /proc/self/fd/0 "$passwd"
	refuses 'no user bob' -u bob "$ID" true
	rm "$passwd"
	head -c 3000000 /dev/zero | tr '\0' '\n' >"$passwd"
	echo 'bob:x:9:9::/:' >>"$passwd"
	ids bob 9 9 ''
	truncate -s 65M "$passwd" # its hole is one line of NUL bytes
	refuses 'read /etc/passwd, at most 67108864 bytes' -u bob "$ID" true
	ids 7 7 0 ''
	head -c 1000000 /dev/zero >"$passwd"
	echo 'bob:x:0:0::/:' >>"$passwd"
	refuses 'no user bob' -u bob "$ID" true
	echo 'bob:x:8:8::/:' >"$passwd"
	rm -f "$BUNDLE/rootfs/etc/group"
	mkfifo "$BUNDLE/rootfs/etc/group"
	ids bob 8 8 ''
	refuses 'no group staff' -u bob:staff "$ID" true
}

# The container's process may have mounted other files there than the image has.
test_accounts_of_its_mounts() {
	echo 'bob:x:5:5::/mounted:' >"$WORK/passwd"
	add_mount "{\"destination\": \"/etc/passwd\", \"source\": \"$WORK/passwd\", \"type\": \"bind\", \"options\": [\"bind\"]}"
	start_container
	ids bob 5 5 ''
	gives /mounted -u bob "$ID" sh -c 'echo $HOME'
}

test_home() {
	accounts
	start_container
	gives /root "$ID" sh -c 'echo $HOME'
	gives /home/bob -u bob "$ID" sh -c 'echo $HOME'
	gives /home/bob -u 1000 "$ID" sh -c 'echo $HOME'
	gives / -u 12345 "$ID" sh -c 'echo $HOME'
	gives /given -u bob -e HOME=/given "$ID" sh -c 'echo $HOME'
	gives '' -u bob -e HOME= "$ID" sh -c 'echo $HOME'
}

test_home_of_the_configuration() {
	accounts
	config '.process.env += ["HOME=/configured"]'
	start_container
	gives /configured -u bob "$ID" sh -c 'echo $HOME'
}

test_environment() {
	config '.process.env += ["A=config", "B=config"]'
	start_container
	gives 'config,two,,x=y z' -e B=one -e B=two --env C= -e 'D=x=y z' "$ID" sh -c 'echo $A,$B,$C,$D'
	SECRET=1 gives '' "$ID" sh -c 'echo $SECRET'
	refuses env -e NAME "$ID" true
	refuses env -e =value "$ID" true
	# each variable once
	hull exec -e A=other -e A=last "$ID" cat /proc/self/environ </dev/null | tr '\0' '\n' | grep ^A= >"$WORK/environment"
	same A=last "$(cat "$WORK/environment")" 'what is given three times'
	# the program is looked up in the process's own PATH
	mkdir "$BUNDLE/rootfs/other"
	printf '#!/bin/sh\necho other\n' >"$BUNDLE/rootfs/other/tool"
	chmod 755 "$BUNDLE/rootfs/other/tool"
	gives other -e PATH=/other "$ID" tool
}

test_working_directory() {
	config '.process.cwd = "/usr"'
	mkdir -p "$BUNDLE/rootfs/usr"
	start_container
	gives /usr "$ID" pwd
	gives /etc --cwd /etc "$ID" pwd
	gives / --cwd / "$ID" pwd
	ln -s etc "$BUNDLE/rootfs/link"
	gives /etc --cwd /link "$ID" sh -c 'pwd -P'
	refuses '--cwd ' --cwd /none "$ID" pwd
	[ ! -e "$BUNDLE/rootfs/none" ] || fail 'it was made'
	refuses '--cwd ' --cwd etc "$ID" pwd
	refuses '--cwd ' --cwd '' "$ID" pwd
	refuses '--cwd ' --cwd /etc/passwd "$ID" pwd
	refuses '--cwd ' --cwd "/$(head -c 5000 /dev/zero | tr '\0' x)" "$ID" pwd
	ln -s loop "$BUNDLE/rootfs/loop"
	refuses '--cwd ' --cwd /loop "$ID" pwd
	for path in /proc/self/cwd /proc/self/fd/3 /proc/self/root /proc/1/root /proc/1/cwd; do
		refuses "--cwd $path: " --cwd $path "$ID" pwd
	done
}

test_capabilities() {
	config '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}'
	start_container
	show='set -- $(sed -n "s/^Cap...:.//p" /proc/self/status); echo $(printf "%x " 0x$1 0x$2 0x$3 0x$4 0x$5)'
	gives '0 20 20 20 0' "$ID" sh -c "$show"
	# CVE-2022-29162: never inheritable
	gives '0 28 28 28 0' -c CAP_FOWNER "$ID" sh -c "$show"
	gives '0 2c 2c 2c 0' -c CAP_FOWNER --cap CAP_DAC_READ_SEARCH "$ID" sh -c "$show"
	gives '0 0 0 28 0' -c CAP_FOWNER -u 1000 "$ID" sh -c "$show"
	# config.md warns of a capability that it cannot map; an option is an error
	refuses '--cap CAP_NO_SUCH: no such capability' -c CAP_FOWNER -c CAP_NO_SUCH "$ID" true
	for near in NET_ADMIN cap_net_admin CAP_NET_AMDIN; do
		refuses "--cap $near: no such capability" --cap $near "$ID" true
		printf '%s' "$errors" | grep -Fq 'did you mean CAP_NET_ADMIN?' || fail "no nearest name: $errors"
	done
}

test_capabilities_of_none() {
	config 'del(.process.capabilities)'
	start_container
	show='set -- $(sed -n "s/^Cap...:.//p" /proc/self/status); echo $(printf "%x " 0x$1 0x$2 0x$3 0x$4 0x$5)'
	gives '0 0 0 0 0' "$ID" sh -c "$show"
	gives '0 8 8 8 0' -c CAP_FOWNER "$ID" sh -c "$show"
}

test_no_new_privs() {
	config '.process.noNewPrivileges = false'
	start_container
	show='sed -n "s/NoNewPrivs:.//p" /proc/self/status'
	gives 0 "$ID" sh -c "$show"
	gives 1 --no-new-privs "$ID" sh -c "$show"
}

# A property that the host lacks is refused; nothing is dropped.
test_labels() {
	start_container
	if ! grep -qw apparmor /sys/kernel/security/lsm 2>/dev/null; then
		refuses '--apparmor some-profile: ' --apparmor some-profile "$ID" true
	fi
	if ! grep -qw selinux /sys/kernel/security/lsm 2>/dev/null; then
		refuses '--process-label system_u:system_r:container_t:s0: ' --process-label system_u:system_r:container_t:s0 "$ID" true
	fi
}

run_tests
