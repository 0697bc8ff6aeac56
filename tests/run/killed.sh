#!/bin/sh
# hull, or init, is killed at each of its system calls in turn: whatever is left can be deleted, and then nothing is left. STEPS
# (40) is the number of points of each command, spread evenly.
. "${0%/*}/lib.sh"
STEPS=${STEPS:-40}

# These commands are traced and need no time limit.
kill_at() {
	"$KILL_AT" "$1" "$2" "$HULL" --root "$STATE" "$3" -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors"
}

# Tries each point of COMMAND where WHO is killed. A run ends by itself, so its leftovers are looked at after the kill too.
kill_everywhere() { # WHO COMMAND
	kill_at "$1" 0 "$2"
	[ $? = 3 ] || fail "$2 cannot be traced: $(cat "$WORK/errors")"
	total=$(tail -n 1 "$WORK/out")
	[ "$total" -gt 10 ] || fail "only $total system calls"
	hull delete --force "$ID" || fail "delete after the count"
	step=$((total / STEPS + 1))
	at=1
	while [ $at -le "$total" ]; do
		kill_at "$1" $at "$2"
		if [ "$1" = child ]; then
			# init is dead: create has reported that and undone its work, or had finished
			[ "$(tail -n 1 "$WORK/out")" != 0 ] || [ -n "$(ls -A "$STATE")" ] || [ "$2" = run ] ||
				fail "$2 killed at $at: success without a container"
			[ "$(tail -n 1 "$WORK/out")" = 0 ] || [ -s "$WORK/errors" ] || [ "$2" = run ] ||
				fail "$2 killed at $at: nothing was said"
		fi
		try hull delete --force "$ID"
		[ "$status" = 0 ] || fail "$2 killed at $at of $total: delete --force says $errors"
		nothing_left "$1 of $2 killed at $at of $total"
		at=$((at + step))
	done
}

test_create() {
	with_killer
	config '.process.args = ["sleep", "1000"]'
	kill_everywhere parent create
}

test_create_nested_cgroup() {
	with_killer
	config --arg path "/tests-$ID/a/b" '.process.args = ["sleep", "1000"] | .linux.cgroupsPath = $path'
	kill_everywhere parent create
}

test_create_with_everything() {
	with_killer
	everything
	kill_everywhere parent create
}

# Processes that make a user namespace, and an overlay, are not left either.
test_create_with_mapped_overlay() {
	with_killer
	maps_ids "$BUNDLE" || skip 'this kernel maps no ids of what the tests are on'
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
	config --arg source "$BUNDLE/rootfs/etc" '.process.args = ["sleep", "1000"] | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
		| .mounts += [{destination: "/mnt", source: $source, options: ["bind", "idmap=uids=0-7-1;gids=0-7-1"]}]'
	printf '#!/bin/sh\n[ "$3" != create ] || set -- "$@" --overlay tmp\nexec "%s" "$@"\n' "$HULL" >"$WORK/hull"
	chmod 755 "$WORK/hull"
	HULL=$WORK/hull
	kill_everywhere parent create
	kill_everywhere child create
}

test_create_without_cgroup() {
	with_killer
	config '.process.args = ["sleep", "1000"]'
	real=$HULL
	printf '#!/bin/sh\nexec "%s" --cgroup-manager disabled "$@"\n' "$real" >"$WORK/hull"
	chmod 755 "$WORK/hull"
	HULL=$WORK/hull
	kill_everywhere parent create
}

test_run() {
	with_killer
	config '.process.args = ["true"]'
	kill_everywhere parent run
}

test_init_of_create() {
	with_killer
	config '.process.args = ["sleep", "1000"]'
	kill_everywhere child create
}

test_init_of_run() {
	with_killer
	config '.process.args = ["true"]'
	kill_everywhere child run
}

# After start is killed anywhere, the container is created, running or stopped, and can be deleted.
test_start() {
	with_killer
	config '.process.args = ["sleep", "1000"]'
	at=1
	while :; do
		hull create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "create: $(cat "$WORK/out")"
		"$KILL_AT" parent $at "$HULL" --root "$STATE" start "$ID" >"$WORK/out" 2>"$WORK/errors"
		code=$?
		sleep 0.02
		case $(status_of) in
		created | running | stopped) ;;
		*) fail "killed at $at: status is $(status_of)" ;;
		esac
		hull delete --force "$ID" || fail "killed at $at: delete"
		nothing_left "killed at $at"
		[ $code = 0 ] || break
		at=$((at + 1 + at / STEPS))
	done
}

# After delete is killed anywhere, it can be given again.
test_delete() {
	with_killer
	config '.process.args = ["sleep", "1000"]'
	at=1
	while :; do
		hull create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "create: $(cat "$WORK/out")"
		"$KILL_AT" parent $at "$HULL" --root "$STATE" delete --force "$ID" >"$WORK/out" 2>"$WORK/errors"
		code=$?
		try hull delete --force "$ID"
		[ "$status" = 0 ] || fail "killed at $at: the second says $errors"
		nothing_left "killed at $at"
		[ $code = 0 ] || break
		at=$((at + 1 + at / STEPS))
	done
}

# A user's container is below the cgroup that is delegated to him.
test_create_in_a_delegated_cgroup() {
	with_killer
	chmod 755 "$SUITE_DIR" "$WORK"
	box=$CGROUP2/tests-box-$$ # not named after the test: it stays
	mkdir -p "$box/caller" || skip 'no cgroup can be made here'
	trap 'rmdir "$box/caller" "$box" 2>/dev/null' EXIT
	chown -R 4321:4321 "$box" "$BUNDLE" "$STATE"
	cp "$HULL" "$WORK/hull"
	printf '#!/bin/sh\n%s\n' 'set -e
case $3 in create) echo $$ >"'"$box"'/caller/cgroup.procs" ;; esac' \
		'exec setpriv --reuid 4321 --regid 4321 --clear-groups --inh-caps=-all "'"$WORK/hull"'" "$@"' >"$WORK/as-user"
	chmod 755 "$WORK/hull" "$WORK/as-user"
	HULL=$WORK/as-user
	config '.process.args = ["sleep", "1000"] | .linux.namespaces |= map(select(.type != "network")) + [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 4321, size: 1}] | .linux.gidMappings = .linux.uidMappings
		| del(.mounts[] | select(.type == "sysfs")) | (.mounts[] | select(.type == "devpts")).options -= ["gid=5"]'
	for path in '' "tests-$ID/a"; do
		[ -z "$path" ] || config --arg path "$path" '.linux.cgroupsPath = $path'
		kill_everywhere parent create
	done
}

# Under systemd, which makes the cgroup: its scope is gone too.
test_create_under_systemd() {
	[ -d /run/systemd/system ] || skip 'systemd is not process 1'
	HULL_LIBEXEC=${HULL_LIBEXEC:-$(dirname "$HULL")}
	export HULL_LIBEXEC
	[ -x "$HULL_LIBEXEC/hull-systemd" ] || skip 'hull-systemd is not built: libsystemd is missing'
	with_killer
	config '.process.args = ["sleep", "1000"]'
	real=$HULL
	printf '#!/bin/sh\nexec "%s" --systemd-cgroup "$@"\n' "$real" >"$WORK/hull"
	chmod 755 "$WORK/hull"
	HULL=$WORK/hull STEPS=15
	kill_everywhere parent create
	same '' "$(systemctl list-units --all --plain --no-legend | grep -F "$ID")" 'the units'
}

# A signal ends init at any point once its record exists, by which it is found, although the first process of a pid namespace is
# spared signals without a handler.
term_everywhere() { # COMMAND
	kill_at child 0 "$1"
	total=$(tail -n 1 "$WORK/out")
	hull delete --force "$ID" || fail "delete after the count"
	export MEANWHILE="'$HULL' --root '$STATE' kill '$ID' TERM 2>/dev/null && : >'$WORK/killed'"
	step=$((total / STEPS + 1))
	at=$step
	while [ $at -le "$total" ]; do
		rm -f "$WORK/killed"
		kill_at child $at "$1"
		if [ -e "$WORK/killed" ]; then
			await "$1: it goes on after TERM at $at of $total" gone_or_stopped
			: >"$WORK/once"
		fi
		hull delete --force "$ID" || fail delete
		[ $at -lt $((total - 10)) ] && at=$((at + step)) || at=$((at + 1)) # it may be found at the very end alone
	done
	unset MEANWHILE
}

gone_or_stopped() {
	[ "$(hull state "$ID" 2>&1 | grep -o -e 'does not exist' -e '"stopped"')" ]
}

test_term() {
	with_killer
	config '.process.args = ["sleep", "1000"]'
	term_everywhere create
	[ -e "$WORK/once" ] || fail "no kill of $STEPS"
	config '.hooks.createContainer = [{path: "/bin/true"}]'
	term_everywhere create
}

run_tests
