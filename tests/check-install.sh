#!/bin/sh
# make install puts each file where it belongs, and make uninstall takes each away. Environment: BUILD, MAKE.
set -eu
dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT
${MAKE:-make} --no-print-directory install DESTDIR="$dest" PREFIX=/usr >/dev/null
for file in bin/hull share/man/man1/hull.1 share/man/man5/hull-config.5 \
	share/bash-completion/completions/hull share/zsh/site-functions/_hull \
	share/fish/vendor_completions.d/hull.fish; do
	[ -s "$dest/usr/$file" ] || {
		echo "not installed, or empty: $file"
		exit 1
	}
done
bash -n "$dest/usr/share/bash-completion/completions/hull"
${MAKE:-make} --no-print-directory uninstall DESTDIR="$dest" PREFIX=/usr >/dev/null
left=$(find "$dest" -type f)
[ -z "$left" ] || {
	echo "left behind: $left"
	exit 1
}
