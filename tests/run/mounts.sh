#!/bin/sh
# .mounts: file systems of every type and every option, as the container sees them.
. "${0%/*}/lib.sh"

# A fresh tmpfs at /tmp/N for each line of "WORD[,WORD] REGEX REGEX-NOT", all in one container.
check_options() {
	printf '%s\n' "$1" >"$WORK/table"
	n=0
	while read -r words _; do
		n=$((n + 1))
		config --arg words "$words" --arg target "/tmp/$n" \
			'.mounts += [{destination: $target, type: "tmpfs", source: "tmpfs", options: ($words / ",")}]'
	done <"$WORK/table"
	show_mounts
	n=0
	while read -r words want not; do
		n=$((n + 1))
		[ "$not" != - ] || not=
		line=$(mount_at "/tmp/$n")
		printf '%s\n' "$line" | grep -Eq -- "$want" || fail "$words gave '$line', expected '$want'"
		[ -z "$not" ] || ! printf '%s\n' "$line" | grep -Eq -- "$not" || fail "$words gave '$line', with '$not'"
	done <"$WORK/table"
}

test_default_mounts() {
	show_mounts
	expect_mount /proc '^rw,relatime - proc proc '
	expect_mount /dev '^rw,nosuid - tmpfs tmpfs .*size=65536k,mode=755' atime
	expect_mount /dev/pts '^rw,nosuid,noexec,relatime - devpts devpts .*gid=5,mode=620,ptmxmode=666'
	expect_mount /dev/shm '^rw,nosuid,nodev,noexec,relatime - tmpfs shm .*size=65536k'
	expect_mount /dev/mqueue '^rw,nosuid,nodev,noexec,relatime - mqueue mqueue '
	expect_mount /sys '^ro,nosuid,nodev,noexec,relatime - sysfs sysfs '
	expect_mount /sys/fs/cgroup '^ro,nosuid,nodev,noexec,relatime - cgroup2 '
}

test_flags() {
	check_options 'rw ^rw, ^ro
ro ^ro, ^rw
ro,rw ^rw, ^ro
rw,ro ^ro, ^rw
nosuid nosuid -
nosuid,suid ^rw nosuid
suid,nosuid nosuid -
nodev nodev -
nodev,dev ^rw nodev
noexec noexec -
noexec,exec ^rw noexec
noatime noatime relatime
noatime,atime relatime noatime
noatime,relatime relatime noatime
relatime relatime -
strictatime ^rw[[:space:]] atime
norelatime relatime -
strictatime,nostrictatime relatime -
strictatime,atime ^rw[[:space:]] atime
strictatime,noatime noatime -
nodiratime nodiratime -
nodiratime,diratime ^rw nodiratime
nosymfollow nosymfollow -
nosymfollow,symfollow ^rw nosymfollow
defaults ^rw,relatime ,no[a-z]
silent ^rw,relatime ,no[a-z]
loud ^rw,relatime ,no[a-z]'
}

test_flags_of_the_superblock() {
	check_options 'sync rw,sync -
sync,async ^rw sync
async ^rw sync
dirsync dirsync -
lazytime lazytime -
lazytime,nolazytime ^rw lazytime
mand ^rw -
mand,nomand ^rw ,mand
iversion ^rw -
iversion,noiversion ^rw -
noiversion ^rw -
acl ^rw -
noacl ^rw -'
}

# The same words one level down, and with a tree that is a single mount.
test_recursive_flags_of_a_new_mount() {
	check_options 'rro ^ro ^rw
rro,rrw ^rw ^ro
rnosuid nosuid -
rnosuid,rsuid ^rw nosuid
rnodev nodev -
rnodev,rdev ^rw nodev
rnoexec noexec -
rnoexec,rexec ^rw noexec
rnoatime noatime -
rnoatime,ratime relatime noatime
rnodiratime nodiratime -
rnodiratime,rdiratime ^rw nodiratime
rstrictatime ^rw[[:space:]] atime
rnorelatime relatime -
rstrictatime,rrelatime relatime -
rstrictatime,rnostrictatime relatime -
rnosymfollow nosymfollow -
rnosymfollow,rsymfollow ^rw nosymfollow'
}

test_propagation_of_a_new_mount() {
	check_options 'shared [[:space:]]shared:[0-9]+[[:space:]] -
rshared [[:space:]]shared:[0-9]+[[:space:]] -
private [[:space:]]-[[:space:]] shared
rprivate [[:space:]]-[[:space:]] shared
slave [[:space:]]-[[:space:]] shared
rslave [[:space:]]-[[:space:]] shared
unbindable [[:space:]]unbindable[[:space:]] -
runbindable [[:space:]]unbindable[[:space:]] -
ro,noexec,shared ^ro,noexec.*shared -
tmpcopyup,ro,nosuid,shared ^ro,nosuid.*shared -'
}

test_flags_are_obeyed() {
	add_mount '{"destination": "/ro", "type": "tmpfs", "source": "t", "options": ["ro"]}'
	add_mount '{"destination": "/noexec", "type": "tmpfs", "source": "t", "options": ["noexec"]}'
	add_mount '{"destination": "/nodev", "type": "tmpfs", "source": "t", "options": ["nodev"]}'
	add_mount '{"destination": "/nolink", "type": "tmpfs", "source": "t", "options": ["nosymfollow"]}'
	config '.linux.devices = [{path: "/nodev/null", type: "c", major: 1, minor: 3, fileMode: 438}]'
	expect 'ro noexec nodev nolink' '(: >/ro/file) 2>/dev/null || set -- ro
		cp /bin/busybox /noexec/true; /noexec/true 2>/dev/null || set -- $* noexec
		cat /nodev/null 2>/dev/null || set -- $* nodev
		ln -s /etc/passwd /nolink/link; cat /nolink/link >/dev/null 2>&1 || set -- $* nolink
		echo $*'
}

test_empty_option() { # Buildah's
	add_mount '{"destination": "/mnt/d", "type": "tmpfs", "source": "t", "options": ["", "noexec"]}'
	show_mounts
	expect_mount /mnt/d noexec
}

# A read-only tmpfs takes the mounts below it, as Podman's pods ask for it, and /dev its devices.
test_readonly_tmpfs_with_mounts_below() {
	config '(.mounts[] | select(.destination == "/dev") | .options) += ["ro"]'
	add_mount '{"destination": "/r", "type": "tmpfs", "source": "t", "options": ["ro"]}'
	add_mount '{"destination": "/r/below", "type": "tmpfs", "source": "t"}'
	config '.linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 5}]'
	show_mounts ': >/dev/null && : >/dev/shm/x && : >/r/below/x && head -c 1 /dev/mine | wc -c && ! (: >/r/x) 2>/dev/null && ! (: >/dev/x) 2>/dev/null'
	expect_mount /dev '^ro,'
	expect_mount /r '^ro,'
	expect_mount /r/below '^rw,'
	expect_mount /dev/pts '^rw,'
}

test_noatime_is_obeyed() {
	add_mount '{"destination": "/a", "type": "tmpfs", "source": "t", "options": ["noatime"]}'
	add_mount '{"destination": "/b", "type": "tmpfs", "source": "t", "options": ["strictatime"]}'
	expect 'kept changed' 'for d in a b; do echo x >/$d/f; touch -a -d "2001-01-01 00:00" /$d/f; cat /$d/f >/dev/null
		case $(stat -c %x /$d/f) in 2001*) set -- $* kept ;; *) set -- $* changed ;; esac; done; echo $*'
}

test_tmpfs_size() {
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "scratch",
		"options": ["nosuid", "nodev", "noexec", "size=1024k", "mode=0770", "uid=7", "gid=0"]}'
	show_mounts 'stat -c "%a %u %g" /t; head -c 2000000 /dev/zero >/t/f 2>/dev/null; stat -c %s /t/f'
	same '770 7 0 1048576' "$(printf '%s\n' "$mounts" | head -n 2 | xargs)" 'the tmpfs'
	expect_mount /t '^rw,nosuid,nodev,noexec,relatime - tmpfs scratch rw,size=1024k,mode=770,uid=7'
}

test_tmpfs_inodes() {
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["nr_inodes=5"]}'
	expect 4 'i=0; while [ $i -lt 9 ] && mkdir /t/$i 2>/dev/null; do i=$((i+1)); done; echo $i'
}

test_tmpfs_hidden_bits() {
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]}'
	add_mount '{"destination": "/u", "type": "tmpfs", "source": "tmpfs"}'
	expect '1777 1777' 'echo $(stat -c %a /t /u)'
}

# Its root is like the directory that it hides, or open to all if there was none.
test_tmpfs_mode_of_what_it_hides() {
	mkdir -m 750 "$BUNDLE/rootfs/there" "$BUNDLE/rootfs/copied" "$BUNDLE/rootfs/said"
	for row in there: copied:tmpcopyup said:mode=711 new: newly:tmpcopyup private:tmpcopyup,mode=700; do
		config --arg at "/${row%%:*}" --arg options "${row#*:}" '.mounts += [{destination: $at, type: "tmpfs", options: ($options / "," - [""])}]'
	done
	expect '750 750 711 1777 1777 700' 'echo $(stat -c %a /there /copied /said /new /newly /private)'
}

test_tmpfs_without_source() {
	add_mount '{"destination": "/t", "type": "tmpfs"}'
	show_mounts
	expect_mount /t ' tmpfs tmpfs '
}

test_source_with_blanks() {
	add_mount '{"destination": "/a b", "type": "tmpfs", "source": "my scratch"}'
	show_mounts
	printf '%s' "$mounts" | grep -Fq '/a\040b rw,relatime - tmpfs my\040scratch' || fail "no such mount: $mounts"
}

test_ramfs() {
	add_mount '{"destination": "/t", "type": "ramfs", "source": "ramfs", "options": ["mode=700", "noexec"]}'
	show_mounts 'stat -c %a /t'
	expect_mount /t '^rw,noexec,relatime - ramfs ramfs'
	same 700 "$(printf '%s\n' "$mounts" | head -n 1)" 'the mode'
}

test_proc_options() {
	config '.mounts[0].options = ["nosuid", "hidepid=2", "subset=pid"] | .linux.readonlyPaths = [] | .linux.maskedPaths = []'
	show_mounts 'ls -d /proc/sys 2>/dev/null'
	expect_mount /proc '^rw,nosuid,relatime - proc proc rw,hidepid=invisible,subset=pid'
	case $mounts in /proc/sys*) fail 'subset=pid shows /proc/sys' ;; esac
}

test_proc_is_of_the_container() {
	expect few 'set -- /proc/[0-9]*; [ $# -gt 3 ] || echo few'
}

test_second_proc_and_sysfs() {
	add_mount '{"destination": "/p", "type": "proc", "source": "proc"}'
	add_mount '{"destination": "/s", "type": "sysfs", "source": "sysfs", "options": ["ro"]}'
	expect 'sh lo' 'echo $(cat /p/1/comm; ls /s/class/net)'
}

test_mqueue() {
	expect '10 queue' 'cat >/dev/null; : >/dev/mqueue/queue; echo $(cat /proc/sys/fs/mqueue/msg_max; ls /dev/mqueue)'
}

test_devpts_is_new() {
	expect 'ptmx' 'ls /dev/pts'
}

test_overlay() {
	mkdir "$WORK/low1" "$WORK/low2" "$WORK/up" "$WORK/work"
	echo one >"$WORK/low1/a"
	echo two >"$WORK/low2/a"
	echo low >"$WORK/low2/b"
	mount -t tmpfs hull-test "$WORK/up" || skip 'no mounting here'
	trap 'umount -l "$WORK/up"' EXIT
	mkdir "$WORK/up/up" "$WORK/up/work"
	add_mount "{\"destination\": \"/o\", \"type\": \"overlay\", \"source\": \"overlay\", \"options\":
		[\"lowerdir=$WORK/low1:$WORK/low2\", \"upperdir=$WORK/up/up\", \"workdir=$WORK/up/work\"]}"
	expect 'one low new' 'echo new >/o/c; echo $(cat /o/a /o/b /o/c)'
	same new "$(cat "$WORK/up/up/c")" 'what went to the upper directory'
}

# Things that one mount(2) cannot express, but a context of the filesystem can.
test_overlay_with_long_lowerdir_and_propagation() {
	deep_layers 300
	config '.mounts[7].options += ["shared"]'
	show_mounts "cat /o/f$i"
	expect_mount /o '^ro,.*shared:'
	same "$i" "$(printf '%s\n' "$mounts" | head -n 1)" 'the last layer'
}

test_overlay_with_odd_names() {
	mkdir "$WORK/a:b" "$WORK/c\\d" "$WORK/up" "$WORK/work"
	echo colon >"$WORK/a:b/f"
	echo backslash >"$WORK/c\\d/g"
	deep_layers 5000
	odd=$(printf '%s' "$WORK/a:b" | sed 's/:/\\:/'):$(printf '%s' "$WORK/c\\d" | sed 's/\\/&&/')
	config --arg odd "$odd" '.mounts[7].options[1] |= sub("lowerdir="; "lowerdir=" + $odd + ":")'
	expect 'colon backslash 1' 'echo $(cat /o/f /o/g /o/f1)'
}

test_value_that_is_too_long() {
	deep_layers 300
	long=$(printf '%0300d' 0)
	config --arg long "$long" '.mounts[7].options = ["ro", "lowerdir=/tmp", "shared", "nonsense=" + $long]'
	run_fails '.mounts[7]'
	printf '%s' "$errors" | grep -Fq 'at most 255 bytes' || fail "no hint in: $errors"
}

# deep_layers LEN: lowerdirs whose names take more than LEN bytes.
deep_layers() {
	mkdir "$WORK/layers"
	lower='' i=0
	while [ ${#lower} -le "$1" ]; do
		i=$((i + 1))
		mkdir "$WORK/layers/$i"
		echo $i >"$WORK/layers/$i/f$i"
		lower=$lower${lower:+:}$WORK/layers/$i
	done
	config --arg lower "$lower" '.mounts += [{destination: "/o", type: "overlay", source: "overlay",
		options: ["ro", "lowerdir=" + $lower]}]'
}

test_overlay_with_lowerdir_of_300_bytes() {
	deep_layers 300
	expect "1 $i" "echo \$(cat /o/f1 /o/f$i)"
}

# More than mount(2) takes, which is a page of options.
test_overlay_with_lowerdir_of_6000_bytes() {
	deep_layers 6000
	expect "1 $i" "echo \$(cat /o/f1 /o/f$i)"
}

test_overlay_with_comma() {
	mkdir "$WORK/a,b" "$WORK/c"
	echo comma >"$WORK/a,b/f"
	config --arg lower "lowerdir=$WORK/a,b:$WORK/c" \
		'.mounts += [{destination: "/o", type: "overlay", source: "overlay", options: ["ro", $lower]}]'
	expect comma 'cat /o/f'
}

# As runc and crun, which write all options of the filesystem into one string.
test_options_in_one_word() {
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["noexec", "size=1024k,mode=700"]}'
	add_mount '{"destination": "/r", "type": "tmpfs", "source": "tmpfs", "options": ["size=64k,ro"]}'
	mkdir "$WORK/lower" "$WORK/upper" "$WORK/work"
	add_mount '{"destination": "/o", "type": "overlay", "source": "overlay",
		"options": ["'"lowerdir=$WORK/lower,upperdir=$WORK/upper,workdir=$WORK/work"'"]}'
	show_mounts
	expect_mount /t '^rw,noexec,relatime .*size=1024k,mode=700'
	expect_mount /r ' - tmpfs tmpfs ro,size=64k'
	expect_mount /o " - overlay overlay .*upperdir=$WORK/upper,"
	config '.mounts[7].options = ["size=1024k,nonsense"]'
	run_fails '.mounts[7]'
}

test_cgroup_types() {
	for type in cgroup cgroup2; do
		config --arg type "$type" '.mounts[6] = {destination: "/sys/fs/cgroup", type: $type, source: "cgroup",
			options: ["nosuid", "noexec", "nodev", "relatime", "ro"]}'
		show_mounts 'cat /proc/self/cgroup; ls /sys/fs/cgroup/cgroup.procs'
		expect_mount /sys/fs/cgroup '^ro,nosuid,nodev,noexec,relatime - cgroup2 '
		printf '%s\n' "$mounts" | grep -qx '0::/' || fail "the container is not at the top of its cgroups: $mounts"
		printf '%s\n' "$mounts" | grep -qx /sys/fs/cgroup/cgroup.procs || fail "no cgroup.procs"
	done
}

test_cgroup_readonly_is_obeyed() {
	expect refused 'mkdir /sys/fs/cgroup/x 2>/dev/null || echo refused'
}

test_cgroup_writable() {
	config '.mounts[6].options = ["nosuid", "noexec", "nodev"]'
	expect '/x' 'mkdir /sys/fs/cgroup/x && echo 1 >/sys/fs/cgroup/x/cgroup.procs && sed "s/0:://;/:/d" /proc/self/cgroup
		echo 1 >/sys/fs/cgroup/cgroup.procs; rmdir /sys/fs/cgroup/x'
}

test_cgroup_without_namespace() {
	config 'del(.linux.namespaces[] | select(.type == "cgroup"))'
	show_mounts 'sed -n s/0:://p /proc/self/cgroup'
	expect_mount /sys/fs/cgroup '^ro,nosuid,nodev,noexec.* cgroup2 '
	own=$(printf '%s\n' "$mounts" | head -n 1)
	[ "$own" != / ] || fail 'it is at the top'
}

test_remount() {
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["size=64k"]}'
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["remount", "size=128k", "noexec", "nosuid"]}'
	show_mounts
	expect_mount /t '^rw,nosuid,noexec,relatime .*size=128k'
}

test_remount_readonly() {
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "tmpfs"}'
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["remount", "ro"]}'
	expect refused '(: >/t/x) 2>/dev/null || echo refused'
}

test_remount_bind() {
	mkdir "$WORK/data"
	add_mount "{\"destination\": \"/d\", \"source\": \"$WORK/data\", \"options\": [\"bind\"]}"
	add_mount '{"destination": "/d", "type": "none", "source": "none", "options": ["remount", "bind", "ro", "nosuid"]}'
	show_mounts
	expect_mount /d '^ro,nosuid'
	: >"$WORK/data/file" || fail 'the tree of the host became read-only'
}

test_remount_of_nothing() {
	add_mount '{"destination": "/srv", "type": "tmpfs", "source": "tmpfs", "options": ["remount", "ro"]}'
	run_fails '.mounts[7]'
}

# "none" changes what is there: flags and propagation.
test_type_none() {
	add_mount '{"destination": "/t", "type": "tmpfs", "source": "tmpfs"}'
	add_mount '{"destination": "/t", "type": "none", "source": "none", "options": ["shared"]}'
	show_mounts
	expect_mount /t 'shared:'
}

# Filesystems that a user namespace may not mount, with the reason and the remedy.
test_denied_in_a_user_namespace() {
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -R -h 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
	add_mount '{"destination": "/srv", "type": "debugfs", "source": "none"}'
	run_fails 'it takes CAP_SYS_ADMIN on the host, unless the kernel lets user namespaces mount debugfs'
	config 'del(.mounts[7]) | .linux.namespaces |= map(select(.type != "ipc"))'
	run_fails 'a user namespace can mount only the mqueue of a new "ipc" namespace'
	config '.linux.namespaces |= map(select(.type != "pid"))'
	run_fails 'a user namespace can mount only the proc of a new "pid" namespace'
}

test_type_missing() {
	add_mount '{"destination": "/srv", "source": "/tmp"}'
	run_fails '.mounts[7]'
	add_mount '{"destination": "/srv", "source": "/tmp", "options": ["ro"]}'
	config 'del(.mounts[7])'
	run_fails '.mounts[7]'
	config '.mounts[7].type = ""'
	run_fails '.mounts[7]: neither a type nor the option "bind"'
}

test_unknown_type() {
	add_mount '{"destination": "/srv", "type": "nofs", "source": "none"}'
	run_fails '.mounts[7]'
	printf '%s' "$errors" | grep -q '/proc/filesystems' || fail "no hint in: $errors"
}

test_unknown_option() {
	for option in nonsense nonsense=1 nosiud; do
		config --arg option $option '.mounts[7] = {destination: "/srv", type: "tmpfs", source: "tmpfs", options: [$option]}'
		run_fails '.mounts[7]'
		printf '%s' "$errors" | grep -Fq "Unknown parameter '${option%=*}'" || fail "the kernel's words are not in: $errors"
	done
}

test_bad_value_of_an_option() {
	add_mount '{"destination": "/srv", "type": "tmpfs", "source": "tmpfs", "options": ["size=much"]}'
	run_fails "Bad value for 'size'"
	printf '%s' "$errors" | grep -Fq '.mounts[7]' || fail "no property in: $errors"
}

test_overlay_error_quotes_the_kernel() {
	add_mount '{"destination": "/srv", "type": "overlay", "source": "overlay", "options": ["lowerdir=/nowhere/at/all"]}'
	run_fails '.mounts[7]'
	printf '%s' "$errors" | grep -Fq '/nowhere/at/all' || fail "the layer is not named in: $errors"
}

test_device_that_is_missing() {
	add_mount '{"destination": "/srv", "type": "ext4", "source": "/dev/not-there"}'
	run_fails '.mounts[7]'
}

test_device() {
	truncate -s 4M "$WORK/image"
	mkfs.ext4 -q -F "$WORK/image" 2>/dev/null || skip 'no mkfs.ext4 here'
	loop=$(losetup -f --show "$WORK/image" 2>/dev/null) || skip 'no loop devices here'
	trap 'losetup -d "$loop"' EXIT
	add_mount "{\"destination\": \"/t\", \"type\": \"ext4\", \"source\": \"$loop\", \"options\": [\"ro\", \"noatime\", \"errors=continue\"]}"
	show_mounts 'ls /t'
	expect_mount /t "^ro,noatime - ext4 $loop ro"
}

test_many_mounts() {
	config '.mounts += [range(300) | {destination: "/m/\(.)/t", type: "tmpfs", source: "m\(.)", options: ["size=4k"]}]'
	show_mounts
	same 300 "$(printf '%s\n' "$mounts" | grep -c ' /m/[0-9]*/t ')" 'the number of mounts'
	expect_mount /m/0/t ' m0 '
	expect_mount /m/299/t ' m299 '
}

test_many_binds() {
	mkdir "$WORK/data"
	: >"$WORK/data/here"
	config --arg dir "$WORK/data" '.mounts += [range(300) | {destination: "/m/\(.)", source: $dir, options: ["bind", "ro"]}]'
	expect '300' 'ls /m/*/here | wc -l'
}

# Stacked in the order of the list.
# A mount on "/" takes the place of the root filesystem for all that follows.
test_mount_on_the_root() {
	cp -a "$BUNDLE/rootfs" "$WORK/other"
	touch "$WORK/other/other"
	config --arg source "$WORK/other" '.mounts = [{destination: "//", type: "bind", source: $source, options: ["bind"]}] + .mounts
		| .root.readonly = false'
	expect 'other 1:3' '[ -e /other ] && echo other $(stat -c %t:%T /dev/null) && touch /written'
	[ -e "$WORK/other/written" ] && [ ! -e "$BUNDLE/rootfs/written" ] || fail 'another root was written to'
	try hull check "$BUNDLE"
	same 'the configuration is right, and this host can honour it' "$out" check
	config '.root.readonly = true'
	expect readonly '(echo x >/file) 2>/dev/null || echo readonly'
	config '.root.readonly = false | .mounts[0].options += ["ro"]'
	expect readonly '(echo x >/file) 2>/dev/null || echo readonly'
	run --no-pivot
	expect_status 0
	config '.mounts = .mounts[1:] + [{destination: "/", type: "tmpfs", source: "t"}]'
	run
	expect_status 127
}

test_order() {
	add_mount '{"destination": "/srv", "type": "tmpfs", "source": "one"}'
	add_mount '{"destination": "/srv/below", "type": "tmpfs", "source": "below"}'
	add_mount '{"destination": "/srv", "type": "tmpfs", "source": "two"}'
	show_mounts 'ls /srv'
	expect_mount /srv ' tmpfs two '
	case $mounts in below*) fail 'the first is on top' ;; esac
}

test_mount_label_where_selinux_is_off() {
	[ ! -e /sys/fs/selinux/enforce ] || skip 'SELinux is on here'
	config '.linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	run_fails '.linux.mountLabel'
}

run_tests
