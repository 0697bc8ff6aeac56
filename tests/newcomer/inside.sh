#!/bin/sh
# The steps of a newcomer, in a fresh root: see roots.sh, which starts this script. Environment: SUITE, PARTS, WHOLE.
set -u
LOGS=$(mktemp -d /tmp/logs.XXXXXX)
HOME_OF=/home/person
TREE=$HOME_OF/hull
FAILED=0

# step NAME COMMAND...: prints a line, and the log if the command fails.
step() {
	name=$1
	shift
	began=$(date +%s)
	("$@") >"$LOGS/log" 2>&1 </dev/null
	case $? in
	0) echo "ok newcomer: $SUITE: $name${SECONDS_TOO:+ ($(($(date +%s) - began)) s)}" ;;
	77) echo "SKIP newcomer: $SUITE: $name: $(tail -n 1 "$LOGS/log")" ;;
	*)
		echo "FAIL newcomer: $SUITE: $name: $(grep -v '^ *$' "$LOGS/log" | tail -n 1)"
		{
			grep -A 12 '^\[[0-9/]*\] FAIL ' "$LOGS/log"
			tail -n 25 "$LOGS/log"
		} | sed 's/^/    /'
		FAILED=1
		return 1
		;;
	esac
}

# Runs the command as the ordinary user, in the tree.
person() {
	runuser -u person -- env HOME=$HOME_OF USER=person LOGNAME=person XDG_RUNTIME_DIR=/run/user/person sh -euc "cd ${PLACE:-$TREE}; $1"
}

# Runs the command on a terminal, and types the text there.
on_terminal() { # TYPED COMMAND
	{
		sleep 1
		printf '%s\n' "$1"
		sleep 1
	} | person "script -q -e -c '$2' /dev/null"
}

fails() {
	echo "$*"
	exit 1
}

packages() {
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

# The literal blocks of a section of the README.
typed() {
	awk -v section="## $1" '$0 == section { on = 1; next } /^## / { on = 0 } on && /^    / { print substr($0, 5) }' $TREE/README.md
}

begin() {
	useradd --create-home --shell /bin/bash person || return
	echo 'person ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/person
	chown -R person:person /mnt/source.git
	mkdir -p /run/user && install -d -o person -g person -m 700 /run/user/person # as a login makes it
	cd $HOME_OF || return
	PLACE=$HOME_OF person 'git clone -q /mnt/source.git hull'
}

tree_is_the_callers() {
	foreign=$(find $TREE ! -user person | head -n 3)
	[ -z "$foreign" ] || fails "not the caller's: $foreign"
}

demo() {
	person 'sudo make demo' || return
	grep -q '^ *hostname  *hull  *fresh *$' "$LOGS/log" || fails 'the demonstration shows no container'
	tree_is_the_callers
}

interrupted_make() {
	person 'sudo timeout -s INT 2 make -B build/hull || test $? = 124' || return
	person 'sudo make no-such-goal && exit 1 || :' || return
	tree_is_the_callers
}

build() {
	person make || return
	again=$(person make)
	[ -z "$again" ] || fails "a second make builds again: $again"
	tree_is_the_callers
}

listing() {
	find /usr ! -type d \( -path '/usr/local/*' -o -name '*hull*' \) | LC_ALL=C sort
}

# If sudo does not look into /usr/local/bin, the README has another prefix.
where_sudo_looks() {
	[ $PREFIX = /usr ] || return 0
	typed Installing | grep -qx 'sudo make install PREFIX=/usr' || fails 'the README does not tell where sudo finds hull'
	person 'sudo make install' >"$LOGS/install" 2>&1 && person 'sudo make uninstall'
	grep '^note: /usr/local/bin is not in PATH.*sudo does not find hull' "$LOGS/install" || fails 'make install does not say that sudo finds no hull'
}

installation() {
	listing >"$LOGS/before"
	given=
	[ $PREFIX = /usr/local ] || given=PREFIX=$PREFIX
	person "sudo make install $given" >"$LOGS/install" 2>&1 || { cat "$LOGS/install"; return 1; }
	[ -n "$given" ] || ! grep -E '^  (CC|LD) ' "$LOGS/install" || fails 'sudo make install builds again'
	tree_is_the_callers
	said=$(PLACE=/ person 'hull --version')
	commit=$(person 'git rev-parse --short=10 HEAD')
	case $said in *"commit: $commit"*) ;; *) fails "hull --version says $said, not $commit" ;; esac
	for file in libexec/hull/hull-systemd share/man/man1/hull.1 share/man/man5/hull-config.5 share/man/man7/hull-engines.7 \
		share/bash-completion/completions/hull share/zsh/site-functions/_hull share/fish/vendor_completions.d/hull.fish; do
		[ -s $PREFIX/$file ] || [ $file = libexec/hull/hull-systemd ] || fails "not installed: $PREFIX/$file"
	done
	bash -c '. '$PREFIX'/share/bash-completion/completions/hull && complete -p hull'
}

other_prefix() {
	person 'sudo make install PREFIX=/opt/h DESTDIR=/tmp/staged' || return
	grep -q /opt/h/libexec/hull /tmp/staged/opt/h/bin/hull || fails 'the prefix is not in the program'
	! grep -q /usr/local/libexec /tmp/staged/opt/h/bin/hull || fails 'the old prefix is in the program'
	tree_is_the_callers
	rm -rf /tmp/staged
}

uninstallation() {
	person "sudo make uninstall PREFIX=$PREFIX" || return
	listing >"$LOGS/after"
	diff "$LOGS/before" "$LOGS/after" && [ ! -e $PREFIX/libexec/hull ]
}

check() {
	person "sudo make check${PARTS:+ PARTS='$PARTS'}"
	code=$?
	[ $code = 0 ] && grep -Eq '^[0-9]+ passed, 0 failed' "$LOGS/log" || return 1
	tree_is_the_callers
	person 'make clean' # nothing of root's is in the way
}

# The package is made by the user, installed, used and removed.
package() {
	typed Installing | grep -qx 'sudo make deb' && person 'sudo make deb' || return
	tree_is_the_callers
	command=$(typed Installing | sed -n 's/ apt install / apt-get install -q -y /p')
	[ -n "$command" ] || fails 'the README does not tell how to install the package'
	person "$command" || return
	[ "$(command -v hull)" = /usr/bin/hull ] || fails 'the package has no /usr/bin/hull'
	for file in /usr/share/man/man1/hull.1.gz /usr/share/man/man5/hull-config.5.gz /usr/share/man/man7/hull-engines.7.gz \
		/usr/share/bash-completion/completions/hull /usr/share/zsh/vendor-completions/_hull \
		/usr/share/fish/vendor_completions.d/hull.fish /usr/share/doc/hull/copyright /usr/share/doc/hull/changelog.gz; do
		[ -s $file ] || fails "not in the package: $file"
	done
	! dpkg --verify hull | grep . || fails 'installed files differ'
	run_from_package
}

# Runs the container of the demonstration with the packaged program.
run_from_package() {
	rm -rf /tmp/box
	sh $TREE/tests/make-bundle.sh /tmp/box && cd /tmp/box && hull spec || return
	PLACE=/tmp/box on_terminal 'echo sum $((40 + 2)); exit 5' 'sudo hull run packaged' >/tmp/out
	code=$?
	cat /tmp/out
	[ $code = 5 ] && grep -q '^sum 42' /tmp/out
}

# The profile is installed exactly if AppArmor knows user namespaces.
apparmor() {
	packages apparmor || return
	if [ -e /etc/apparmor.d/abi/4.0 ]; then
		[ -e /etc/apparmor.d/hull ] || fails 'AppArmor is new enough, and there is no profile'
		apparmor_parser --skip-kernel-load --skip-cache /etc/apparmor.d/hull || return
	else
		[ ! -e /etc/apparmor.d/hull ] || fails 'this AppArmor cannot read the profile'
	fi
	dpkg-reconfigure hull
}

package_removed() {
	apt-get purge -q -y hull || return
	left=$(find / -xdev -path /mnt -prune -o -path /home -prune -o -path /proc -prune -o -path /tmp -prune -o -path /run -prune \
		-o -path /var/cache -prune -o -path /root -prune -o \( -name hull -o -name 'hull[-.]*' -o -name _hull \) -print)
	[ -z "$left" ] || fails "left behind: $left"
}

rpm_package() {
	packages rpm && person 'make rpm' || return
	tree_is_the_callers
	rpm --root /tmp/rpm --nodeps -i $TREE/build/hull-*.rpm && [ -s /tmp/rpm/usr/libexec/hull/hull-systemd ] &&
		/tmp/rpm/usr/bin/hull --version
}

# Root's own way, in a tree that belongs to root; the build is copied, to save a compilation.
by_root() {
	cp -r --preserve=timestamps,mode $TREE /root/hull && cd /root/hull || return
	make demo >"$LOGS/demo" 2>&1 && grep -q '^ *hostname  *hull  *fresh *$' "$LOGS/demo" || { cat "$LOGS/demo"; return 1; }
	make install && hull --version && make uninstall && [ -z "$(find . -user person)" ]
}

step clone begin || exit 1
. $TREE/tests/newcomer/examples.sh
step 'sudo make demo' demo || exit 1
step 'make, after sudo make demo' build
step 'an interrupted and a failed sudo make' interrupted_make
step 'make again' build
step 'all of it by root' by_root
case :$(PLACE=/ person 'sudo printenv PATH'): in
*:/usr/local/bin:*) PREFIX=/usr/local ;;
*) PREFIX=/usr ;;
esac
step 'where sudo looks for programs' where_sudo_looks
step 'sudo make install' installation
step 'make install with another prefix' other_prefix
step "sudo make check${PARTS:+ PARTS='$PARTS'}" check
examples
step 'sudo make uninstall' uninstallation
step 'make deb, and a container by the package' package &&
	step 'the AppArmor profile of the package' apparmor &&
	step 'the package removed' package_removed
[ -z "$WHOLE" ] && [ "$SUITE" != bookworm ] || step 'make rpm' rpm_package
exit $FAILED
