#!/bin/sh
# Programs of a real distribution, unmodified: a minimal Debian, read-only and writable.
. "${0%/*}/../run/lib.sh"

DEBIAN=$(sh "$LIB_DIR/make-debian.sh") || {
	echo "SKIP $SUITE: $DEBIAN"
	exit 0
}

# The privileges that engines grant.
CAPABILITIES='["CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
	"CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"]'

# The cached root filesystem itself, read-only.
debian() {
	config --arg root "$DEBIAN" --argjson caps "$CAPABILITIES" '.root = {path: $root, readonly: true}
		| .process.capabilities |= (.bounding = $caps | .effective = $caps | .permitted = $caps)
		| .process.env += ["HOME=/root", "LANG=C.UTF-8"]'
}

# A writable one: the cached one stays unchanged.
writable_debian() {
	debian
	rm -rf "$BUNDLE/rootfs"
	mkdir "$BUNDLE/rootfs" "$BUNDLE/upper" "$BUNDLE/work"
	if mount -t overlay -o "lowerdir=$DEBIAN,upperdir=$BUNDLE/upper,workdir=$BUNDLE/work" overlay "$BUNDLE/rootfs"; then
		trap 'umount "$BUNDLE/rootfs"' EXIT
	else
		cp -a "$DEBIAN/." "$BUNDLE/rootfs"
	fi
	config '.root = {path: "rootfs", readonly: false} | .process.noNewPrivileges = false
		| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["mode=1777"]}]'
}

bash_inside() {
	config --arg script "$1" '.process.args = ["bash", "-euc", $script]'
	run
	[ "$status" = 0 ] || fail "exit status $status: $out $errors"
	[ -z "$errors" ] || fail "said: $errors"
}

# bash_says VALUE SCRIPT
bash_says() {
	bash_inside "$2"
	same "$1" "$out" "$2"
}

# A terminal on our side; the function type_input decides what is typed, and when.
on_terminal() {
	command -v script >/dev/null || skip 'script(1) is not here'
	config '.process.terminal = true'
	status=0
	: >"$WORK/out"
	type_input | script -q -e -c "exec timeout --foreground -k 5 120 '$HULL' --root '$STATE' run -b '$BUNDLE' '$ID'" /dev/null \
		>"$WORK/out" 2>&1 || status=$?
	out=$(tr -d '\r' <"$WORK/out")
}

expect_line() {
	printf '%s\n' "$out" | grep -Eqx -- "$1" || fail "no line '$1' in: $out"
}

test_dpkg_lists_packages() {
	debian
	bash_inside 'dpkg -l'
	installed=$(printf '%s\n' "$out" | grep -c '^ii ')
	[ "$installed" -ge 80 ] || fail "$installed packages"
	same "$(dpkg-query --admindir="$DEBIAN/var/lib/dpkg" -l 2>/dev/null | grep -c '^ii ' || echo "$installed")" \
		"$installed" 'the number of packages'
}

test_dpkg_verifies_files() {
	debian
	bash_says '' 'dpkg --verify bash coreutils dpkg libc6'
}

test_apt() {
	debian
	bash_inside 'apt-get --version'
	expect_line 'apt [0-9].*'
	writable_debian
	bash_inside 'apt-get -q check >/dev/null; apt-cache policy bash; apt-get -qs remove --purge apt'
	expect_line ' *Installed: .+'
	expect_line 'Purg apt .*'
}

test_readonly() {
	debian
	bash_says 'all refused' '
		for file in /x /etc/x /var/lib/x /root/x /usr/bin/x; do
			! (: >$file) 2>/dev/null || echo $file
			[[ $(LC_ALL=C touch $file 2>&1) == *"Read-only file system"* ]] || echo $file
		done
		echo all refused'
	bash_says '7' ': >/dev/null; echo 7 >/dev/shm/x; cat /dev/shm/x'
}

test_perl() {
	debian
	config '.process.args = ["perl", "-e", "use strict; use Socket; $| = 1; my $pid = fork; exit 3 unless $pid; wait;
		socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die; syswrite $a, \"x\"; sysread $b, my $c, 1;
		my @user = getpwnam(\"www-data\"); printf \"%d %s %d %d %s\\n\", $? >> 8, $c, $$, $user[2], `uname -n`;"]'
	run_ok
	same '3 x 1 33 hull' "$out" 'the answer'
}

test_perl_loopback() {
	debian
	config '.process.args = ["perl", "-e", "use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 1,
		LocalAddr => q(127.0.0.1)) or die $!; unless (fork) { my $c = IO::Socket::INET->new(PeerAddr => q(127.0.0.1),
		PeerPort => $s->sockport) or die $!; print $c qq(hello\n); exit } print $s->accept->getline"]'
	run
	case $errors in *IO/Socket*) skip 'perl-base has no IO::Socket' ;; esac
	same hello "$out" 'the answer'
}

test_identity() {
	debian
	bash_says 'uid=0(root) gid=0(root) groups=0(root)' id
	config '.process.user = {uid: 33, gid: 33, additionalGids: [5, 50]} | del(.process.capabilities)
		| .process.env |= map(select(startswith("HOME=") | not))'
	bash_says 'uid=33(www-data) gid=33(www-data) groups=33(www-data),5(tty),50(staff)
/var/www' 'id; echo $HOME'
}

test_bash_on_a_terminal() {
	type_input() { :; }
	debian
	config '.process.args = ["bash", "-ic", "test -t 0 && tty; stty -a | head -n 1; set -o | grep monitor; echo pid $$"]'
	on_terminal
	expect_status 0
	expect_line '(.*[^/])?/dev/(pts/0|console)'
	expect_line 'speed [0-9]+ baud; rows [0-9]+; columns [0-9]+; line = 0;'
	expect_line 'monitor[[:space:]]+on'
	expect_line 'pid 1'
	case $out in *'no job control'* | *'cannot set terminal'*) fail "no job control: $out" ;; esac
}

# Job control is the kernel's: an interrupt typed at the terminal reaches only the foreground job.
test_interrupt_from_the_terminal() {
	type_input() {
		await 'no prompt' grep -q '[#$] $' "$WORK/out"
		printf 'sleep 1000%d\n' $$
		await 'no job' pgrep -fx "sleep 1000$$" >/dev/null
		printf '\003'
		await 'it is not interrupted' unlike pgrep -fx "sleep 1000$$"
		# the words are split, so that the echo of the typed text is not taken for the answer
		printf 'echo ended wi""th $?\n'
		printf 'sleep 0.3 & wait $!; echo waited fo""r it\n'
		printf 'exit 7\n'
		await 'it does not end' grep -q '^exit' "$WORK/out"
		sleep 1
	}
	debian
	config '.process.args = ["bash", "--norc", "-i"] | .process.env += ["TERM=dumb"]'
	on_terminal
	expect_status 7
	expect_line 'ended with 130'
	expect_line 'waited for it'
}

test_users() {
	writable_debian
	bash_inside '
		useradd --create-home --shell /bin/bash --comment "A Person" person
		groupadd --system helpers
		usermod --append --groups helpers person
		su - person -c "id -un; id -Gn; pwd; touch mine; stat -c %U mine; umask"
		echo person:secret | chpasswd
		passwd --status person | cut -d " " -f 2
		userdel --remove person 2>/dev/null
		getent passwd person || echo gone'
	same 'person
person helpers
/home/person
person
0022
P
gone' "$out" 'the output'
}

test_set_user_id_programs() {
	writable_debian
	script='cp /usr/bin/id /usr/bin/my-id; chmod 4755 /usr/bin/my-id; setpriv --reuid 33 --clear-groups my-id -u'
	bash_says 0 "$script"
	config '.process.noNewPrivileges = true'
	bash_says 33 "$script"
}

# A package with files, owners and a script is built, installed, run and removed.
test_dpkg_installs() {
	writable_debian
	bash_inside '
		mkdir -p /tmp/p/DEBIAN /tmp/p/usr/bin /tmp/p/var/lib/hello
		printf "Package: hello-hull\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b>\nDescription: test\n" >/tmp/p/DEBIAN/control
		printf "#!/bin/sh\nset -e\nchown www-data:tty /var/lib/hello\nmkfifo /var/lib/hello/pipe\n" >/tmp/p/DEBIAN/postinst
		printf "#!/bin/sh\nrm -f /var/lib/hello/pipe\n" >/tmp/p/DEBIAN/prerm
		printf "#!/usr/bin/perl\nprint qq(hello\\\\n);\n" >/tmp/p/usr/bin/hello-hull
		chmod 755 /tmp/p/DEBIAN/p* /tmp/p/usr/bin/hello-hull
		dpkg-deb --root-owner-group -b /tmp/p /tmp/p.deb >/dev/null
		dpkg -i /tmp/p.deb >/dev/null
		hello-hull; stat -c "%U %G" /var/lib/hello; test -p /var/lib/hello/pipe && echo pipe
		dpkg --purge hello-hull >/dev/null
		hash -r; command -v hello-hull || echo gone'
	same 'hello
www-data tty
pipe
gone' "$out" 'the output'
}

# Init here is the shell: it adopts the daemon, and nothing of the daemon outlives init.
test_daemon() {
	writable_debian
	bash_inside '
		start-stop-daemon --start --background --make-pidfile --pidfile /run/d.pid --startas /bin/sleep -- 1000
		start-stop-daemon --status --pidfile /run/d.pid && echo runs
		sed -n "s/^PPid:[[:space:]]*/parent /p" /proc/$(</run/d.pid)/status
		start-stop-daemon --stop --retry 5 --pidfile /run/d.pid >/dev/null
		(setsid sh -c "sleep 0.1 & exit" &)
		sleep 1.5
		for status in /proc/[0-9]*/status; do ! grep -q "^State:.*zombie" $status || cat $status; done
		(setsid sleep 1000 >/dev/null 2>&1 &)'
	same 'runs
parent 1' "$out" 'the output'
}

# Every mount is listed once, its parent is listed or is the mount above the root, and nothing of the host is visible.
test_mountinfo() {
	debian
	bash_inside 'cat /proc/self/mountinfo'
	printf '%s\n' "$out" >"$WORK/mountinfo"
	complaints=$(awk '
		{ if ($1 in seen) print "twice: " $0; seen[$1] = 1; parent[$1] = $2; at[$1] = $5; count[$5]++ }
		$5 == "/" { root = $1; if ($6 !~ /^ro/) print "writable: " $0 }
		$5 !~ /^\/(proc|sys|dev)?($|\/)/ { print "foreign: " $0 }
		/master:|propagate_from:/ { print "still slave: " $0 }
		END {
			for (id in parent) if (id != root && !(parent[id] in seen)) print "orphan: " at[id]
			n = split("/ /proc /dev /dev/pts /dev/shm /dev/mqueue /sys /sys/fs/cgroup", want, " ")
			for (i = 1; i <= n; i++) if (count[want[i]] != 1) print want[i] ": " count[want[i]] + 0 " times"
		}' "$WORK/mountinfo")
	same '' "$complaints" 'what is wrong'
	bash_inside 'findmnt --noheadings --output TARGET --raw'
	same "$(awk '{ print $5 }' "$WORK/mountinfo" | LC_ALL=C sort)" "$(printf '%s\n' "$out" | LC_ALL=C sort)" 'findmnt'
	bash_inside 'df --output=target / /dev /dev/shm | tail -n +2'
	same '/ /dev /dev/shm' "$(echo $out)" 'df'
}

test_proc_and_sys_are_sane() {
	debian
	bash_inside 'ls -d /proc/[0-9]* | wc -l; nproc >/dev/null; cat /proc/self/comm /proc/1/comm
		readlink /proc/self/exe; ls /sys/class/net; test ! -w /proc/sysrq-trigger; test ! -s /proc/kcore; cat /proc/keys'
	expect_line lo
	same '' "$(printf '%s\n' "$out" | grep -Ex 'eth.*|ens.*|enp.*')" 'interfaces of the host'
}

run_tests
