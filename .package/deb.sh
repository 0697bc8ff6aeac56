#!/bin/sh
# Makes BUILD/hull_VERSION_ARCHITECTURE.deb by dpkg-deb(1), from what `make install` installs. Environment: BUILD, VERSION, MAKE;
# DEBFULLNAME and DEBEMAIL, the maintainer of the package.
set -eu
here=$(dirname "$0")
BUILD=${BUILD:-build}
MAKE=${MAKE:-make}

command -v dpkg-shlibdeps >/dev/null || {
	echo "dpkg-deb and dpkg-shlibdeps of Debian's package dpkg-dev are needed" >&2
	exit 1
}
architecture=$(dpkg --print-architecture)
version=$VERSION-1
work=$BUILD/deb
root=$work/root
doc=$root/usr/share/doc/hull
rm -rf "$work/root"
mkdir -p "$work" "$root/DEBIAN"
chmod 755 "$root" "$root/DEBIAN"
umask 022

# By the distribution's flags, in a directory of its own: the libexec directory is in the program.
CFLAGS=$(dpkg-buildflags --get CFLAGS) CPPFLAGS=$(dpkg-buildflags --get CPPFLAGS) LDFLAGS=$(dpkg-buildflags --get LDFLAGS)
# Our own hardening comes with these two.
CPPFLAGS=$(echo "$CPPFLAGS" | sed 's/-D_FORTIFY_SOURCE=[0-9]//')
export CFLAGS CPPFLAGS LDFLAGS
$MAKE --no-print-directory -j "$(nproc)" BUILD="$work/build" PREFIX=/usr DESTDIR="$root" all >"$work/log" 2>&1 &&
	$MAKE --no-print-directory BUILD="$work/build" PREFIX=/usr DESTDIR="$root" install >>"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/hull"
mv "$root/usr/share/zsh/site-functions" "$root/usr/share/zsh/vendor-completions"
programs=usr/bin/hull
if [ -e "$root/usr/libexec/hull/hull-systemd" ]; then
	strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/libexec/hull/hull-systemd"
	programs="$programs usr/libexec/hull/hull-systemd"
fi

install -D -m 644 "$here/apparmor" "$root/usr/share/hull/apparmor"
install -D -m 644 "$here/copyright" "$doc/copyright"
install -D -m 644 "$here/lintian-overrides" "$root/usr/share/lintian/overrides/hull"
if ! readelf -l "$root/usr/bin/hull" | grep -q INTERP; then :; else rm "$root/usr/share/lintian/overrides/hull"; fi
install -m 644 .github/CHANGELOG.md "$doc/changelog"
name=${DEBFULLNAME:-$(git -c safe.directory='*' config user.name 2>/dev/null || id -un)}
address=${DEBEMAIL:-$(git -c safe.directory='*' config user.email 2>/dev/null || echo "$(id -un)@$(hostname)")}
epoch=${SOURCE_DATE_EPOCH:-$(git -c safe.directory='*' log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH="$epoch"
cat >"$doc/changelog.Debian" <<CHANGELOG
hull ($version) unstable; urgency=medium

  * Release $VERSION: see changelog.gz.

 -- $name <$address>  $(LC_ALL=C date -u -R -d "@$epoch")
CHANGELOG
gzip -9n "$doc/changelog" "$doc/changelog.Debian"
find "$root/usr/share/man" -type f -exec gzip -9n {} +

# dpkg-shlibdeps(1) reads a source package's control file, of which there is none.
mkdir -p "$work/debian"
printf 'Source: hull\n\nPackage: hull\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && for program in $programs; do printf '%s ' "-eroot/$program"; done |
	xargs dpkg-shlibdeps -O 2>shlibdeps.log | sed -n 's/^shlibs:Depends=//p')
cat >"$root/DEBIAN/control" <<CONTROL
Package: hull
Version: $version
Architecture: $architecture
Maintainer: $name <$address>
Installed-Size: $(du -k -s --apparent-size "$root/usr" | cut -f 1)
${depends:+Depends: $depends
}Recommends: uidmap, passt
Suggests: debootstrap, umoci
Section: admin
Priority: optional
Description: small and quick OCI container runtime
 hull runs the process that an OCI bundle describes, isolated by namespaces,
 bounded by a cgroup and filtered by seccomp. It takes the options of runc and
 crun, so Podman, containerd, Docker and Slurm can use it in their place.
 .
 "hull check" says whether a configuration is right and whether the host can
 honour it; "hull spec --explain" tells what a property means.
CONTROL
for script in postinst prerm postrm; do
	install -m 755 "$here/$script" "$root/DEBIAN/$script"
done
install -m 644 "$here/triggers" "$root/DEBIAN/triggers"
(cd "$root" && find usr -type f -exec md5sum {} + | LC_ALL=C sort -k 2 >DEBIAN/md5sums)
chmod 644 "$root/DEBIAN/md5sums" "$root/DEBIAN/control"
rm -f "$BUILD"/hull_*.deb
package=$BUILD/hull_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$root" "$package" >>"$work/log"
echo "$package"
