#!/bin/sh
# Prints, as make(1) variables, what the compiler and the libraries support. Environment: CC, STATIC.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/probe.c" <<'C'
#include <seccomp.h>
#include <sys/capability.h>
#include <yajl/yajl_parse.h>
int main(void)
{
	yajl_handle parser = yajl_alloc(0, 0, 0);
	return seccomp_init(0) && parser && cap_max_bits() ? 0 : 1;
}
C
echo 'int main(void) { return 0; }' >"$dir/empty.c"

links() {
	$CC -O2 -fPIE -o "$dir/probe" "$@" >/dev/null 2>&1
}

cflags=-fPIE ldflags=-pie libs='' entry=''
if $CC -fcf-protection -c -o "$dir/empty.o" "$dir/empty.c" >/dev/null 2>&1; then
	cflags="$cflags -fcf-protection"
fi

# Uses the archive if there is one: the dynamic loader then has fewer files to find and map at each start.
for names in 'libseccomp.a -lseccomp' 'libcap.a -lcap' 'libyajl_s.a libyajl.a -lyajl'; do
	for name in $names; do
		case $name in
		-l*) option=$name ;;
		*) option=-l:$name ;;
		esac
		if [ "$STATIC" = 0 ] && [ "$option" = "-l:$name" ]; then
			continue
		fi
		if links -pie "$dir/empty.c" -Wl,--no-as-needed "$option"; then
			libs="$libs $option"
			break
		fi
	done
done
if [ "$STATIC" != 0 ] && links -static-pie "$dir/probe.c" $libs && "$dir/probe"; then
	ldflags=-static-pie
	# Packs three thousand relocations into one kilobyte instead of eighty; each start reads all of them.
	packed=-Wl,-z,pack-relative-relocs
	if links -static-pie $packed "$dir/probe.c" $libs && "$dir/probe"; then
		ldflags="$ldflags $packed"
	fi
	case $($CC -dumpmachine) in # src/launch/entry.c
	x86_64-* | aarch64-*) entry=-Wl,-e,hull_entry ;;
	esac
elif ! links -pie "$dir/probe.c" $libs; then
	echo "the libraries libseccomp, libcap and yajl (with headers) are needed;" \
		"'make build-packages' as root installs them" >&2
	exit 1
fi
# Only hull-systemd is linked with it. If hull-systemd is missing, the systemd driver reports that.
echo '#include <systemd/sd-bus.h>
int main(void) { return sd_bus_new(0) != 0; }' >"$dir/systemd.c"
systemd=
if links -pie "$dir/systemd.c" -lsystemd; then
	systemd=-lsystemd
fi
printf 'PROBED_SYSTEMD = %s\n' "$systemd"
printf 'PROBED_CFLAGS = %s\nPROBED_LDFLAGS = %s\nPROBED_LIBS = %s\nPROBED_ENTRY = %s\n' \
	"$cflags" "$ldflags" "$libs" "$entry"
