#!/bin/sh
# make install puts each file in its place, and make uninstall removes each file. When a variable changes, make rebuilds exactly the
# files that depend on it. Runs in a copy of BUILD, since other tests use BUILD at the same time. Environment: BUILD, MAKE.
set -eu
BUILD=${BUILD:-build}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
dest=$dir/dest
copy=$dir/build

failed() {
	echo "$*"
	exit 1
}

make_copy() {
	${MAKE:-make} --no-print-directory BUILD="$copy" "$@" >"$dir/log" 2>&1 || {
		cat "$dir/log"
		failed "make $*: failed"
	}
}

# built PATTERN: whether the last make printed a line about building that.
built() {
	grep -Eq "^  (CC|LD) .*$1" "$dir/log"
}

mkdir "$copy"
cp -a "$BUILD/obj" "$BUILD/include" "$BUILD/man" "$BUILD/made-with" "$BUILD/probe.mk" "$BUILD/floors.ok" "$BUILD/hull" "$copy"
[ ! -e "$BUILD/hull-systemd" ] || cp -a "$BUILD/hull-systemd" "$copy"

find "$copy/obj" -name '*.d' -exec sed -i "s,\(^\| \)$BUILD/,\1$copy/,g" {} + # they name files of BUILD

# make && make install PREFIX=/usr
make_copy install DESTDIR="$dest" PREFIX=/usr
for file in bin/hull share/man/man1/hull.1 share/man/man5/hull-config.5 share/man/man7/hull-engines.7 \
	share/bash-completion/completions/hull share/zsh/site-functions/_hull \
	share/fish/vendor_completions.d/hull.fish; do
	[ -s "$dest/usr/$file" ] || failed "not installed, or empty: $file"
done
bash -n "$dest/usr/share/bash-completion/completions/hull"
grep -q /usr/libexec/hull "$dest/usr/bin/hull" || failed 'the program does not know its libexec directory'
! grep -q /usr/local/libexec "$dest/usr/bin/hull" || failed 'the program knows the libexec directory of another prefix'
built cgroups/systemd.c || failed 'PREFIX has changed, and what depends on it was not built'
! built src/base/str.c || failed 'PREFIX has changed, and what does not depend on it was built'

make_copy install DESTDIR="$dest" PREFIX=/usr
! built . || failed "installed twice, and built twice: $(cat "$dir/log")"

make_copy uninstall DESTDIR="$dest" PREFIX=/usr
left=$(find "$dest" -type f -o -name hull)
[ -z "$left" ] || failed "left behind: $left"

# Variables that concern one kind of file each.
cp -a "$copy" "$dir/again"
make_copy "$copy/obj/src/base/str.o" CFLAGS='-O1 -g'
built src/base/str.c || failed 'CFLAGS have changed, and an object was not built'
make_copy "$copy/obj/src/base/str.o" CFLAGS='-O1 -g'
! built . || failed 'CFLAGS have not changed, and an object was built'
rm -rf "$copy"
mv "$dir/again" "$copy"
make_copy "$copy/hull" VERSION=9.8.7
case $("$copy/hull" --version) in *' version 9.8.7'*) ;; *) failed 'VERSION has changed, and the program has the old one' ;; esac
make_copy "$copy/hull" VERSION=9.8.7 LDFLAGS=-Wl,--build-id=none
built "$copy/hull" || failed 'LDFLAGS have changed, and the program was not linked'
! built '[.]c$' || failed 'LDFLAGS have changed, and something was compiled'

# sudo drops the environment: variables that "install" is not given are those of the build.
make_copy "$copy/hull" "$copy/made-with/variables.mk" LDFLAGS=-Wl,--build-id=none
make_copy install DESTDIR="$dest"
! built '[.]c$' || built cgroups/systemd.c || failed 'install compiles what the build has made'
grep -q 'LDFLAGS = -Wl,--build-id=none' "$copy/made-with/variables.mk" || failed 'install forgets LDFLAGS'
