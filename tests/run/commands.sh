#!/bin/sh
# The commands in the forms that engines use, and the forms of their output.
. "${0%/*}/lib.sh"

engine() { # as containerd calls
	timeout -k 5 120 "$HULL" --root "$STATE" --log "$WORK/log.json" --log-format json "$@"
}

test_as_containerd() {
	config '.process.args = ["sleep", "1000"]'
	try engine create --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	expect_status 0
	for command in start state 'kill ID 10' 'kill --all ID 9' delete 'delete --force' 'delete --force'; do
		case $command in
		*ID*) try engine $(echo "$command" | sed "s/ID/$ID/") ;;
		*) try engine $command "$ID" ;;
		esac
		[ "$status" = 0 ] || fail "$command: $errors"
		[ "$command" != 'kill --all ID 9' ] || wait_for stopped
	done
	[ ! -s "$WORK/log.json" ] || fail "it logs: $(cat "$WORK/log.json")"
	fails_with '' engine state "$ID"
	tail -n 1 "$WORK/log.json" | jq -e --arg id "$ID" '.level == "error" and (.msg | contains($id)) and .time' >/dev/null ||
		fail "log: $(cat "$WORK/log.json")"
}

test_as_podman() {
	config '.process.args = ["sleep", "1000"]'
	: >"$WORK/log"
	try timeout 120 "$HULL" --root "$STATE" --cgroup-manager disabled --log-format=json --log "$WORK/log" \
		create --bundle "$BUNDLE" --pid-file "$WORK/pid" --preserve-fds 0 "$ID"
	expect_status 0
	hull start "$ID" || fail start
	await 'it does not run' grep -qx sleep "/proc/$(cat "$WORK/pid")/comm"
	hull kill "$ID" 15 || fail 'kill 15'
	hull delete --force "$ID" || fail delete
	hull delete --force "$ID" || fail 'delete again'
}

test_as_slurm() {
	config '.process.args = ["sh", "-c", "exit 3"]'
	try hull run "$ID.0.1.2" -b "$BUNDLE"
	expect_status 3
	create
	try hull kill -a "$ID"
	expect_status 0
	hull delete --force "$ID" || fail delete
}

test_option_forms() {
	config '.process.args = ["true"]'
	for form in "-b $BUNDLE $ID" "-b$BUNDLE $ID" "--bundle $BUNDLE $ID" "--bundle=$BUNDLE $ID" "$ID --bundle=$BUNDLE" \
		"--no-pivot=false -b $BUNDLE $ID" "-b $BUNDLE -- $ID" "--no-new-keyring --no-subreaper -b $BUNDLE $ID"; do
		try hull run $form
		[ "$status" = 0 ] || fail "run $form: $errors"
	done
}

# The same keys as runc's state, with values of the same types.
test_state_as_runc() {
	command -v runc >/dev/null || skip 'runc is not here'
	config '.annotations = {"org.example.a": "b"} | .process.args = ["sleep", "1000"]'
	mkdir "$WORK/runc"
	# runc wants its caller to close the descriptors of a created container's standard output
	try timeout 120 runc --root "$WORK/runc" create -b "$BUNDLE" "$ID-r"
	[ "$status" = 0 ] || skip "runc does not run here: $errors"
	theirs=$(runc --root "$WORK/runc" state "$ID-r")
	theirs_list=$(runc --root "$WORK/runc" list -f json)
	theirs_quiet=$(runc --root "$WORK/runc" list -q)
	runc --root "$WORK/runc" delete --force "$ID-r"
	create
	for pair in state list; do
		case $pair in
		state) ours=$(hull state "$ID") ;;
		list)
			ours=$(hull list -f json | jq '.[0]')
			theirs=$(printf '%s' "$theirs_list" | jq '.[0]')
			;;
		esac
		missing=$(jq -rn --argjson ours "$ours" --argjson theirs "$theirs" \
			'$theirs | to_entries[] | select(($ours[.key] | type) != (.value | type)) | .key')
		[ -z "$missing" ] || fail "$pair has no $missing: $ours; runc: $theirs"
	done
	same "$theirs_quiet" "$(hull list -q)-r" 'list -q'
	hull delete --force "$ID" || fail delete
}

test_features_schema() {
	schema=$LIB_DIR/../../../shared/spec/schema
	[ -e "$schema/features-schema.json" ] || skip "the specification's schema is not here"
	python=/usr/bin/python3 # the system's, for which the package is
	$python -c 'import jsonschema' 2>/dev/null || skip 'python3-jsonschema is not here'
	hull features >"$WORK/features.json" || fail features
	try $python - "$schema" "$WORK/features.json" <<-'END'
		import json, os, sys, jsonschema
		base = "file://" + os.path.abspath(sys.argv[1]) + "/"
		schema = json.load(open(sys.argv[1] + "/features-schema.json"))
		resolver = jsonschema.RefResolver(base, schema)
		jsonschema.Draft7Validator(schema, resolver=resolver).validate(json.load(open(sys.argv[2])))
	END
	expect_status 0
}

# An image may carry any annotation that the code reads: each string of that form in the code is listed, and nothing else.
test_features_list_annotations() {
	try hull features
	listed=$(printf '%s' "$out" | jq -r '.potentiallyUnsafeConfigAnnotations[]' | sort)
	read=$(cd "$LIB_DIR/../.." && grep -rhoE --include='*.c' '[^\\]"(run\.oci|org\.systemd)\.[a-zA-Z._-]+"' src oci cgroups namespaces | tr -d '" =' | sort -u)
	same "$read" "$listed" 'annotations'
}

# check and create know everything that features lists.
test_features_are_true() {
	hull features >"$WORK/features.json" || fail features
	for option in $(jq -r '.mountOptions[]' "$WORK/features.json"); do
		case $option in idmap | ridmap | tmpcopyup | copy-symlink | src-nofollow | dest-nofollow | remount) continue ;; esac
		jq --arg o "$option" '.mounts += [{destination: "/tmp", type: "bind", source: "/tmp", options: ["bind", $o]}]' \
			"$BUNDLE/config.json" >"$WORK/one.json"
		try hull create --dry-run -b "$BUNDLE" --config "$WORK/one.json" "$ID"
		[ "$status" = 0 ] || fail "mount option $option: $errors"
	done
	jq -e '(.linux.capabilities | length >= 40) and (.linux.namespaces | sort == ["cgroup","ipc","mount","network","pid","time","user","uts"])
		and .linux.cgroup.v2 and (.linux.cgroup.v1 | not) and .linux.cgroup.systemd
		and .ociVersionMin and (.potentiallyUnsafeConfigAnnotations | index("run.oci.hooks.stdout"))' "$WORK/features.json" >/dev/null ||
		fail "features: $(cat "$WORK/features.json")"
}

test_creating_is_seen_by_hooks() {
	printf '#!/bin/sh\ncat >"%s"\n"%s" --root "%s" state "%s" >"%s"\n"%s" --root "%s" list -f json >"%s"\n' "$WORK/stdin" "$HULL" \
		"$STATE" "$ID" "$WORK/seen" "$HULL" "$STATE" "$WORK/listed" >"$WORK/hook"
	chmod 755 "$WORK/hook"
	config --arg hook "$WORK/hook" '.hooks = {createRuntime: [{path: $hook, env: ["PATH=/usr/bin:/bin"]}]}'
	create
	same creating "$(jq -r .status "$WORK/stdin")" 'status on standard input'
	same creating "$(jq -r .status "$WORK/seen")" 'status by hull state'
	same creating "$(jq -r '.[].status' "$WORK/listed")" 'status by hull list'
	same "$(jq .pid "$WORK/stdin")" "$(jq .pid "$WORK/seen")" pid
	[ "$(jq .pid "$WORK/seen")" -gt 0 ] || fail 'no pid'
	same created "$(status_of)" 'status after it'
	hull delete --force "$ID" || fail delete
}

test_pid_file() {
	echo precious >"$WORK/target"
	ln -s "$WORK/target" "$WORK/pid"
	create --pid-file "$WORK/pid"
	same precious "$(cat "$WORK/target")" 'the file behind the link'
	same "$(hull state "$ID" | jq .pid)" "$(cat "$WORK/pid")" pid
	[ ! -L "$WORK/pid" ] || fail 'it is still a link'
	hull delete --force "$ID" || fail delete
	cd "$WORK" || fail cd
	create --pid-file relative
	same "$(hull state "$ID" | jq .pid)" "$(cat "$WORK/relative")" pid
	hull delete --force "$ID" || fail delete
}

test_preserve_fds() {
	echo three >"$WORK/three"
	echo four >"$WORK/four"
	config '.process.args = ["sh", "-c", "cat <&3; cat <&4; ls /proc/self/fd | tr \"\\n\" \" \""]'
	try sh -c 'exec "$HULL" --root "$1" run --preserve-fds 2 -b "$2" "$3" 3<"$4/three" 4<"$4/four" 5<"$4/four"' - "$STATE" "$BUNDLE" "$ID" "$WORK"
	expect_status 0
	# 5 is ls'"'"'s own directory
	same 'three four 0 1 2 3 4 5 ' "$(printf '%s ' $out)" output
	for bad in -1 x 99999 ''; do
		try hull run "--preserve-fds=$bad" -b "$BUNDLE" "$ID"
		[ "$status" = 1 ] || [ -z "$bad" ] || fail "--preserve-fds $bad: status $status"
	done
}

test_listen_fds() {
	echo three >"$WORK/three"
	echo four >"$WORK/four"
	config '.process.args = ["sh", "-c", "cat <&3; cat <&4; echo $LISTEN_FDS $LISTEN_PID $$"]'
	try sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$HULL" --root "$1" run --preserve-fds 1 -b "$2" "$3" 3<"$4/three" 4<"$4/four"' - \
		"$STATE" "$BUNDLE" "$ID" "$WORK"
	expect_status 0
	same 'three four 1 1 1' "$(printf '%s ' $out | sed 's/ $//')" output
}

# systemd-socket-activate podman run: each is told of the same descriptor, and the environment of the engine is the container's too.
test_listen_fds_of_an_engine() {
	echo three >"$WORK/three"
	config '.process.env += ["LISTEN_FDS=7", "LISTEN_PID=77"] | .process.args = ["sh", "-c", "cat <&3; env | grep LISTEN | sort; grep -zc LISTEN_FDS /proc/1/environ"]'
	try sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$HULL" --root "$1" run --preserve-fds 1 -b "$2" "$3" 3<"$4/three"' - \
		"$STATE" "$BUNDLE" "$ID" "$WORK"
	expect_status 0
	same 'three LISTEN_FDS=1 LISTEN_PID=1 1 ' "$(printf '%s ' $out)" output
}

# podman run --preserve-fd=9: what is not there is passed over.
test_preserve_fds_with_holes() {
	with_probe
	config '.process.args = ["probe", "fds"]'
	try sh -c 'exec "$HULL" --root "$1" run --preserve-fds 7 -b "$2" "$3" 9</dev/null' - "$STATE" "$BUNDLE" "$ID"
	expect_status 0
	same '0 1 2 9' "$(printf '%s' "$out" | xargs)" 'the descriptors'
}

# Whatever is left of them in the environment of a process that they were not meant for.
test_listen_fds_of_another() {
	config '.process.args = ["sh", "-c", "echo ${LISTEN_FDS-none}"]'
	for pid in 1 ''; do
		LISTEN_FDS=1 LISTEN_PID=$pid run
		expect_status 0
		same none "$out" LISTEN_FDS
	done
	try sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$HULL" --root "$1" run -b "$2" "$3"' - "$STATE" "$BUNDLE" "$ID"
	same 1 "$status" 'the status where they are promised'
}

# runtime.md "Start": only a created container can be started, not twice, and not if its init is dead.
test_start_when_init_is_dead() {
	create --pid-file "$WORK/pid"
	kill -KILL "$(cat "$WORK/pid")"
	wait_for stopped
	fails_with "$ID" hull start "$ID"
	same 0 "$(hull state "$ID" | jq .pid)" pid
	hull delete "$ID" || fail delete
}

test_each_command_in_each_status() {
	create
	fails_with 'exists already' hull create -b "$BUNDLE" "$ID"
	fails_with 'exists already' hull run -b "$BUNDLE" "$ID"
	hull start "$ID" || fail start
	fails_with 'cannot start' hull start "$ID"
	fails_with 'cannot delete' hull delete "$ID"
	fails_with 'exists already' hull run -b "$BUNDLE" "$ID"
	hull kill "$ID" KILL || fail kill
	wait_for stopped
	fails_with 'cannot start' hull start "$ID"
	fails_with 'not running' hull kill "$ID"
	fails_with 'not running' hull kill "$ID" 0
	fails_with 'exists already' hull create -b "$BUNDLE" "$ID"
	hull delete "$ID" || fail delete
	for command in start state kill delete; do
		fails_with 'does not exist' hull $command "$ID"
	done
}

test_kill_created() {
	for signal in KILL TERM HUP INT QUIT; do
		create
		hull kill "$ID" $signal || fail "kill $signal"
		wait_for stopped
		hull delete "$ID" || fail "delete after $signal"
	done
	config '.process.args = ["grep", "-e", "SigIgn", "-e", "SigCgt", "/proc/self/status"]'
	hull create -b "$BUNDLE" "$ID" </dev/null >"$WORK/started" 2>&1 || fail "create: $(cat "$WORK/started")"
	hull start "$ID" || fail start
	wait_for stopped
	same 'SigIgn: 0000000000000000 SigCgt: 0000000000000000' "$(xargs <"$WORK/started")" 'what is left of it in the program'
	hull delete "$ID" || fail delete
}

test_signals() {
	create
	for bad in NOSUCH -1 65 999 '' SIG 9x RTMIN+99 'TERM KILL'; do
		try hull kill "$ID" -- "$bad"
		[ "$status" = 1 ] || fail "signal '$bad': status $status"
	done
	for good in 0 CONT SIGCONT sigcont Cont 18 RTMIN RTMIN+3 RTMAX-1 64; do
		try hull kill "$ID" $good
		[ "$status" = 0 ] || fail "signal $good: $errors"
	done
	hull delete --force "$ID" || fail delete
}

# --regex: an extended regular expression, unanchored; failures do not end it.
test_regex() {
	config '.process.args = ["sleep", "1000"]'
	for suffix in a b c; do
		hull create -b "$BUNDLE" "$ID-$suffix" </dev/null >/dev/null 2>&1 || fail "create $suffix"
	done
	hull start "$ID-a" || fail start
	fails_with 'cannot delete' hull delete --regex "^$ID-[abc]\$"
	same "$ID-a" "$(hull list -q)" 'what is left'
	hull run -d -b "$BUNDLE" "$ID-b" </dev/null >/dev/null 2>&1 || fail 'run b'
	fails_with "cannot delete container $ID-a" hull delete --regex "^$ID-[abc]\$"
	printf '%s' "$errors" | grep -q "cannot delete container $ID-b" || fail "not said of each: $errors"
	hull delete --force "$ID-b" || fail 'delete b'
	hull kill --regex "$ID-(a|x)" KILL || fail 'kill --regex'
	await 'it is not stopped' sh -c '[ "$("$HULL" --root "$1" list -f json | "$TOOL" jq -r ".[].status")" = stopped ]' - "$STATE"
	hull delete -r "^$ID" || fail 'delete -r'
	same '' "$(hull list -q)" 'what is left'
	try hull delete -f -r no-such
	expect_status 0
	fails_with 'regular expression' hull delete --regex '('
}

test_help_of_each() {
	for command in spec create start run state kill delete list ps stats features check; do
		try hull $command --help
		expect_status 0
		printf '%s' "$out" | head -n 1 | grep -q "^Usage: hull $command" || fail "$command --help: $out"
		try hull help $command
		expect_status 0
		try hull $command -h
		expect_status 0
	done
	try "$HULL" --help
	expect_status 0
	try "$HULL" help
	expect_status 0
	try "$HULL"
	[ "$status" = 1 ] || fail 'no command is no error'
}

test_operands() {
	for command in create start run state kill delete; do
		fails_with 'operand is missing' hull $command
	done
	fails_with 'too many' hull list something
	fails_with 'too many' hull features something
	fails_with 'too many' hull state a b
	fails_with 'too many' hull kill a 9 b
}

test_spec() {
	mkdir "$WORK/new"
	cd "$WORK/new" || fail cd
	try hull spec
	expect_status 0
	jq -e .ociVersion config.json >/dev/null || fail 'no configuration'
	fails_with 'config.json: File exists' hull spec
	same "$(jq -cS . config.json)" "$(hull spec -f - | jq -cS .)" 'spec -f -'
	try hull spec --rootless -f rootless.json
	expect_status 0
	jq -e '.linux.uidMappings[0].containerID == 0' rootless.json >/dev/null || fail 'no mapping'
	fails_with '--bundle' hull spec -b /no/such/bundle
	for path in . .process linux .mounts .linux.seccomp.syscalls '.mounts[0].options'; do
		try hull spec --explain $path
		[ "$status" = 0 ] || [ $path = linux ] || fail "--explain $path: $errors"
	done
	fails_with '.procss' hull spec --explain .procss
}

# set_created ID TIME: changes the time in the record of a container.
set_created() {
	sed -i "s/\"created\": *\"[^\"]*\"/\"created\":\"$2\"/" "$STATE/$1/state.json"
}

# The positions at which a word begins in the lines that contain it, each once.
columns_of() { # WORD
	printf '%s\n' "$out" | awk -v word="$1" '{ at = index($0, word); if (at) print at }' | sort -u
}

test_list_tells_ages() {
	create
	try hull list
	echo "$out" | grep -Eq ' (less than a second|[0-9]+ seconds?) ago  [a-z0-9]' || fail "no age: $out"
	set_created "$ID" 2001-02-03T04:05:06.789Z
	try hull list
	echo "$out" | grep -Eq '  [0-9]{2} years ago  ' || fail "not years ago: $out"
	# the clock was set back since
	set_created "$ID" 2999-02-03T04:05:06.789Z
	try hull list
	echo "$out" | grep -q '  2999-02-03T04:05:06.789Z  ' || fail "a time to come: $out"
	same 2999-02-03T04:05:06.789Z "$(hull list -f json | jq -r '.[].created')" 'the time in JSON'
	hull delete --force "$ID" || fail delete
}

# Engines and scripts compare the time itself, as the peers print it.
test_list_of_peers_tells_times() {
	create
	set_created "$ID" 2001-02-03T04:05:06.789Z
	for name in runc crun; do
		ln -s "$HULL" "$WORK/$name"
		try "$WORK/$name" --root "$STATE" list
		echo "$out" | grep -q ' 2001-02-03T04:05:06.789Z ' || fail "$name: $out"
	done
	hull delete --force "$ID" || fail delete
}

test_list_is_aligned() {
	long=$ID-$(printf '%064d' 0)
	config '.process.args = ["true"]'
	mv "$BUNDLE" "$WORK/bündel"
	cp -al "$WORK/bündel" "$WORK/plain"
	for pair in "$ID bündel" "$long plain"; do
		hull create -b "$WORK/${pair#* }" "${pair% *}" </dev/null >/dev/null 2>&1 || fail "create $pair"
	done
	set_created "$long" 2001-02-03T04:05:06.789Z
	try hull list
	expect_status 0
	same 1 "$(columns_of created | wc -l)" 'where the status stands'
	same 1 "$(columns_of "$WORK/" | wc -l)" 'where the bundle stands'
	out=$(printf '%s\n' "$out" | sed 's/ü/u/') # not each awk counts characters
	same 1 "$(columns_of " ${HULL_TEST_USER:-root}" | wc -l)" 'where the owner stands'
	hull delete --force "$ID" && hull delete --force "$long" || fail delete
}

run_tests
