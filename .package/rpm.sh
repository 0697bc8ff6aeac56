#!/bin/sh
# Makes a binary RPM in BUILD by rpmbuild(8) and hull.spec, from the tree as it is. Environment: BUILD, VERSION.
set -eu
BUILD=${BUILD:-build}
command -v rpmbuild >/dev/null || {
	echo "rpmbuild is needed, of the package rpm-build, or of Debian's package rpm" >&2
	exit 1
}
top=$(mkdir -p "$BUILD/rpm" && readlink -f "$BUILD/rpm")
mkdir -p "$top/SOURCES"
tar -c -z -f "$top/SOURCES/hull-$VERSION.tar.gz" --exclude="./build" --exclude="./$BUILD" --exclude=./.git \
	--transform "s,^\\.,hull-$VERSION," .

# Debian's rpm knows the dependencies of no Debian package; debug packages are for distributions.
nodeps=
rpm -q --quiet gcc 2>/dev/null || nodeps=--nodeps
rpmbuild -bb $nodeps --define "_topdir $top" --define 'debug_package %{nil}' --define 'dist %{nil}' .package/hull.spec >"$top/log" 2>&1 || {
	tail -n 40 "$top/log" >&2
	exit 1
}
rm -f "$BUILD"/hull-*.rpm
find "$top/RPMS" -name "hull-$VERSION-*.rpm" -exec cp {} "$BUILD" \;
find "$BUILD" -maxdepth 1 -name "hull-$VERSION-*.rpm"
