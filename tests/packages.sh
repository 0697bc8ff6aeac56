#!/bin/sh
# Installs the missing packages for this distribution: packages.sh DEBIAN FEDORA ALPINE, each a list in one word. "?name" is
# optional: it is installed if the distribution knows it. If all are installed, this does nothing and needs no network.
set -eu

if command -v apt-get >/dev/null; then
	list=$1
	have() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed'; }
	known() { apt-cache show "$1" >/dev/null 2>&1; }
	refresh() { apt-get update -q; }
	install() { DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"; }
elif command -v dnf >/dev/null; then
	list=$2
	have() { rpm -q --quiet "$1"; }
	known() { dnf -q info "$1" >/dev/null 2>&1; }
	refresh() { :; }
	install() { dnf install -q -y "$@"; }
elif command -v apk >/dev/null; then
	list=$3
	have() { apk info -q -e "$1"; }
	known() { apk search -q -e "$1" | grep -q .; }
	refresh() { apk update -q; }
	install() { apk add -q "$@"; }
else
	echo "no apt-get, dnf or apk here: please install the like of: $1" >&2
	exit 0
fi

wanted='' optional=''
for name in $list; do
	case $name in
	\?*) have "${name#?}" || optional="$optional ${name#?}" ;;
	*) have "$name" || wanted="$wanted $name" ;;
	esac
done
if [ -n "$wanted" ] && [ "$(id -u)" != 0 ]; then
	echo "missing packages:$wanted (run this as root to install them)" >&2
	exit 1
fi
if [ -n "$wanted" ]; then
	refresh
fi
extra=''
for name in $optional; do
	if known "$name"; then
		extra="$extra $name"
	fi
done
if [ -n "$wanted" ]; then
	echo "installing:$wanted$extra"
	install $wanted $extra
elif [ -n "$extra" ] && [ "$(id -u)" = 0 ]; then
	echo "installing:$extra"
	install $extra || echo "optional, and could not be installed:$extra" >&2
fi
