#!/bin/sh
# .linux.maskedPaths and .linux.readonlyPaths.
. "${0%/*}/lib.sh"

test_masked_file() {
	config '.linux.maskedPaths = ["/etc/passwd"]'
	expect '0 1:3' 'echo $(wc -c </etc/passwd) $(stat -c %t:%T /etc/passwd)'
	[ -s "$BUNDLE/rootfs/etc/passwd" ] || fail 'the file of the image is changed'
}

# A file has no path that ends in a slash: it would count as absent, and stay as it is.
test_masked_file_with_a_slash() {
	for path in /etc/passwd/ /etc/passwd/. /etc//passwd/.//; do
		config --arg path "$path" '.linux.maskedPaths = [$path]'
		expect '0 1:3' 'echo $(wc -c </etc/passwd) $(stat -c %t:%T /etc/passwd)'
		config --arg path "$path" '.linux.maskedPaths = [] | .linux.readonlyPaths = [$path] | .root.readonly = false'
		expect readonly '(echo x >>/etc/passwd) 2>/dev/null || echo readonly'
	done
}

test_masked_directory() {
	config '.linux.maskedPaths = ["/etc"]'
	show_mounts 'ls -A /etc; (echo x >/etc/file) 2>/dev/null || echo readonly; stat -c %a /etc'
	same 'readonly 755' "$(printf '%s\n' "$mounts" | head -n 2 | xargs)" 'the directory'
	expect_mount /etc '^ro,nosuid,nodev,noexec.* tmpfs '
}

test_masked_missing() {
	config '.linux.maskedPaths = ["/not/there", "/etc/passwd/below", "/srv/gone"]'
	expect ok 'echo ok'
	[ ! -e "$BUNDLE/rootfs/not" ] && [ ! -e "$BUNDLE/rootfs/srv/gone" ] || fail 'it was made'
}

test_masked_twice() {
	config '.linux.maskedPaths = ["/etc/passwd", "/etc/passwd", "/srv", "/srv", "/srv/", "/etc/../srv"]'
	expect '0 0' 'echo $(wc -c </etc/passwd) $(ls /srv | wc -l)'
}

test_masked_below_masked() {
	mkdir "$BUNDLE/rootfs/srv/below"
	config '.linux.maskedPaths = ["/srv", "/srv/below"]'
	expect 0 'ls -A /srv | wc -l'
	config '.linux.maskedPaths = ["/srv/below", "/srv"]'
	expect 0 'ls -A /srv | wc -l'
}

test_masked_through_a_link() {
	ln -s ../etc/passwd "$BUNDLE/rootfs/srv/link"
	ln -s /etc "$BUNDLE/rootfs/srv/dir"
	config '.linux.maskedPaths = ["/srv/link", "/srv/dir"]'
	expect '0' 'ls -A /etc | wc -l'
	echo secret >"$WORK/secret"
	ln -s "$WORK/secret" "$BUNDLE/rootfs/srv/out"
	ln -s self "$BUNDLE/rootfs/srv/self"
	config '.linux.maskedPaths = ["/srv/out"]'
	expect ok 'echo ok'
	same secret "$(cat "$WORK/secret")" 'the file of the host'
}

# A link in a loop names nothing, and hides nothing.
test_masked_loop() {
	ln -s self "$BUNDLE/rootfs/srv/self"
	config '.linux.maskedPaths = ["/srv/self"]'
	inside 'echo ok'
	[ "$status" = 0 ] || printf '%s' "$errors" | grep -Fq '.linux.maskedPaths[0]' || fail "error is: $errors"
}

test_masked_many() {
	mkdir "$BUNDLE/rootfs/srv/d"
	(cd "$BUNDLE/rootfs/srv/d" && mkdir $(seq -f d%.0f 200) && for i in $(seq 200); do echo x >f$i; : >d$i/x; done)
	config '.linux.maskedPaths = [range(1; 201) | "/srv/d/f\(.)", "/srv/d/d\(.)"]'
	expect '0 0' 'echo $(cat /srv/d/f* | wc -c) $(ls -A /srv/d/d* | grep -c x)'
}

test_masked_other_kinds() {
	mkfifo "$BUNDLE/rootfs/srv/fifo"
	config '.linux.maskedPaths = ["/srv/fifo", "/dev/zero"]'
	expect '0 1:3 1:3' 'echo $(head -c 5 /dev/zero | wc -c) $(stat -c %t:%T /dev/zero) $(stat -c %t:%T /srv/fifo)'
}

test_masked_volume() {
	mkdir "$WORK/data"
	: >"$WORK/data/file"
	config --arg dir "$WORK/data" '.mounts += [{destination: "/data", source: $dir, options: ["rbind"]}] | .linux.maskedPaths = ["/data"]'
	expect 0 'ls -A /data | wc -l'
}

test_masked_cannot_be_opened_by_another_way() {
	config '.linux.maskedPaths = ["/proc/keys", "/proc/sched_debug", "/sys/firmware"]'
	expect '0 0' 'echo $(cat /proc/self/root/proc/keys | wc -c) $(ls /proc/1/cwd/sys/firmware | wc -l)'
}

test_masked_defaults() {
	expect '0' 'cat /proc/keys /proc/timer_list 2>/dev/null | wc -c; ls /sys/firmware'
}

test_masked_is_not_empty_by_a_full_mask() {
	config '.linux.maskedPaths = ["/srv"] | .process.capabilities[] += ["CAP_SYS_ADMIN"]'
	# Not even a process that may remount finds room in it.
	expect no 'mount -o remount,rw /srv 2>/dev/null; (echo x >/srv/x) 2>/dev/null && echo yes || echo no'
}

test_readonly_directory() {
	config '.linux.readonlyPaths = ["/etc"]'
	show_mounts '(: >/etc/file) 2>/dev/null || echo readonly; wc -l </etc/passwd; : >/srv/file && echo elsewhere'
	same 'readonly 3 elsewhere' "$(printf '%s\n' "$mounts" | head -n 3 | xargs)" 'what was written'
	expect_mount /etc '^ro,'
}

test_readonly_file() {
	config '.linux.readonlyPaths = ["/etc/passwd"]'
	expect 'readonly' '(echo x >>/etc/passwd) 2>/dev/null || echo readonly; : >/etc/other'
}

test_readonly_missing() {
	config '.linux.readonlyPaths = ["/not/there", "/etc/passwd/below"]'
	expect ok 'echo ok'
	[ ! -e "$BUNDLE/rootfs/not" ] || fail 'it was made'
}

test_readonly_twice() {
	config '.linux.readonlyPaths = ["/etc", "/etc", "/etc/passwd"]'
	expect 'readonly' '(: >/etc/file) 2>/dev/null || echo readonly'
}

# With all mounts below.
test_readonly_tree() {
	add_mount '{"destination": "/srv/a/b", "type": "tmpfs", "source": "t", "options": ["nosuid", "noexec"]}'
	config '.linux.readonlyPaths = ["/srv"]'
	show_mounts '(: >/srv/a/b/file) 2>/dev/null || echo readonly'
	expect_mount /srv '^ro,'
	expect_mount /srv/a/b '^ro,nosuid,noexec,'
	same readonly "$(printf '%s\n' "$mounts" | head -n 1)" 'the mount below'
}

# The existing flags stay.
test_readonly_keeps_flags() {
	config '.mounts[0].options = ["nosuid", "nodev", "noexec"]'
	show_mounts
	expect_mount /proc/sys '^ro,nosuid,nodev,noexec,relatime - proc'
	expect_mount /proc/bus '^ro,nosuid,nodev,noexec,relatime - proc'
}

test_readonly_through_a_link() {
	ln -s ../etc "$BUNDLE/rootfs/srv/link"
	config '.linux.readonlyPaths = ["/srv/link"]'
	expect 'readonly' '(: >/etc/file) 2>/dev/null || echo readonly'
}

test_readonly_defaults() {
	expect 'readonly readonly' '(echo x >/proc/sys/kernel/domainname) 2>/dev/null || set -- readonly
		(echo b >/proc/sysrq-trigger) 2>/dev/null || set -- $* readonly; echo $*'
}

test_readonly_and_masked() {
	config '.linux.readonlyPaths = ["/etc"] | .linux.maskedPaths = ["/etc/passwd"]'
	expect '0 readonly' 'echo $(wc -c </etc/passwd) $( (: >/etc/file) 2>/dev/null || echo readonly)'
}

test_masked_root() {
	config '.linux.maskedPaths = ["/"]'
	inside 'ls -d /bin /..; ls '"$WORK"
	case $out in *state*) fail 'the host is seen' ;; esac
}

test_relative_paths() {
	config '.linux.maskedPaths = ["etc"]'
	run_fails '.linux.maskedPaths[0]'
	config '.linux.maskedPaths = ["/etc", ""]'
	run_fails '.linux.maskedPaths[1]'
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = ["etc"]'
	run_fails '.linux.readonlyPaths[0]'
}

test_without_mount_namespace() {
	config 'del(.linux.namespaces[] | select(.type == "mount")) | .mounts = []'
	run_fails '.linux.maskedPaths'
	config '.linux.maskedPaths = []'
	run_fails '.linux.readonlyPaths'
}

test_none() {
	config 'del(.linux.maskedPaths, .linux.readonlyPaths)'
	show_mounts '(echo x >/proc/sys/kernel/domainname) && echo ok'
	same ok "$(printf '%s\n' "$mounts" | head -n 1)" '/proc/sys'
	same '' "$(mount_at /proc/sys)" 'mount at /proc/sys'
}

run_tests
