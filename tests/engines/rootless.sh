#!/bin/sh
# Podman and Buildah as a user other than root, with hull as their runtime: containers in the engine's own user namespace, and in
# further ones inside.
. "${0%/*}/../run/lib.sh"

for program in podman buildah newuidmap setpriv; do
	if ! command -v $program >/dev/null; then
		echo "SKIP $SUITE: $program is not here"
		exit 0
	fi
done
if [ "$(id -u)" != 0 ]; then
	echo "SKIP $SUITE: needs root, to become another user"
	exit 0
fi

# The user has subordinate ids, in a mount namespace of this test's own.
WHO=65534
if [ -z "${SUBIDS:-}" ]; then
	SUBIDS=$(mktemp /tmp/hull-subids.XXXXXX)
	export SUBIDS
	echo "$WHO:200000:65536" >"$SUBIDS"
	chmod 644 "$SUBIDS"
	exec unshare --mount sh -c 'touch /etc/subuid /etc/subgid && mount --bind "$SUBIDS" /etc/subuid &&
		mount --bind "$SUBIDS" /etc/subgid && exec sh "$0"' "$0"
fi
rm -f "$SUBIDS"

as_who() (
	cd "$HOME_DIR" || exit # the tree may be where the user cannot be
	env -i PATH="$PATH" TERM=xterm HOME="$HOME_DIR" XDG_RUNTIME_DIR="$HOME_DIR/run" HULL_TEST_ID="$ID" CONTAINERS_CONF="$HOME_DIR/containers.conf" \
		CONTAINERS_STORAGE_CONF="$HOME_DIR/storage.conf" timeout -k 5 120 \
		setpriv --reuid $WHO --regid $WHO --clear-groups --inh-caps=-all "$@" </dev/null
)
pod() {
	as_who podman "$@"
}

# The user's home, with the image box: our root filesystem.
new_home() {
	HOME_DIR=$(mktemp -d /tmp/hull-home.XXXXXX)
	trap remove_home EXIT
	mkdir "$HOME_DIR/run" "$HOME_DIR/bin"
	cp "$HULL" "$HOME_DIR/bin/hull"
	chmod 755 "$HOME_DIR/bin" "$HOME_DIR/bin/hull"
	cat >"$HOME_DIR/containers.conf" <<-END
		[containers]
		cgroups = "disabled"
		netns = "none"
		log_driver = "k8s-file"
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "hull"
		runtime_supports_json = ["hull"]
		runtime_supports_nocgroup = ["hull"]
		[engine.runtimes]
		hull = ["$HOME_DIR/bin/hull"]
	END
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/root"\nrunroot = "%s/runroot"\n' "$HOME_DIR" "$HOME_DIR" >"$HOME_DIR/storage.conf"
	tar -C "$BUNDLE/rootfs" -cf "$HOME_DIR/box.tar" .
	chown -R $WHO:$WHO "$HOME_DIR"
	chmod 700 "$HOME_DIR/run"
	try pod import -q "$HOME_DIR/box.tar" box
	[ "$status" = 0 ] || skip "Podman cannot work without root here: $(printf '%s' "$errors" | tail -n 1)"
}
remove_home() {
	pod rm -fa -t 0 >/dev/null 2>&1
	# the process that pauses in the engine's user namespace
	for pid in $(cat "$HOME_DIR"/run/libpod/tmp/pause.pid 2>/dev/null); do kill -KILL "$pid"; done
	rm -rf --one-file-system "$HOME_DIR"
} 2>/dev/null

run_box() {
	try pod run --rm "$@"
}

test_run() {
	new_home
	run_box -e "HULL_TEST_ID=$ID" box sh -c 'id -u; cat /proc/self/uid_map; touch /made; stat -c %u:%g /made; exit 7'
	expect_status 7
	printf '%s\n' "$out" | head -n 1 | grep -qx 0 || fail "not root inside: $out"
	printf '%s\n' "$out" | grep -Eq '^ *1 +200000 +65536$' || fail "no subordinate ids: $out"
	printf '%s\n' "$out" | tail -n 1 | grep -qx 0:0 || fail "whose is the file: $out"
	[ "$(find "$HOME_DIR/root" -name made | wc -l)" = 0 ] || fail 'the container stays'
}
test_as_oneself() {
	new_home
	run_box --userns keep-id -e "HULL_TEST_ID=$ID" box id -u
	expect_status 0
	same $WHO "$out" 'the user inside'
}
# maps ROW OPTION...: a container with these options has this map of uids, and can write to its root filesystem.
maps() {
	row=$1
	shift
	run_box -e "HULL_TEST_ID=$ID" "$@" box sh -c 'touch /made && stat -c %u:%g /made; cat /proc/self/uid_map'
	[ "$status" = 0 ] || fail "$*: status $status: $errors"
	same "0:0 $row" "$(echo $out)" "$*"
}
test_user_namespaces() {
	new_home
	maps '0 1 65536' --userns nomap
	maps '0 1 1024' --userns auto
	maps '0 5 2000' --userns auto:size=2000,uidmapping=0:5:2000
	maps '0 100 500' --uidmap 0:100:500 --gidmap 0:100:500
	maps '0 100 10 10 200 500' --uidmap 0:100:10 --uidmap 10:200:500 --gidmap 0:100:510
	try pod run -d --name one --userns nomap -e "HULL_TEST_ID=$ID" box sleep 1000
	expect_status 0
	theirs=$(pod exec one readlink /proc/self/ns/user)
	run_box --userns container:one -e "HULL_TEST_ID=$ID" box readlink /proc/self/ns/user
	same "$theirs" "$out" "container:one: $errors"
	# Podman then knows no mappings, and makes one of its own
	try pod run -d --name two --uidmap 0:0:1000 --gidmap 0:0:1000 -e "HULL_TEST_ID=$ID" box sleep 1000
	expect_status 0
	theirs=$(pod exec two readlink /proc/self/ns/user)
	run_box --userns "ns:/proc/$(pod inspect -f '{{.State.Pid}}' two)/ns/user" -e "HULL_TEST_ID=$ID" box readlink /proc/self/ns/user
	same "$theirs" "$out" "ns: $errors"
	try pod rm -f -t 0 one two
	expect_status 0
}
test_other_user() {
	new_home
	run_box --user 1000:1001 -e "HULL_TEST_ID=$ID" box sh -c 'echo $(id -u):$(id -g); touch /tmp/f; stat -c %u:%g /tmp/f'
	expect_status 0
	same '1000:1001 1000:1001' "$(echo $out)" 'ids'
}
test_errors() {
	new_home
	run_box box nothing
	expect_status 127
	run_box box /etc
	expect_status 126
}
test_detached() {
	new_home
	try pod run -d --name one -e "HULL_TEST_ID=$ID" box sh -c 'echo said; trap "exit 9" TERM; while :; do sleep 0.1; done'
	expect_status 0
	try pod exec one sh -c 'id -u; exit 3'
	expect_status 3
	same 0 "$out" 'the user of exec'
	try pod exec --user 1000 one id -u
	same 1000 "$out" 'the other user of exec'
	logged() { pod logs one | grep -q said; }
	await 'nothing is logged' logged
	try pod stop -t 20 one
	expect_status 0
	try pod wait one
	same 9 "$out" 'what wait tells'
	try pod rm one
	expect_status 0
}
test_build() {
	new_home
	mkdir "$HOME_DIR/context"
	cp "$HOME_DIR/box.tar" "$HOME_DIR/context/root.tar"
	printf 'FROM scratch\nADD root.tar /\nENV HULL_TEST_ID=%s\nRUN id -u >/who && chown 5:6 /who\nRUN test "$(stat -c %%u:%%g /who)" = 5:6\n' "$ID" \
		>"$HOME_DIR/context/Containerfile"
	chown -R $WHO:$WHO "$HOME_DIR/context"
	try as_who buildah bud --isolation oci --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
		--runtime "$HOME_DIR/bin/hull" -t made "$HOME_DIR/context"
	expect_status 0
	run_box -e "HULL_TEST_ID=$ID" localhost/made sh -c 'cat /who; stat -c %u:%g /who'
	same '0 5:6' "$(echo $out)" 'what was built'
}

run_tests
