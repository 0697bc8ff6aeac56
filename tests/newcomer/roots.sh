#!/bin/sh
# The steps of a newcomer on fresh Debian roots (minbase, git, make and sudo): both commands of the README, installation, its
# examples, and the package, by an ordinary user with sudo and by root. Prints "ok newcomer: …", "FAIL newcomer: …" or "SKIP
# newcomer: …" lines.
#
# The root is an overlay of a cached one and forgets all changes. It has namespaces of its own, except for the network, which
# apt-get needs, and sees its own cgroup as the root of cgroup v2. The packages that it fetches are cached too.
#
# Environment: ROOTS, a list of suites or "all" (by default one, chosen by the number of commits); PARTS of `make check` ("static
# unit" by default; "all" for all); SECONDS_TOO, to print the seconds of each step; XDG_CACHE_HOME, DEBIAN_MIRROR.
set -eu
here=$(cd "${0%/*}" && pwd)
tree=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-/var/cache}/hull-tests

skip() {
	echo "SKIP newcomer: $*"
	exit 0
}

# The second half: process 1 of the new namespaces of one root.
if [ -n "${NEWCOMER:-}" ]; then
	root=$NEWCOMER/root
	layers=lowerdir=$DEBIAN,upperdir=$NEWCOMER/disk/upper,workdir=$NEWCOMER/disk/work
	mkdir -p "$root" "$NEWCOMER/disk/upper" "$NEWCOMER/disk/work"
	# Nothing here needs to survive a crash: dpkg(1) syncs each file.
	mount -t overlay -o "$layers,volatile" overlay "$root" 2>/dev/null || mount -t overlay -o "$layers" overlay "$root" 2>/dev/null || {
		mount -t tmpfs -o mode=755 hull-newcomer "$NEWCOMER/disk"
		mkdir "$NEWCOMER/disk/upper" "$NEWCOMER/disk/work"
		mount -t overlay -o "$layers" overlay "$root"
	}
	mount -t proc proc "$root/proc"
	mount -t sysfs sysfs "$root/sys"
	mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
	mount -t tmpfs -o mode=755,nosuid dev "$root/dev"
	mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/net"
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
	mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
	for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 kmsg:1:11 fuse:10:229 net/tun:10:200; do
		mknod -m 666 "$root/dev/${device%%:*}" c $(echo "${device#*:}" | tr : ' ')
	done
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	for stream in in:0 out:1 err:2; do
		ln -s "fd/${stream#*:}" "$root/dev/std${stream%:*}"
	done
	mount -t tmpfs -o mode=755 run "$root/run"
	mount -t tmpfs -o mode=1777 tmp "$root/tmp"
	mkdir -p "$root/var/lib/containers"
	mount -t tmpfs containers "$root/var/lib/containers" # an overlay is no upper layer of another
	mount --bind "$cache/archives-$SUITE" "$root/var/cache/apt/archives"
	mkdir -p "$root/mnt/pristine" "$root/mnt/source.git"
	mount --bind -o ro "$DEBIAN" "$root/mnt/pristine"
	mount --bind "$NEWCOMER/source.git" "$root/mnt/source.git"
	rm -f "$root/etc/resolv.conf"
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	cp "$here/inside.sh" "$root/mnt/inside.sh"
	# How this machine reaches the archive, and whether an old archive is accepted.
	apt-config dump 2>/dev/null | grep -E '^Acquire::(Check-|Retries|ForceIPv|https?::(Proxy|Timeout))' \
		>"$root/etc/apt/apt.conf.d/90machine" || :
	hostname fresh
	printf '127.0.0.1 localhost\n127.0.1.1 fresh\n' >"$root/etc/hosts"
	# Of this machine's environment, only the variables that lead to the network.
	unshare --mount sh -c 'cd "$0" && busybox pivot_root . opt && cd / && umount -l /opt && exec "$@"' "$root" \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb SUITE="$SUITE" \
		PARTS="${PARTS:-}" WHOLE="${WHOLE:-}" SECONDS_TOO="${SECONDS_TOO:-}" ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
		sh /mnt/inside.sh # not by exec: this shell waits for orphans
	exit
fi

[ "$(id -u)" = 0 ] || skip 'needs root'
for tool in git unshare debootstrap; do
	command -v $tool >/dev/null || skip "$tool is not here"
done
git() { command git -c safe.directory='*' "$@"; }
cd "$tree"

suites='bookworm trixie sid'
case ${ROOTS:-} in
all) WHOLE=1 ;;
'')
	count=$(git rev-list --count HEAD 2>/dev/null || date +%j)
	suites=$(echo "$suites" | cut -d ' ' -f $((${count#0} % 3 + 1)))
	WHOLE=
	;;
*) suites=$(echo "$ROOTS" | tr , ' ') WHOLE= ;;
esac
export WHOLE
PARTS=${PARTS:-static unit}
[ "$PARTS" != all ] || PARTS=
export PARTS

cgroup2=/sys/fs/cgroup
[ "$(stat -f -c %T $cgroup2)" = cgroup2fs ] || cgroup2=$cgroup2/unified
# The test loop clears this name after an interrupted run.
work=$(mktemp -d "/var/tmp/hull-run.${HULL_TEST_LOOP:-newcomer}.XXXXXX")
cgroup=$cgroup2/${work##*/}
finish() {
	[ ! -d "$cgroup" ] || echo 1 >"$cgroup/cgroup.kill" || :
	for _ in $(seq 50); do
		find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || :
		[ -d "$cgroup" ] || break
		sleep 0.1
	done
	rm -rf --one-file-system "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# The tree as it is, committed or not.
publish() {
	command git init -q --bare "$work/source.git"
	git rev-parse -q --verify HEAD >/dev/null 2>&1 && git push -q "$work/source.git" HEAD:refs/heads/main
	set -- --git-dir="$work/source.git" --work-tree="$tree" -c core.bare=false
	git "$@" symbolic-ref HEAD refs/heads/main
	git "$@" add -A
	git "$@" diff --cached --quiet 2>/dev/null ||
		git "$@" -c user.name=newcomer -c user.email=newcomer@localhost commit -q -m 'The tree as it is'
}
publish

code=0
for SUITE in $suites; do
	DEBIAN=$(SUITE=$SUITE sh "$tree/tests/engines/make-debian.sh" git make sudo) || {
		echo "SKIP newcomer: $SUITE: $DEBIAN"
		continue
	}
	mkdir -p "$cache/archives-$SUITE/partial" "$work/$SUITE" "$cgroup/self"
	export SUITE DEBIAN
	NEWCOMER=$work/$SUITE
	mv "$work/source.git" "$NEWCOMER"
	exec 8>"$cache/archives-$SUITE/hull-lock"
	flock 8 # one apt-get at a time
	# In the background, so that a signal ends it at once. A shell makes background processes ignore interrupts; env(1) undoes
	# that.
	NEWCOMER=$NEWCOMER sh -c 'echo 0 >"$0/cgroup.procs"
		exec unshare --cgroup sh -c "echo 0 >\"\$0/self/cgroup.procs\"; exec \"\$@\"" "$0" \
			unshare --mount --pid --fork --kill-child --ipc --uts env --default-signal=INT,QUIT "$@"' \
		"$cgroup" sh "$here/roots.sh" </dev/null &
	wait $! || code=1
	mv "$NEWCOMER/source.git" "$work"
	rm -rf --one-file-system "$NEWCOMER"
done
exit $code
