#!/bin/sh
# Gives the files that root made in BUILD to the owner of BUILD, who is the owner of the tree (tests/owner.sh). For the EXIT trap of
# a script that root runs and that writes there. Environment: BUILD (build).
set -eu
BUILD=${BUILD:-build}
[ "$(id -u)" = 0 ] && [ -d "$BUILD" ] || exit 0
owner=$(stat -c %u:%g "$BUILD")
[ "${owner%:*}" = 0 ] || find "$BUILD" -xdev -user 0 -exec chown -h "$owner" {} +
