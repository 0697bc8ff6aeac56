#!/bin/sh
# .mounts[].destination: made if it is missing, through all links of the image, and never outside of the root.
. "${0%/*}/lib.sh"

# Nothing on the host that a link of the image names may be touched.
host_untouched() {
	[ "$(ls -A "$WORK/outside")" = "" ] || fail "the host has $(ls -A "$WORK/outside")"
}

test_missing_directory() {
	add_mount '{"destination": "/a/b/c/d", "type": "tmpfs", "source": "t"}'
	show_mounts 'stat -c %a /a /a/b /a/b/c'
	expect_mount /a/b/c/d ' tmpfs '
	same '755 755 755' "$(printf '%s\n' "$mounts" | head -n 3 | xargs)" 'modes of what was made'
	[ -d "$BUNDLE/rootfs/a/b/c/d" ] || fail 'it is not in the image'
}

test_missing_file() {
	echo content >"$WORK/file"
	config --arg file "$WORK/file" '.mounts += [{destination: "/a/b/file", source: $file, options: ["bind"]}]'
	expect content 'cat /a/b/file'
	same '644 0' "$(stat -c '%a %s' "$BUNDLE/rootfs/a/b/file")" 'the file that was made'
}

test_umask_of_the_caller() {
	(
		umask 077
		add_mount '{"destination": "/a/b", "type": "tmpfs", "source": "t"}'
		expect '755' 'stat -c %a /a'
	) || exit 1
}

test_relative() {
	add_mount '{"destination": "srv/t", "type": "tmpfs", "source": "t"}'
	add_mount '{"destination": "new", "type": "tmpfs", "source": "t"}'
	add_mount '{"destination": "./srv/../other/deep", "type": "tmpfs", "source": "t"}'
	cd "$WORK" || exit
	show_mounts
	expect_mount /srv/t ' tmpfs '
	expect_mount /new ' tmpfs '
	expect_mount /other/deep ' tmpfs '
}

test_dots_and_slashes() {
	add_mount '{"destination": "//srv///x//", "type": "tmpfs", "source": "t"}'
	add_mount '{"destination": "/srv/../../../y", "type": "tmpfs", "source": "t"}'
	add_mount '{"destination": "/srv/./z/.", "type": "tmpfs", "source": "t"}'
	show_mounts
	expect_mount /srv/x ' tmpfs '
	expect_mount /y ' tmpfs '
	expect_mount /srv/z ' tmpfs '
}

# Links that lead to one place on the host and to another one in the image.
test_links_stay_inside() {
	mkdir "$WORK/outside"
	mkdir -p "$BUNDLE/rootfs$WORK/outside" "$BUNDLE/rootfs/deep"
	ln -s "$WORK/outside" "$BUNDLE/rootfs/srv/absolute"
	ln -s ../../../../../../../.. "$BUNDLE/rootfs/srv/up"
	ln -s ../deep "$BUNDLE/rootfs/srv/relative"
	ln -s relative "$BUNDLE/rootfs/srv/one"
	ln -s /srv/one "$BUNDLE/rootfs/srv/two"
	for name in absolute up relative one two; do
		add_mount "{\"destination\": \"/srv/$name/$name\", \"type\": \"tmpfs\", \"source\": \"$name\"}"
	done
	show_mounts
	expect_mount "$WORK/outside/absolute" ' absolute '
	expect_mount /up ' up '
	expect_mount /deep/relative ' relative '
	expect_mount /deep/one ' one '
	expect_mount /deep/two ' two '
	host_untouched
	[ ! -e /up ] || fail '/up is on the host'
}

test_destination_is_a_link() {
	mkdir "$WORK/outside" "$BUNDLE/rootfs/deep"
	mkdir -p "$BUNDLE/rootfs$WORK/outside"
	ln -s "$WORK/outside" "$BUNDLE/rootfs/srv/absolute"
	ln -s ../deep "$BUNDLE/rootfs/srv/relative"
	ln -s ../etc/passwd "$BUNDLE/rootfs/srv/file"
	echo content >"$WORK/file"
	for name in absolute relative; do
		add_mount "{\"destination\": \"/srv/$name\", \"type\": \"tmpfs\", \"source\": \"$name\"}"
	done
	config --arg file "$WORK/file" '.mounts += [{destination: "/srv/file", source: $file, options: ["bind"]}]'
	show_mounts 'cat /etc/passwd'
	expect_mount "$WORK/outside" ' absolute '
	expect_mount /deep ' relative '
	printf '%s\n' "$mounts" | head -n 1 | grep -qx content || fail "/etc/passwd is not covered: $mounts"
	host_untouched
}

# The target of such a link is made, inside: some images have an /etc/resolv.conf that leads to /run.
test_dangling_link_to_a_file() {
	mkdir "$WORK/outside"
	echo nameserver >"$WORK/resolv"
	ln -s ../run/systemd/resolve/stub-resolv.conf "$BUNDLE/rootfs/etc/resolv.conf"
	ln -s "$WORK/outside/made" "$BUNDLE/rootfs/srv/absolute"
	ln -s absolute "$BUNDLE/rootfs/srv/chained"
	config --arg file "$WORK/resolv" '.mounts += [
		{destination: "/etc/resolv.conf", source: $file, options: ["bind"]},
		{destination: "/srv/chained", source: $file, options: ["bind"]}]'
	expect 'nameserver nameserver' 'echo $(cat /etc/resolv.conf /srv/chained)'
	host_untouched
	[ -L "$BUNDLE/rootfs/etc/resolv.conf" ] || fail 'the link of the image is replaced'
}

test_dangling_link_to_a_directory() {
	mkdir "$WORK/outside"
	ln -s "$WORK/outside/made/deep" "$BUNDLE/rootfs/srv/absolute"
	ln -s ../../../../nowhere/else "$BUNDLE/rootfs/srv/relative"
	add_mount '{"destination": "/srv/absolute", "type": "tmpfs", "source": "one"}'
	add_mount '{"destination": "/srv/relative/below", "type": "tmpfs", "source": "two"}'
	show_mounts
	expect_mount "$WORK/outside/made/deep" ' one '
	expect_mount /nowhere/else/below ' two '
	host_untouched
}

test_links_in_a_loop() {
	ln -s b "$BUNDLE/rootfs/srv/a"
	ln -s a "$BUNDLE/rootfs/srv/b"
	ln -s self "$BUNDLE/rootfs/srv/self"
	for path in /srv/a /srv/a/below /srv/self; do
		config --arg to $path '.mounts[7] = {destination: $to, type: "tmpfs", source: "t"}'
		run_fails '.mounts[7]'
		printf '%s' "$errors" | grep -q 'Too many levels of symbolic links' || fail "error is: $errors"
	done
}

# Each level doubles the work of the one before.
test_many_links() {
	ln -s deep "$BUNDLE/rootfs/srv/0"
	for i in $(seq 1 60); do
		ln -s $((i - 1)) "$BUNDLE/rootfs/srv/$i"
	done
	add_mount '{"destination": "/srv/20", "type": "tmpfs", "source": "t"}'
	show_mounts
	expect_mount /srv/deep ' tmpfs '
	config '.mounts[7].destination = "/srv/60"'
	run_fails '.mounts[7]'
}

test_magic_link() {
	add_mount '{"destination": "/proc/self/root/srv", "type": "tmpfs", "source": "t"}'
	run_fails '.mounts[7]'
	config '.mounts[7].destination = "/proc/1/cwd/x"'
	run_fails '.mounts[7]'
}

test_proc_and_sysfs_through_links() {
	for name in proc sys; do
		rmdir "$BUNDLE/rootfs/$name"
		mkdir "$BUNDLE/rootfs/real"
		ln -s real "$BUNDLE/rootfs/$name"
		run_fails ".mounts[$([ $name = proc ] && echo 0 || echo 5)]"
		rm "$BUNDLE/rootfs/$name"
		rmdir "$BUNDLE/rootfs/real"
		mkdir "$BUNDLE/rootfs/$name"
	done
}

test_read_only_image() {
	chmod 555 "$BUNDLE/rootfs/srv"
	mount --bind "$BUNDLE/rootfs" "$BUNDLE/rootfs" || skip 'no mounting here'
	trap 'umount -l "$BUNDLE/rootfs"' EXIT
	mount -o remount,bind,ro "$BUNDLE/rootfs"
	add_mount '{"destination": "/srv", "type": "tmpfs", "source": "t", "options": ["mode=755"]}'
	expect ok ': >/srv/file; echo ok'
	add_mount '{"destination": "/new", "type": "tmpfs", "source": "t"}'
	run_fails '.mounts[8]'
	printf '%s' "$errors" | grep -q 'Read-only file system' || fail "error is: $errors"
}

test_odd_names() {
	add_mount '{"destination": "/srv/a b", "type": "tmpfs", "source": "t"}'
	add_mount '{"destination": "/srv/ünï", "type": "tmpfs", "source": "t"}'
	add_mount '{"destination": "/srv/line\nbreak", "type": "tmpfs", "source": "t"}'
	add_mount '{"destination": "/srv/back\\slash", "type": "tmpfs", "source": "t"}'
	expect 4 'for d in /srv/*; do : >"$d/x"; done; ls /srv/*/x | grep -c "/x$"'
	[ -z "$(find "$BUNDLE/rootfs/srv" -name x)" ] || fail 'one of them is no mount'
}

test_long_path() {
	long=$(printf '/%0100d' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20)
	add_mount "{\"destination\": \"$long\", \"type\": \"tmpfs\", \"source\": \"t\"}"
	show_mounts
	expect_mount "$long" ' tmpfs '
}

test_name_that_is_too_long() {
	add_mount "{\"destination\": \"/$(printf '%0300d' 1)\", \"type\": \"tmpfs\", \"source\": \"t\"}"
	run_fails '.mounts[7]'
	printf '%s' "$errors" | grep -q 'File name too long' || fail "error is: $errors"
	config --arg to "$(printf '/%0100d' $(seq 50))" '.mounts[7].destination = $to'
	run_fails '.mounts[7]'
}

test_missing_in_the_configuration() {
	add_mount '{"type": "tmpfs", "source": "t"}'
	run_fails '.mounts[7].destination'
}

test_tmpcopyup() {
	mkdir -p "$BUNDLE/rootfs/tmp/t/sub"
	echo text >"$BUNDLE/rootfs/tmp/t/sub/file"
	add_mount '{"destination": "/tmp/t", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup"]}'
	expect 'text' 'cat /tmp/t/sub/file; echo changed >/tmp/t/sub/file'
	same text "$(cat "$BUNDLE/rootfs/tmp/t/sub/file")" 'the file below'
}

test_tmpcopyup_keeps_what_files_are() {
	mkdir -p "$BUNDLE/rootfs/t/dir" "$BUNDLE/rootfs/t/other"
	cd "$BUNDLE/rootfs/t" || exit
	echo x >suid
	chown 3:4 suid
	chmod 4751 suid
	chmod 1777 dir
	chown 5:6 other
	chmod 2750 other
	chmod 3770 .
	chown 7:0 .
	ln -s ../nowhere link
	ln -s /etc/passwd good
	mkfifo -m 640 fifo
	mknod -m 620 null c 1 3
	: >empty
	truncate -s 3M big
	printf end >>big
	touch -d '2001-02-03 04:05:06' suid dir empty
	chown -h 8:9 link
	cd /
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]}'
	inside 'cd /t; stat -c "%n %F %a %u %g %s" * .; readlink link; readlink good
		stat -c "%n %Y" suid dir empty; md5sum <big; stat -c "%t %T" null'
	expect_status 0
	printf '%s\n' "$out" | grep -v 'directory' >"$WORK/inside"
	dirs=$(printf '%s\n' "$out" | grep directory | awk '{ print $1, $3, $4, $5 }' | xargs)
	same 'dir 1777 0 0 other 2750 5 6 . 3770 7 0' "$dirs" directories
	cd "$BUNDLE/rootfs/t" || exit
	{
		stat -c '%n %F %a %u %g %s' * . | grep -v directory
		readlink link
		readlink good
		stat -c '%n %Y' suid dir empty
		md5sum <big
		stat -c '%t %T' null
	} >"$WORK/outside"
	cmp -s "$WORK/inside" "$WORK/outside" || fail "$(diff "$WORK/outside" "$WORK/inside")"
}

test_tmpcopyup_of_attributes() {
	mkdir -p "$BUNDLE/rootfs/t/dir"
	: >"$BUNDLE/rootfs/t/file"
	python3 -c 'import os, sys
os.setxattr(sys.argv[1] + "/file", "trusted.mark", b"one")
os.setxattr(sys.argv[1] + "/dir", "trusted.mark", b"two")' "$BUNDLE/rootfs/t" 2>/dev/null || skip 'no extended attributes here'
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]}'
	create
	pid=$(hull state "$ID" | jq .pid)
	same 'one two' "$(python3 -c 'import os, sys
print(*(os.getxattr(sys.argv[1] + n, "trusted.mark").decode() for n in ("/file", "/dir")))' "/proc/$pid/root/t")" attributes
	hull delete --force "$ID"
}

# The options of the mount win over the directory below it.
test_tmpcopyup_and_options() {
	mkdir -m 755 "$BUNDLE/rootfs/t"
	chown 7:8 "$BUNDLE/rootfs/t"
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "t", "options": ["tmpcopyup", "mode=1770"]}'
	expect '1770 7 8' 'stat -c "%a %u %g" /t'
	config '.mounts[-1].options = ["tmpcopyup", "uid=3", "gid=4"]'
	expect '755 3 4' 'stat -c "%a %u %g" /t'
}

test_tmpcopyup_of_hard_links() {
	mkdir "$BUNDLE/rootfs/t"
	echo x >"$BUNDLE/rootfs/t/a"
	ln "$BUNDLE/rootfs/t/a" "$BUNDLE/rootfs/t/b"
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]}'
	expect 'x x' 'echo $(cat /t/a /t/b)'
}

test_tmpcopyup_of_a_deep_tree() {
	deep=$BUNDLE/rootfs/t$(printf '/%.0s' 1)$(seq -s / 1 100)
	mkdir -p "$deep"
	echo bottom >"$deep/file"
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]}'
	expect bottom "cat /t/$(seq -s / 1 100)/file"
}

test_tmpcopyup_of_many_files() {
	mkdir "$BUNDLE/rootfs/t"
	(cd "$BUNDLE/rootfs/t" && seq 2000 | xargs touch)
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "t", "options": ["tmpcopyup", "ro", "noexec"]}'
	expect '2000 readonly' 'ls /t | wc -l | xargs echo $((0)) | sed "s/0 //" | tr "\n" " "; (: >/t/x) 2>/dev/null || echo readonly'
}

test_tmpcopyup_without_room() {
	mkdir "$BUNDLE/rootfs/t"
	truncate -s 1M "$BUNDLE/rootfs/t/big"
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "t", "options": ["tmpcopyup", "size=64k"]}'
	run_fails '.mounts[7]'
	printf '%s' "$errors" | grep -q 'big: No space left on device' || fail "error is: $errors"
}

test_tmpcopyup_of_a_missing_directory() {
	add_mount '{"destination": "/new/place", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]}'
	expect '' 'ls /new/place'
}

# A link of the image is copied as a link; nothing of the host comes in.
test_tmpcopyup_of_links_to_the_host() {
	echo secret >"$WORK/secret"
	mkdir "$BUNDLE/rootfs/t"
	ln -s "$WORK/secret" "$BUNDLE/rootfs/t/link"
	ln -s "$WORK" "$BUNDLE/rootfs/t/dir"
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]}'
	expect 'gone' 'cat /t/link /t/dir/secret 2>/dev/null || echo gone'
}

test_tmpcopyup_of_another_type() {
	add_mount '{"destination": "/srv", "type": "ramfs", "source": "t", "options": ["tmpcopyup"]}'
	run_fails '.mounts[7]: tmpcopyup is for tmpfs, not for ramfs'
}

run_tests
