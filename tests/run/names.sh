#!/bin/sh
# Called through a link named runc or crun, --version, state, list and ps print the form of that runtime; everything else is unchanged.
# tests/engines/behaviours.sh compares with the peers themselves.
. "${0%/*}/lib.sh"

named() { # NAME ARGUMENTS...
	mkdir -p "$WORK/links"
	ln -sfn "$HULL" "$WORK/links/$1"
	link=$WORK/links/$1
	shift
	timeout -k 5 120 "$link" --root "$STATE" "$@"
}

test_version() {
	number=$("$HULL" --version | sed -n 's/^hull version //p')
	for name in runc crun; do
		named $name --version >"$WORK/version" || fail "$name --version"
		head -n 1 "$WORK/version" | grep -Eq "^$name version [0-9]+\.[0-9]+(\.[0-9]+)?\+hull\.$number\$" ||
			fail "$name: $(cat "$WORK/version")"
		grep -q '^spec: 1\.' "$WORK/version" || fail "$name: no spec: $(cat "$WORK/version")"
	done
	named crun -v | grep -q '^+.* +SECCOMP' || fail 'crun: no line of capabilities'
	for name in runc-1 hull-runc Runc podman; do
		named $name --version | grep -q "^hull version $number\$" || fail "$name is not hull"
	done
}

test_list_of_none() {
	same null "$(named runc list -f json)" runc
	same '[]' "$(named crun list -f json)" crun
	same '[]' "$(hull list -f json)" hull
	same 'ID          PID         STATUS      BUNDLE      CREATED     OWNER' "$(named runc list)" 'table of runc'
	same 'NAME PID       STATUS   BUNDLE PATH                             CREATED                        OWNER' "$(named crun list)" \
		'table of crun'
	same 'ID  PID      STATUS   BUNDLE  CREATED  OWNER' "$(hull list)" 'table of hull'
}

test_list() {
	create
	pid=$(hull state "$ID" | jq .pid)
	created=$(hull state "$ID" | jq -r .created)
	same "$(printf '%s   %-9s   %-9s   %s   %s   root' "$ID" "$pid" created "$BUNDLE" "$created")" \
		"$(named runc list | tail -n 1)" 'row of runc'
	same "$(printf '%s %-9s %-8s %-39s %s root' "$ID" "$pid" created "$BUNDLE" "$created")" \
		"$(named crun list | tail -n 1)" 'row of crun'
	same 1 "$(named runc list -f json | wc -l)" 'lines of runc'
	same "$(hull list -f json | jq -cS .)" "$(named runc list -f json | jq -cS .)" 'list of runc'
	same '["bundle","created","id","owner","pid","status"]' "$(named crun list -f json | jq -c '.[0] | keys')" 'keys of crun'
	same "$ID" "$(named crun list -q)" 'list -q'
	same '""' "$(named crun state "$ID" | jq -c '.["systemd-scope"]')" 'state of crun'
	same null "$(hull state "$ID" | jq -c '.["systemd-scope"]')" 'state'
	hull delete --force "$ID" || fail delete
}

test_ps() {
	create
	pid=$(hull state "$ID" | jq .pid)
	same "$(printf 'PID\n%s' "$pid")" "$(named crun ps "$ID")" 'ps of crun'
	same "$(hull ps "$ID" -o pid,args)" "$(named crun ps "$ID" -o pid,args)" 'ps of crun with arguments'
	same "$(hull ps "$ID")" "$(named runc ps "$ID")" 'ps of runc'
	for name in runc crun; do
		same "[$pid]" "$(named $name ps -f json "$ID" | jq -c .)" "ps -f json of $name"
	done
	same 1 "$(named runc ps -f json "$ID" | wc -l)" 'lines of runc'
	same 3 "$(named crun ps -f json "$ID" | wc -l)" 'lines of crun'
	hull delete --force "$ID" || fail delete
}

# hull executes itself again, from an image that the container does not hold; it keeps the name. It is one runtime under all its
# names: the states are the same.
test_name_of_what_creates() {
	printf '#!/bin/sh\ntr "\\0" "\\n" <"/proc/$PPID/cmdline" | head -n 1 >"%s"\n' "$WORK/seen" >"$WORK/hook"
	chmod 755 "$WORK/hook"
	config --arg hook "$WORK/hook" '.hooks = {createRuntime: [{path: $hook, env: ["PATH=/usr/bin:/bin"]}]}
		| .process.args = ["sleep", "1000"]'
	named runc create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" || fail "create: $(cat "$WORK/errors")"
	same "$WORK/links/runc" "$(cat "$WORK/seen")" 'first argument'
	named crun start "$ID" || fail start
	same running "$(status_of)" status
	hull delete --force "$ID" || fail delete
}

run_tests
