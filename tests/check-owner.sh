#!/bin/sh
# Files that root makes in a user's tree belong to the user, even if make fails; no other file changes its owner. Environment: MAKE.
set -eu
cd "$(dirname "$0")/.."
MAKE=${MAKE:-make}
USER_ID=65534
if [ "$(id -u)" != 0 ] || ! setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups true 2>/dev/null; then
	echo 'needs root, and setpriv(1)'
	exit 77
fi
dir=$(mktemp -d /tmp/hull-owner.XXXXXX)
trap 'rm -rf "$dir"' EXIT
unset AS_OWNER BUILD MAKEFLAGS MFLAGS MAKELEVEL
tree=$dir/tree
chmod 755 "$dir"
mkdir "$tree"
cp -r Makefile README.md src oci namespaces cgroups man tests "$tree"
! command -v git >/dev/null || git init -q "$tree"
chown -R $USER_ID:$USER_ID "$tree"
cd "$tree"

failed() {
	echo "$*"
	exit 1
}

foreign() {
	find . ! -user $USER_ID | head -n 3
}

# by_root GOAL...: runs make as root; no file that it makes may belong to root.
by_root() {
	"$MAKE" --no-print-directory "$@" >"$dir/log" 2>&1 || code=$?
	[ -z "$(foreign)" ] || failed "make $*: not the owner's: $(foreign)"
}

as_user() {
	setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups "$@"
}

code=0
by_root build/obj/src/base/str.o
[ $code = 0 ] && [ -e build/obj/src/base/str.o ] || failed "a make by root fails: $(cat "$dir/log")"
as_user "$MAKE" build/obj/src/base/fd.o >"$dir/log" 2>&1 || failed "a make by the user after root's fails: $(cat "$dir/log")"

# A failure, an interruption, and leftovers of an earlier version.
echo 'int x = ;' >src/base/wrong.c
chown $USER_ID:$USER_ID src/base/wrong.c
by_root build/obj/src/base/wrong.o
[ $code != 0 ] || failed 'what cannot be compiled is compiled'
rm src/base/wrong.c
timeout -s INT 0.5 "$MAKE" build/hull >"$dir/log" 2>&1 || :
[ -z "$(foreign)" ] || failed "not the owner's after an interruption: $(foreign)"
chown -R 0:0 build
code=0
by_root build/obj/src/base/str.o
[ $code = 0 ] || failed "a make by root in an old build fails: $(cat "$dir/log")"

# Logs and other files of scripts that run as root.
mkdir build/logs && : >build/logs/log && ln -s "$dir/log" build/logs/link
BUILD=build sh tests/hand-over.sh
[ -z "$(foreign)" ] || failed "not handed over: $(foreign)"
[ "$(stat -c %u "$dir/log")" = 0 ] || failed 'a link was followed out of the tree'

# A build outside of the tree has its own owner.
"$MAKE" BUILD="$dir/root" "$dir/root/made-with/link" >"$dir/log" 2>&1 || failed "a build elsewhere fails: $(cat "$dir/log")"
[ "$(stat -c %u "$dir/root/made-with/link")" = 0 ] || failed 'a build elsewhere is not of the owner of that place'
[ -z "$(AS_OWNER='' as_user sh tests/owner.sh)" ] || failed 'a user has something to give up'

# Root can find out the commit in a user's tree.
if command -v git >/dev/null; then
	as_user git -c user.name=x -c user.email=x@localhost commit -q --allow-empty -m x
	by_root build/include/version.h
	grep -q 'HULL_COMMIT "[0-9a-f]\{7,\}"' build/include/version.h || failed 'root does not know the commit of a tree of a user'
fi
