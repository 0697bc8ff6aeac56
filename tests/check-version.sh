#!/bin/sh
# The Makefile, the changelog, the RPM's specification and the program name the same version; so does a tag of this commit.
# Environment: BUILD (build), where the program is.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
version=$(sed -n 's/^VERSION = //p' Makefile)

# same WHAT VERSION
same() {
	[ "$2" = "$version" ] && return
	echo "$1 says \"$2\", the Makefile \"$version\""
	bad=1
}

echo "$version" | grep -Eqx '[0-9]+\.[0-9]+\.[0-9]+' || {
	echo "VERSION of the Makefile is no version: \"$version\""
	bad=1
}
same .github/CHANGELOG.md "$(sed -n 's/^## //p' .github/CHANGELOG.md | head -n 1)"
same .package/hull.spec "$(sed -n 's/^Version: *//p' .package/hull.spec)"
same 'hull --version' "$("${BUILD:-build}/hull" --version | sed -n '1s/^hull version //p')"
for tag in $(git -c safe.directory='*' tag --points-at HEAD 2>/dev/null | sed -n 's/^v\([0-9].*\)/\1/p'); do
	same "the tag v$tag" "$tag"
done
exit $bad
