#!/bin/sh
# What the suites of engines skip on a host without controllers in cgroup v2, and without systemd: in the guest, in one boot.
# Prints "ok guest: SUITE: NAME" and so on; 77, with the reason, where no guest can be had. Environment: that of
# tests/vm/run; HULL (build/hull).
set -u
here=$(cd "${0%/*}" && pwd)
cd "$here/../.." || exit 1

# The tests by their suite; each takes seconds there.
tests() {
	echo containerd limits kubernetes kubernetes_by_systemd systemd_cgroup nothing_is_left
	echo docker limits limits_by_cgroupfs nothing_is_left
	echo podman-debian limits systemd_cgroup pause
	echo behaviours limits limits_of_memory_alone update_limits update_to_no_limits update_from_a_file
}

if [ "${1:-}" = inside ]; then
	work=$(mktemp -d /tmp/hull-suite.XXXXXX)
	mkdir -p /usr/local/libexec/hull
	cp "$RESULTS/hull" /usr/local/bin/hull
	[ ! -e "$RESULTS/hull-systemd" ] || cp "$RESULTS/hull-systemd" /usr/local/libexec/hull/
	tar -C "$work" -xf "$RESULTS/template.tar"
	export HULL_TEST_TRIES=2 HULL=/usr/local/bin/hull HULL_TEST_TEMPLATE="$work/template" INSIDE_DEBIAN=1
	export IMAGE_FILE="$RESULTS/image.tar" PAUSE_FILE="$RESULTS/pause.tar"
	tests >"$work/tests"
	code=0
	while read -r suite names; do
		ONLY=$names sh "tests/engines/$suite.sh" </dev/null || code=1
		echo "guest: $suite after $(cut -d ' ' -f 1 /proc/uptime) s"
	done <"$work/tests"
	exit $code
fi

RESULTS=$(mktemp -d "${TMPDIR:-/tmp}/hull-results.XXXXXX")
trap 'rm -rf "$RESULTS"' EXIT
trap 'exit 130' INT TERM HUP
export RESULTS
cp "${HULL:-build/hull}" "$RESULTS/hull" || exit 1
cp "${HULL:-build/hull}-systemd" "$RESULTS/hull-systemd" 2>/dev/null || : # built where libsystemd is
sh tests/engines/make-image.sh "$RESULTS/image.tar" busybox:test || exit 1
sh tests/engines/make-image.sh "$RESULTS/pause.tar" registry.k8s.io/pause:3.8 sleep 1000000 || exit 1
sh tests/make-bundle.sh "$RESULTS/template" && "$RESULTS/hull" spec -b "$RESULTS/template" || exit 1
tar -C "$RESULTS" -cf "$RESULTS/template.tar" template && rm -rf "$RESULTS/template" || exit 1
{
	PACKAGES='packages packages-engines' INIT=systemd \
		VM_APPEND='systemd.mask=containerd.service systemd.mask=docker.service systemd.mask=docker.socket' \
		sh tests/vm/run sh tests/engines/guest.sh inside 2>&1
	echo $? >"$RESULTS/code"
} | sed -u 's/^\(ok\|FAIL\|SKIP\) /&guest: /'
exit "$(cat "$RESULTS/code")"
