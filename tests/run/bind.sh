#!/bin/sh
# .mounts: binds of the host's files and trees, their flags, and their propagation up and down between host and container.
. "${0%/*}/lib.sh"

# bind SOURCE DESTINATION OPTION…
bind() {
	source=$1 destination=$2
	shift 2
	config --arg source "$source" --arg destination "$destination" --arg words "$*" \
		'.mounts += [{destination: $destination, source: $source, options: ($words / " ")}]'
}

may_mount() {
	config '.process.capabilities[] += ["CAP_SYS_ADMIN"]'
}

test_bind_of_a_directory() {
	mkdir "$WORK/data"
	echo from-host >"$WORK/data/file"
	bind "$WORK/data" /srv/data bind
	expect from-host 'cat /srv/data/file; echo written >/srv/data/new'
	same written "$(cat "$WORK/data/new")" 'the file on the host'
}

test_bind_by_type() {
	mkdir "$WORK/data"
	: >"$WORK/data/file"
	config --arg dir "$WORK/data" '.mounts += [{destination: "/data", type: "bind", source: $dir}]'
	expect file 'ls /data'
}

test_bind_with_another_type() {
	mkdir "$WORK/data"
	: >"$WORK/data/file"
	for type in none tmpfs ext4 ''; do
		config --arg dir "$WORK/data" --arg type "$type" '.mounts[7] = {destination: "/data", type: $type, source: $dir, options: ["rbind"]}'
		expect file 'ls /data'
	done
}

test_bind_of_a_file() {
	echo content >"$WORK/file"
	bind "$WORK/file" /etc/one/file bind ro
	expect 'content readonly' 'echo $(cat /etc/one/file; (echo x >/etc/one/file) 2>/dev/null || echo readonly)'
}

test_bind_over_a_file() {
	echo content >"$WORK/file"
	bind "$WORK/file" /etc/passwd bind
	expect content 'cat /etc/passwd'
	grep -q root "$BUNDLE/rootfs/etc/passwd" || fail 'the file of the image is changed'
}

test_bind_of_a_fifo_and_a_socket() {
	mkfifo "$WORK/fifo"
	bind "$WORK/fifo" /run/fifo bind
	bind /dev/zero /run/zero bind
	expect 'fifo|character special file' 'stat -c %F /run/fifo /run/zero | xargs | sed "s/fifo /fifo|/"'
}

test_source_relative_to_the_bundle() {
	mkdir -p "$BUNDLE/data/deep"
	echo near >"$BUNDLE/data/deep/file"
	bind data/deep /srv/a bind
	bind ./data /srv/b bind
	bind ../bundle/data /srv/c bind
	cd /
	expect 'near near near' 'echo $(cat /srv/a/file /srv/b/deep/file /srv/c/deep/file)'
}

# Engines leave options there that mean something to themselves.
test_options_of_a_filesystem() {
	mkdir "$WORK/source"
	config --arg source "$WORK/source" \
		'.mounts += [{destination: "/mnt", source: $source, options: ["bind", "nosiud", "size=1m", "ro"]}]'
	inside 'grep -c " /mnt .* ro," /proc/mounts'
	same 1 "$out" 'read-only mounts'
	same 'hull: warning: .mounts[7].options[1]: option "nosiud" has no effect on a bind mount (did you mean "nosuid"?)
hull: warning: .mounts[7].options[2]: option "size" has no effect on a bind mount' "$errors" warnings
}

test_source_missing() {
	for option in bind rbind; do
		config --arg option $option '.mounts[7] = {destination: "/srv/new", source: "/nowhere/at/all", options: [$option]}'
		run_fails '.mounts[7]: bind /nowhere/at/all on /srv/new: No such file or directory'
		[ ! -e "$BUNDLE/rootfs/srv/new" ] || fail 'the destination was made'
	done
}

test_source_empty() {
	config '.mounts[7] = {destination: "/srv", source: "", options: ["bind"]}'
	run_fails '.mounts[7].source'
	config 'del(.mounts[7].source)'
	run_fails '.mounts[7].source'
}

test_file_on_directory() {
	: >"$WORK/file"
	bind "$WORK/file" /etc bind
	run_fails ".mounts[7]: bind $WORK/file on /etc: Not a directory"
	printf '%s' "$errors" | grep -q 'both be directories' || fail "no hint in: $errors"
}

# A user namespace cannot take away the flags of the source's mount; root can.
test_locked_flags() {
	mkdir "$WORK/host"
	trap 'umount -l "$WORK/host" 2>/dev/null' EXIT
	mount -t tmpfs -o nosuid,nodev,noexec hull-test "$WORK/host" || skip 'no mounting here'
	mkdir "$WORK/host/sub"
	mount -o remount,ro,nosuid,nodev,noexec "$WORK/host"
	bind "$WORK/host/sub" /one rbind rw rprivate
	bind "$WORK/host/sub" /two bind suid dev exec
	show_mounts
	if [ -z "${HULL_TEST_USER:-}" ]; then
		expect_mount /one '^rw,nosuid,nodev,noexec'
		expect_mount /two '^ro,relatime'
	else
		expect_mount /one '^ro,nosuid,nodev,noexec'
		expect_mount /two '^ro,nosuid,nodev,noexec'
	fi
}

test_directory_on_file() {
	mkdir "$WORK/data"
	bind "$WORK/data" /etc/passwd bind
	run_fails '.mounts[7]'
	printf '%s' "$errors" | grep -q 'both be directories' || fail "no hint in: $errors"
}

# The destination is a file where a directory should be.
test_destination_below_a_file() {
	bind /tmp /etc/passwd/below bind
	run_fails '.mounts[7]'
}

test_source_through_symlink() {
	mkdir "$WORK/data"
	: >"$WORK/data/file"
	ln -s data "$WORK/link"
	bind "$WORK/link" /data bind
	expect file 'ls /data'
}

test_flags() {
	mkdir "$WORK/data"
	: >"$WORK/data/file"
	n=0
	# The host's mount may have any flags: flags that are asked for are set or cleared.
	for words in ro rw nosuid suid nodev dev noexec exec noatime atime nodiratime diratime relatime norelatime strictatime \
		nostrictatime nosymfollow symfollow ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow; do
		n=$((n + 1))
		config --arg words "$words" --arg target "/b/$n" --arg dir "$WORK/data" \
			'.mounts += [{destination: $target, source: $dir, options: (["bind"] + ($words / ","))}]'
	done
	show_mounts
	expect_mount /b/1 '^ro,'
	expect_mount /b/2 '^rw,'
	expect_mount /b/3 nosuid
	expect_mount /b/4 '^rw,' nosuid
	expect_mount /b/5 nodev
	expect_mount /b/6 '^rw,' nodev
	expect_mount /b/7 noexec
	expect_mount /b/8 '^rw,' noexec
	expect_mount /b/9 noatime relatime
	expect_mount /b/10 relatime noatime
	expect_mount /b/11 nodiratime
	expect_mount /b/12 '^rw,' nodiratime
	expect_mount /b/13 relatime
	expect_mount /b/14 relatime
	expect_mount /b/15 '^rw ' atime
	expect_mount /b/16 relatime
	expect_mount /b/17 nosymfollow
	expect_mount /b/18 '^rw,' nosymfollow
	expect_mount /b/19 '^ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow '
	: >"$WORK/data/still" || fail 'the tree of the host is read-only'
}

# A mount of the host has the flags: they stay, unless they are cleared.
test_flags_of_the_source_stay() {
	host_tree nosuid,nodev,noexec,noatime
	bind "$WORK/host" /a rbind
	bind "$WORK/host" /b bind suid dev exec relatime
	bind "$WORK/host" /c bind atime
	bind "$WORK/host" /d bind ro
	show_mounts
	expect_mount /a '^rw,nosuid,nodev,noexec,noatime '
	expect_mount /a/sub '^rw,nosuid,nodev,noexec,noatime '
	expect_mount /b '^rw,relatime '
	expect_mount /c '^rw,nosuid,nodev,noexec,relatime '
	expect_mount /d '^ro,nosuid,nodev,noexec,noatime '
}

# "bind" takes one mount, "rbind" the tree.
test_bind_and_rbind() {
	host_tree
	: >"$WORK/host/sub/file"
	bind "$WORK/host" /one bind
	bind "$WORK/host" /all rbind
	show_mounts 'echo $(ls /one/sub) . $(ls /all/sub)'
	expect_mount /all/sub ' hull-test-sub '
	same '' "$(mount_at /one/sub)" 'the mount below'
	same '. file' "$(printf '%s\n' "$mounts" | head -n 1)" 'what is seen below'
}

# ro concerns only the top, rro all of it; rrw clears it again.
test_readonly_and_recursively_readonly() {
	host_tree
	bind "$WORK/host" /top rbind ro
	bind "$WORK/host" /all rbind rro
	bind "$WORK/host" /none rbind rro rrw
	bind "$WORK/host" /one bind rro
	expect 'top/sub none none/sub' 'for d in top top/sub all all/sub none none/sub one one/sub; do
		(: >/$d/file) 2>/dev/null && set -- $* $d; done; echo $*'
}

test_recursive_flags() {
	host_tree
	for words in rro rnosuid rnodev rnoexec rnoatime rnodiratime rstrictatime rnorelatime rnosymfollow; do
		config --arg word "$words" --arg dir "$WORK/host" \
			'.mounts += [{destination: "/\($word)", source: $dir, options: ["rbind", $word]}]'
	done
	show_mounts
	for place in '' /sub; do
		expect_mount /rro$place '^ro,relatime'
		expect_mount /rnosuid$place '^rw,nosuid,relatime'
		expect_mount /rnodev$place '^rw,nodev,relatime'
		expect_mount /rnoexec$place '^rw,noexec,relatime'
		expect_mount /rnoatime$place '^rw,noatime '
		expect_mount /rnodiratime$place '^rw,nodiratime,relatime'
		expect_mount /rstrictatime$place '^rw '
		expect_mount /rnorelatime$place '^rw,relatime'
		expect_mount /rnosymfollow$place '^rw,relatime,nosymfollow|^rw,nosymfollow'
	done
}

test_recursive_flags_taken_away() {
	host_tree nosuid,nodev,noexec,noatime,nodiratime,nosymfollow
	mount -o remount,bind,ro "$WORK/host/sub"
	mount -o remount,bind,ro "$WORK/host"
	for words in rrw rsuid rdev rexec ratime rdiratime rrelatime rnostrictatime rsymfollow; do
		config --arg word "$words" --arg dir "$WORK/host" \
			'.mounts += [{destination: "/\($word)", source: $dir, options: ["rbind", $word]}]'
	done
	show_mounts
	for place in '' /sub; do
		expect_mount /rrw$place '^rw,nosuid'
		expect_mount /rsuid$place '^ro,' nosuid
		expect_mount /rdev$place '^ro,' nodev
		expect_mount /rexec$place '^ro,' noexec
		expect_mount /ratime$place relatime noatime
		expect_mount /rdiratime$place '^ro,' nodiratime
		expect_mount /rrelatime$place relatime noatime
		expect_mount /rnostrictatime$place relatime noatime
		expect_mount /rsymfollow$place '^ro,' nosymfollow
	done
}

# Recursive flags for the tree, plain ones for its top: each where the option says.
test_recursive_flags_with_plain_ones() {
	host_tree
	bind "$WORK/host" /a rbind rro nosuid
	bind "$WORK/host" /b rbind rnosuid ro rnoexec
	show_mounts
	expect_mount /a '^ro,nosuid,relatime'
	expect_mount /a/sub '^ro,relatime'
	expect_mount /b '^ro,nosuid,noexec,relatime'
	expect_mount /b/sub '^rw,nosuid,noexec,relatime'
}

test_propagation() {
	host_tree
	for words in shared rshared slave rslave private rprivate unbindable runbindable; do
		config --arg word "$words" --arg dir "$WORK/host" \
			'.mounts += [{destination: "/\($word)", source: $dir, options: ["rbind", $word]}]'
	done
	bind "$WORK/host" /plain rbind
	show_mounts
	expect_mount /shared '^[^ ]+ shared:'
	expect_mount /rshared '^[^ ]+ shared:'
	expect_mount /rshared/sub '^[^ ]+ shared:'
	expect_mount /slave '^[^ ]+ master:' shared
	expect_mount /rslave '^[^ ]+ master:' shared
	expect_mount /rslave/sub '^[^ ]+ master:' shared
	for place in private rprivate rprivate/sub plain plain/sub; do
		expect_mount /$place '^[^ ]+ - '
	done
	expect_mount /unbindable '^[^ ]+ unbindable '
	expect_mount /runbindable/sub '^[^ ]+ unbindable '
}

# mount_late BIND-WORD: the host mounts something after the container has started; prints what the container sees.
mount_late() {
	host_tree
	mkdir "$WORK/host/late"
	bind "$WORK/host" /data rbind "$1"
	may_mount
	create
	try hull start "$ID"
	mount -t tmpfs from-host "$WORK/host/late"
	: >"$WORK/host/late/file"
	enter 'ls /data/late'
}

test_host_to_container() {
	mount_late rslave
	same file "$out" 'what the container sees'
	enter 'mount -t tmpfs from-container /data/sub && : >/data/sub/mine && ls /data/sub'
	same mine "$out" "the container's own mount"
	[ ! -e "$WORK/host/sub/mine" ] || fail 'a slave tells its master'
	umount "$WORK/host/late"
	enter 'ls /data/late'
	same '' "$out" 'what the container sees after umount'
	hull delete --force "$ID"
}

test_host_and_container() {
	mount_late rshared
	same file "$out" 'what the container sees'
	enter 'mount -t tmpfs from-container /data/sub && : >/data/sub/mine'
	[ -e "$WORK/host/sub/mine" ] || fail 'the host does not see what the container mounts'
	hull delete --force "$ID"
	[ -e "$WORK/host/sub/mine" ] || fail 'the mount ended with the container'
}

test_neither_way() {
	for word in rprivate private unbindable nosuid; do
		mount_late $word
		same '' "$out" "what the container sees ($word)"
		enter 'mount -t tmpfs from-container /data/sub && : >/data/sub/mine'
		[ ! -e "$WORK/host/sub/mine" ] || fail "the host sees what the container mounts ($word)"
		hull delete --force "$ID"
		umount -l "$WORK/host"
		rmdir "$WORK/host"
		config 'del(.mounts[7])'
	done
}

# The mounts of the container's own set-up stay inside, even below a shared bind.
test_mounts_below_a_shared_bind() {
	host_tree
	mkdir "$WORK/host/inner"
	bind "$WORK/host" /data rbind rprivate
	add_mount '{"destination": "/data/inner", "type": "tmpfs", "source": "t"}'
	expect ok ': >/data/inner/file; echo ok'
	[ ! -e "$WORK/host/inner/file" ] || fail 'it is on the host'
	same '' "$(grep "$WORK/host/inner" /proc/self/mountinfo)" 'mount of the host'
}

test_host_root_as_source() {
	bind / /host rbind ro
	show_mounts 'ls -d /bin/busybox; cat /etc/passwd | grep -c .; ls -d /host/proc/1'
	case $mounts in /bin/busybox*) ;; *) fail "the root is not the image's: $out" ;; esac
	same 3 "$(printf '%s\n' "$mounts" | sed -n 2p)" 'lines of passwd'
	expect_mount /host '^ro'
}

test_destination_is_the_root() {
	for destination in /srv/.. '' . ./ srv/..; do # a mount on "/" takes the place of the root filesystem
		config --arg to "$destination" '.mounts[7] = {destination: $to, source: "/", options: ["rbind"]}'
		run_fails '.mounts[7].destination'
	done
}

# A link in the image that leads to the root does not circumvent that.
test_destination_links_to_the_root() {
	ln -s / "$BUNDLE/rootfs/srv/top"
	ln -s .. "$BUNDLE/rootfs/srv/up"
	mkdir "$WORK/data"
	: >"$WORK/data/other-root"
	for link in top up; do
		config --arg to "/srv/$link" --arg dir "$WORK/data" '.mounts[7] = {destination: $to, source: $dir, options: ["rbind"]}'
		inside 'ls / /..'
		if [ "$status" = 0 ]; then
			printf '%s' "$out" | grep -q other-root && fail "$link became the root"
		else
			printf '%s' "$errors" | grep -Fq '.mounts[7]' || fail "error is: $errors"
		fi
	done
	true
}

test_copy_symlink() {
	ln -s some/target "$WORK/link"
	bind "$WORK/link" /srv/copy bind copy-symlink
	bind "$WORK/link" /new/place/copy bind copy-symlink
	expect 'some/target some/target' 'echo $(readlink /srv/copy; readlink /new/place/copy)'
	# Again, over the leftovers of the first time in the root filesystem.
	expect 'some/target some/target' 'echo $(readlink /srv/copy; readlink /new/place/copy)'
	same '' "$(grep -c copy /proc/self/mountinfo | sed s/0//)" 'mounts'
}

test_copy_symlink_of_what_is_no_link() {
	echo content >"$WORK/file"
	bind "$WORK/file" /srv/copy bind copy-symlink
	expect content 'cat /srv/copy'
}

test_copy_symlink_conflict() {
	ln -s some/target "$WORK/link"
	bind "$WORK/link" /etc/passwd bind copy-symlink
	run_fails '.mounts[7]'
}

test_src_nofollow() {
	ln -s some/target "$WORK/link"
	bind "$WORK/link" /srv/link bind src-nofollow
	expect some/target 'readlink /srv/link'
}

test_src_nofollow_of_a_directory() {
	mkdir "$WORK/data"
	: >"$WORK/data/file"
	bind "$WORK/data" /data bind src-nofollow ro
	expect file 'ls /data'
}

test_dest_nofollow() {
	echo content >"$WORK/file"
	ln -s /etc/passwd "$BUNDLE/rootfs/srv/link"
	bind "$WORK/file" /srv/link bind dest-nofollow
	expect content 'cat /srv/link; ! grep content /etc/passwd'
}

test_dest_nofollow_of_a_plain_destination() {
	mkdir "$WORK/data"
	: >"$WORK/data/file"
	bind "$WORK/data" /new/data bind dest-nofollow
	expect file 'ls /new/data'
}

test_bind_of_the_bundle_itself() {
	bind . /bundle bind ro
	expect 'config.json' 'cd /bundle; ls config.json'
}

test_bind_of_proc_of_the_host() {
	bind /proc /hostproc rbind ro
	expect_match '^[0-9]+' 'ls /hostproc | grep -c "^[0-9]"'
}

# More mounts than a soft limit of descriptors would let it hold; the container has the caller's limit all the same.
many_binds() { # COUNT
	config --argjson count "$1" '.mounts += [range($count) | {destination: "/srv/\(.)", source: "/etc/hostname", options: ["bind", "ro"]}]
		| del(.process.rlimits)'
}

test_many_binds() {
	[ "$(ulimit -H -n)" = unlimited ] || [ "$(ulimit -H -n)" -ge 4000 ] || skip 'the hard limit of descriptors is too low here'
	many_binds 1200
	hull() { (ulimit -S -n 1024 && exec "$HULL" --root "$STATE" "$@"); }
	expect '1024 1200' 'echo $(ulimit -S -n) $(ls /srv | wc -l)'
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 300, hard: 400}]'
	expect '300 400' 'echo $(ulimit -S -n) $(ulimit -H -n)'
}

test_many_binds_and_a_low_hard_limit() {
	many_binds 1200
	hull() { (ulimit -n 400 && exec "$HULL" --root "$STATE" "$@"); }
	run
	if [ "$status" != 0 ]; then
		printf '%s' "$errors" | grep -q 'Too many open files' || fail "said: $errors"
		printf '%s' "$errors" | grep -q 'hint: .*ulimit -n' || fail "said: $errors"
	fi
	unset -f hull
	nothing_left 'after it'
}

# A source below the root filesystem that an earlier mount of the list brings is that mount's, as if mount(8) were called in that order.
test_source_of_an_earlier_mount() {
	mkdir -p "$WORK/a/q" "$WORK/b/deep"
	echo a >"$WORK/a/file"
	echo b >"$WORK/b/file"
	echo deep >"$WORK/b/deep/file"
	config --arg work "$WORK" --arg root "$BUNDLE/rootfs" '.mounts += [
		{destination: "/mnt", type: "bind", source: "\($work)/a", options: ["bind"]},
		{destination: "/mnt/q", type: "bind", source: "\($work)/b", options: ["bind"]},
		{destination: "/one", type: "bind", source: "\($root)/mnt/q", options: ["bind"]},
		{destination: "/two", type: "bind", source: "\($root)/mnt/q/deep", options: ["bind", "ro"]},
		{destination: "/three", type: "bind", source: "\($root)/mnt", options: ["rbind"]}]'
	expect 'b deep b' 'echo $(cat /one/file /two/file /three/q/file)'
	inside 'grep -c " /two ro" /proc/self/mountinfo'
	same 1 "$out" 'read-only mounts'
	try hull check -b "$BUNDLE"
	expect_status 0
	config --arg root "$BUNDLE/rootfs" '.mounts += [{destination: "/four", type: "bind", source: "\($root)/mnt/none", options: ["bind"]}]'
	run_fails "bind $BUNDLE/rootfs/mnt/none on /four: No such file or directory"
}

run_tests
