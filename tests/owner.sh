#!/bin/sh
# Prints the words before a command by which root runs it as the owner of the tree, so that `sudo make` leaves no file of root's in
# a user's tree: "setpriv --reuid=… env HOME=…". Prints nothing if there is nothing to give up. Environment: BUILD (build).
set -u
BUILD=${BUILD:-build}
[ "$(id -u)" = 0 ] || exit 0

# A build directory outside of the tree has an owner of its own.
tree=$(readlink -f .)
place=$(readlink -m -- "$BUILD" 2>/dev/null || echo "$tree/$BUILD")
case $place/ in
"$tree"/*) ids=$(stat -c '%u %g' "$tree") ;;
*)
	while [ ! -e "$place" ]; do place=$(dirname "$place"); done
	ids=$(stat -c '%u %g' "$place")
	;;
esac
uid=${ids% *} gid=${ids#* }
[ "$uid" != 0 ] || exit 0

# Files of root's that an interrupted or older make left go back to the owner.
case $place in
"$tree"/*)
	if [ -d "$BUILD" ] && [ "$(stat -c %u "$BUILD")" = 0 ]; then
		chown -Rh "$uid:$gid" "$BUILD" 2>/dev/null
	fi
	;;
esac

# Not if the owner cannot write: an id that this user namespace does not map, a tree below a private directory.
setpriv=$(command -v setpriv) && home=$(getent passwd "$uid" 2>/dev/null | cut -d : -f 6)
as="$setpriv --reuid=$uid --regid=$gid --clear-groups -- $(command -v env) HOME=${home:-/tmp}"
! $as sh -c 'mkdir -p "$1" && test -w "$1"' sh "$BUILD" 2>/dev/null || echo "$as"
