#!/bin/sh
# The command line as people type it: the container's own command, the options of other runtimes, and the answers to mistakes.
. "${0%/*}/lib.sh"

# says STATUS TEXT COMMAND...: the command exits with that status, and standard error contains the text.
says() {
	says_status=$1 says_text=$2
	shift 2
	try "$@"
	[ "$status" = "$says_status" ] || fail "$*: status $status, expected $says_status: $out $errors"
	case $errors in
	*"$says_text"*) ;;
	*) fail "$*: said '$errors', expected '$says_text'" ;;
	esac
}

# prints TEXT COMMAND...: the command succeeds, and prints exactly that.
prints() {
	prints_text=$1
	shift
	try "$@"
	[ "$status" = 0 ] || fail "$*: status $status: $errors"
	same "$prints_text" "$out" "output of $*"
	same '' "$errors" "errors of $*"
}

test_command_of_run() {
	config '.process.args = ["echo", "of the configuration"]'
	cd "$BUNDLE" || fail cd
	prints 'of the configuration' hull run "$ID"
	prints 'a b  c -d' hull run "$ID" -- echo a 'b  c' -d
	prints '--help --' hull run "$ID" -- echo --help --
	cd / || fail cd
	for form in "-b $BUNDLE $ID --" "$ID -b $BUNDLE --" "--bundle=$BUNDLE -- $ID" "-b $BUNDLE -- $ID --"; do
		prints 'of the command line' hull run $form echo of the command line
	done
	# nothing after it means that nothing is replaced
	for form in "-b $BUNDLE $ID --" "-b $BUNDLE -- $ID"; do
		prints 'of the configuration' hull run $form
	done
	config '.process.args = []'
	prints fine hull run -b "$BUNDLE" "$ID" -- echo fine
	run_fails '.process.args: at least one argument is required'
}

test_command_of_create() {
	config '.process.args = ["false"]'
	hull create -b "$BUNDLE" "$ID" -- sh -c 'echo "$0 $1"; exec sleep 1000' a 'b c' </dev/null >"$WORK/said" 2>&1 ||
		fail "create: $(cat "$WORK/said")"
	hull start "$ID" || fail start
	await 'it says nothing' grep -qx 'a b c' "$WORK/said"
	# one more process is like the container's own, except for its arguments
	prints /bin hull exec "$ID" ls -d /bin
	hull delete --force "$ID" || fail delete
}

test_command_of_dry_run() {
	config '.process.args = ["false"] | .process.terminal = true'
	for command in run create; do
		try hull $command --dry-run --tty=false -b "$BUNDLE" "$ID" -- ls -l
		expect_status 0
		printf '%s\n' "$out" | grep -q 'ls -l' || fail "$command: no command: $out"
		! printf '%s\n' "$out" | grep -q -i 'console\|terminal' || fail "$command: a terminal: $out"
	done
}

# Its errors name no property of the configuration.
test_errors_of_the_command() {
	config '.process.args = ["true"]'
	says 127 'hull: executable file `nope` not found in $PATH' hull run -b "$BUNDLE" "$ID" -- nope
	says 127 'hull: executable file `/none` not found' hull run -b "$BUNDLE" "$ID" -- /none -x
	says 126 'hull: executable file `/etc` is a directory' hull run -b "$BUNDLE" "$ID" -- /etc
	says 1 'hull: executable file `` not found in $PATH: No such file or directory' hull run -b "$BUNDLE" "$ID" -- ''
	says 127 'hull: executable file `nope` not found' hull create -b "$BUNDLE" "$ID" -- nope
	config '.process.args = ["nope"]'
	says 127 'hull: .process.args[0]: executable file `nope` not found' hull run -b "$BUNDLE" "$ID"
	# start finds it, whose caller has not typed the command
	hull create -b "$BUNDLE" "$ID" -- /script </dev/null >/dev/null 2>&1 && fail 'it is not there yet'
	printf '#!/none\n' >"$BUNDLE/rootfs/script"
	chmod 755 "$BUNDLE/rootfs/script"
	hull create -b "$BUNDLE" "$ID" -- /script </dev/null >"$WORK/said" 2>&1 || fail "create: $(cat "$WORK/said")"
	says 127 'hull: cannot execute `/script`: its interpreter /none' hull start "$ID"
	hull delete --force "$ID" || fail delete
}

test_command_without_dashes() {
	config '.process.args = ["echo", "of the configuration"]'
	for command in run create; do
		says 1 "$command: unexpected operand \"echo\"" hull $command -b "$BUNDLE" "$ID" echo
		says 1 "stands after --: hull $command a -b . -- ls -l 'a b'" "$HULL" $command a -b . ls -l 'a b'
		says 1 "$command: unknown option --colour" hull $command -b "$BUNDLE" "$ID" ls --colour
		says 1 "hull $command a -- sh -c 'echo '\\''x'\\'''" "$HULL" $command a sh -c "echo 'x'"
		# the option belongs to the command
		says 1 "hull $command a -- ls -t /" "$HULL" $command a ls -t /
		# only the beginning of a long line
		says 1 'words …' "$HULL" $command a $(yes words | head -n 100)
	done
}

test_rm() {
	config '.process.args = ["sh", "-c", "exit 3"]'
	try hull run --rm -b "$BUNDLE" "$ID"
	expect_status 3
	same '' "$(hull list -q)" 'what is left'
	try hull run --rm=false -b "$BUNDLE" "$ID"
	expect_status 3
	same stopped "$(status_of)" 'status after --rm=false'
	try hull rm "$ID"
	expect_status 0
	says 1 '--rm and --keep exclude each other' hull run --rm --keep -b "$BUNDLE" "$ID"
	says 1 '--rm and --detach exclude each other' hull run --rm -d -b "$BUNDLE" "$ID"
	says 1 'hull delete' hull run --rm -d -b "$BUNDLE" "$ID"
	try hull run --rm=false -d -b "$BUNDLE" "$ID"
	expect_status 0
	wait_for stopped
	hull delete "$ID" || fail delete
}

test_interactive() {
	config '.process.args = ["cat"]'
	for form in -i --interactive --interactive=true '-i --rm'; do
		same typed "$(echo typed | hull run $form -b "$BUNDLE" "$ID")" "run $form"
	done
	says 1 '--interactive=false: standard input is always connected' hull run --interactive=false -b "$BUNDLE" "$ID"
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || fail 'run -d'
	same typed "$(echo typed | hull exec -i "$ID" cat)" 'exec -i'
	says 255 '--interactive=false' hull exec --interactive=false "$ID" cat
	hull delete --force "$ID" || fail delete
}

test_tty() {
	show='test -t 1 && echo a terminal; test -c /dev/console && echo and its console; :'
	for form in -t -it -ti --tty '-i -t' '--rm -it'; do
		try hull run $form -b "$BUNDLE" "$ID" -- sh -c "$show"
		expect_status 0
		same 'a terminal and its console' "$(printf '%s' "$out" | tr -d '\r' | xargs)" "run $form"
	done
	config '.process.terminal = true'
	prints '' hull run --tty=false -b "$BUNDLE" "$ID" -- sh -c "$show"
	# -i is the default anyway: it neither asks for a terminal nor takes it away
	try hull run -i -b "$BUNDLE" "$ID" -- sh -c "$show"
	same 'a terminal and its console' "$(printf '%s' "$out" | tr -d '\r' | xargs)" 'run -i'
	hull run -d --tty=false -b "$BUNDLE" "$ID" -- sleep 1000 </dev/null >/dev/null 2>&1 || fail 'run -d --tty=false'
	for form in -t -it '-i -t' --tty; do
		try hull exec $form "$ID" sh -c "$show"
		same 'a terminal' "$(printf '%s' "$out" | tr -d '\r' | head -n 1)" "exec $form"
	done
	prints '' hull exec --tty=false "$ID" sh -c "test -t 1 && echo a terminal; :"
	hull delete --force "$ID" || fail delete
}

test_tty_needs_somebody() {
	config '.process.terminal = false'
	for form in -dt '-d -t' -itd; do
		# shellcheck disable=SC2086
		says 1 'hull: --tty: no process would hold the terminal' hull run $form -b "$BUNDLE" "$ID"
	done
	says 1 'hull: --tty: no process would hold the terminal' hull create -t -b "$BUNDLE" "$ID"
	config '.process.terminal = true'
	says 1 'hull: .process.terminal: no process would hold the terminal' hull run -d -b "$BUNDLE" "$ID"
	says 1 '--tty=false' hull run -d -b "$BUNDLE" "$ID"
	config '.process.terminal = false | .process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || fail 'run -d'
	says 255 'hull: --tty: no process would hold the terminal' hull exec -dt "$ID" true
	says 255 'hull: --console-socket is given, but there is no terminal' hull exec --console-socket "$WORK/none" "$ID" true
	hull delete --force "$ID" || fail delete
}

test_dashes_of_exec() {
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || fail 'run -d'
	prints 'a -- b' hull exec "$ID" -- echo a -- b
	prints 'a -- b' hull exec "$ID" echo a -- b
	prints '-- -n' hull exec -- "$ID" echo -- -n
	says 255 'exec: no program is given' hull exec "$ID"
	says 255 'exec: no program is given' hull exec "$ID" --
	says 255 "exec: -it stands after the container's id" hull exec "$ID" -it sh
	says 127 'executable file `-it` not found' hull exec "$ID" -- -it sh
	hull delete --force "$ID" || fail delete
}

test_unknown_commands() {
	says 1 'did you mean "list"?' hull lsit
	says 1 'did you mean "delete"?' hull delte "$ID"
	says 1 'did you mean "features"?' hull faetures
	says 1 'did you mean "update"?' hull Updaet
	says 1 'did you mean "create"?' hull help craete
	says 1 'unknown command "frobnicate"' hull frobnicate
	says 1 'hull --help lists them' hull frobnicate
	case $errors in *'did you mean'*) fail "what is near to that? $errors" ;; esac
	says 1 'unknown command "frobnicate"' hull help frobnicate
}

test_aliases() {
	config '.process.args = ["sleep", "1000"]'
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || fail create
	prints "$ID" hull ls -q
	same "$(hull list -f json)" "$(hull ls --format json)" 'ls --format json'
	prints '' hull rm -f "$ID"
	prints '' hull ls -q
	for alias in ls rm; do
		try hull help $alias
		expect_status 0
		same "$out" "$(hull $alias --help)" "help of $alias"
		hull --help | grep -Eq ", $alias +[a-z]" || fail "no $alias in the help"
	done
}

test_unknown_options() {
	says 1 'run: unknown option --bunlde' hull run --bunlde . "$ID"
	says 1 'did you mean --bundle?' hull run --bunlde=. "$ID"
	says 1 'did you mean --no-new-keyring?' hull create --no-new-keyrnig "$ID"
	says 1 'did you mean --help?' hull list --hlep
	says 1 'did you mean --quiet?' hull list --Quiet
	says 1 'unknown option -x' hull list -qx
	says 1 'hull list --help' hull list --frobnicate
	says 1 'did you mean --root?' hull --rot "$STATE" list
	says 1 'did you mean --root, before the command?' hull list --rooot
	says 1 'did you mean --detach, after the command?' hull --detahc run "$ID"
	says 1 'option --pid is ambiguous' hull create --pid x "$ID"
	says 1 'one of --pid-file, --pidfd-socket' hull create --pid x "$ID"
	# runc takes long options with one dash
	says 1 'did you mean --bundle?' hull run -bundle . "$ID"
	says 1 'did you mean --help?' hull run -help
	says 1 'did you mean --force?' hull delete -force "$ID"
	prints hi hull run -t=false -b "$BUNDLE" "$ID" -- echo hi
	says 1 'option -t takes its value in the long form alone' hull run -it=false "$ID"
	says 1 '--tty=false' hull run -it=false "$ID"
	says 1 'list: --quiet: expected true or false, found "maybe"' hull list --quiet=maybe
	says 1 'option -b requires an argument' hull run "$ID" -b
	says 1 'option --bundle requires an argument' hull run "$ID" --bundle
}

test_global_option_after_the_command() {
	says 1 'run: --root is a global option: it stands before the command' "$HULL" run --root /x -b y "$ID"
	says 1 "hint: hull --root /x run -b y $ID" "$HULL" run --root /x -b y "$ID"
	says 1 "hint: hull --root=/x run $ID -b y" "$HULL" run "$ID" --root=/x -b y
	says 1 'hint: hull --debug list -q' "$HULL" list --debug -q
	says 1 'hint: hull --log-format text --debug --log /x state a' "$HULL" --log-format text state a --debug --log /x
	says 1 'hint: hull --systemd-cgroup kill a' "$HULL" kill --systemd-cgroup a
	says 1 "hint: hull --root 'a b' state c" "$HULL" state --root 'a b' c
	says 1 'hint: hull -v list' "$HULL" list -v
	# words of the command itself are not touched
	try hull spec --rootless -b "$WORK"
	expect_status 0
	# nor are the words of the container's command
	config '.process.args = ["true"]'
	prints '--root x' hull run -b "$BUNDLE" "$ID" -- echo --root x
}

test_option_of_a_command_before_it() {
	says 1 '--bundle is an option of run: it stands after the command' "$HULL" --bundle /x run "$ID"
	says 1 "hint: hull run --bundle /x $ID" "$HULL" --bundle /x run "$ID"
	says 1 "hint: hull run -b /x -d $ID" "$HULL" -b /x -d run "$ID"
	says 1 "hint: hull --root /y run --bundle=/x $ID" "$HULL" --root /y --bundle=/x run "$ID"
	says 1 'hint: hull list -q' "$HULL" -q list
	says 1 'hint: hull delete -f a' "$HULL" -f delete a
	says 1 'hint: hull list -f json' "$HULL" -f json list
	says 1 'hint: hull exec -it a sh' "$HULL" -it exec a sh
	# "run" is the directory here
	says 1 'hint: hull run -b run a' "$HULL" -b run run a
	says 1 'hull COMMAND --detach' "$HULL" --detach
	says 1 'unknown option --frobnicate' "$HULL" --frobnicate list
}

# Text after an error's own words does not disturb the other forms of getopt(3).
test_posix_order() {
	config '.process.args = ["true"]'
	POSIXLY_CORRECT=1 try hull run "$ID" -b "$BUNDLE"
	expect_status 0
}

test_signal_names() {
	config '.process.args = ["sleep", "1000"]'
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || fail create
	for near in TRM SIGTRM sigterm1 TEMR; do
		says 1 'did you mean TERM?' hull kill "$ID" $near
	done
	says 1 'unknown signal "NOSUCH"' hull kill "$ID" NOSUCH
	says 1 'a number up to 64' hull kill "$ID" 65
	says 1 'the signal stands after the id: hull kill ID 9' hull kill -9 "$ID"
	says 1 'the signal stands after the id: hull kill ID SIGKILL' hull kill -SIGKILL "$ID"
	says 1 'the signal stands after the id: hull kill ID KILL' hull kill -s KILL "$ID"
	says 1 'the signal stands after the id: hull kill ID 9' hull kill "$ID" --signal=9
	says 1 'hull kill --help' hull kill -s NOSUCH "$ID"
	hull delete --force "$ID" || fail delete
}

# Errors of typed options name these, and errors of the configuration its properties.
test_typed_options() {
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || fail 'run -d'
	while IFS='|' read -r option value text; do
		says 255 "hull: $text" hull exec "$option" "$value" "$ID" true
		case $errors in
		*.process*) fail "$option $value: names a property: $errors" ;;
		*nvalid\ argument*) fail "$option $value: says it twice: $errors" ;;
		esac
	done <<-'END'
		--env|FOO|--env FOO: "FOO" has no "="
		-e|=FOO|--env =FOO: "=FOO" has no name
		--cwd|tmp|--cwd tmp: "tmp" is not an absolute path
		--cwd|/none|--cwd /none: open /none in the root filesystem: no such file
		--cap|NOPE|--cap NOPE: no such capability
		--user|x y|--user: "x y" is neither a user id nor a name
		--user|4294967295|--user: "4294967295" is neither a user id nor a name
		--additional-gids|1,x|--additional-gids: "x" is no group id
	END
	says 127 'hull: executable file `nope` not found' hull exec "$ID" nope
	# an error in the file names the property
	echo '{"args": ["true"], "cwd": "/", "env": ["FOO"]}' >"$WORK/process"
	says 255 'hull: .env[0]: "FOO" has no "="' hull exec --process "$WORK/process" "$ID"
	echo '{"args": ["true"], "cwd": "/", "env": ["A=B"]}' >"$WORK/process"
	says 255 'hull: --env FOO: "FOO" has no "="' hull exec --env X=Y --env FOO --process "$WORK/process" "$ID"
	hull delete --force "$ID" || fail delete
}

test_typed_cgroup() {
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || fail 'run -d'
	says 255 'hull: --cgroup cpu:/x: cgroup v2 has no controller to choose' hull exec --cgroup cpu:/x "$ID" true
	says 255 'hull: --cgroup /none: no such file' hull exec --cgroup /none "$ID" true
	hull delete --force "$ID" || fail delete
}

test_typed_files() {
	for option in --console-socket --pidfd-socket --pid-file --config --overlay --report; do
		says 1 "hull: $option" hull run -t -b "$BUNDLE" $option /none/none "$ID" -- true
		case $errors in *': No such file or directory'*) ;; *) fail "$option: $errors" ;; esac
	done
}

# Elsewhere -v asks for a volume; the command should not print hull's version.
test_other_meanings() {
	says 1 'run: unknown option -v' hull run -v /a:/b "$ID"
	says 1 'hint: hull --version run' "$HULL" run --version
	says 1 'hint: hull --help' hull --ro-bind /usr /usr sh
	try hull list --help=true
	case $out in 'Usage: hull list '*) ;; *) fail "list --help=true: $out $errors" ;; esac
	try hull list --help=false
	case $status$out in '0ID '*) ;; *) fail "list --help=false: $out $errors" ;; esac
	says 1 'usage: hull list [OPTION…]' hull list "$ID"
	case $errors in *' ') fail "a blank at the end: '$errors'" ;; esac
	says 1 'found "0"' hull stats --interval 0
	case $errors in *nvalid\ argument*) fail "says it twice: $errors" ;; esac
}

test_long_ids() {
	says 1 "invalid container id \"$(printf '%064d' 0)…\"" hull run -b "$BUNDLE" "$(printf '%0256d' 0)"
	ID=$(printf '%0255d' 0)
	prints hi hull run -b "$BUNDLE" "$ID" -- echo hi
	prints hi hull --cgroup-manager disabled run -b "$BUNDLE" "$ID" -- echo hi
	create
	try hull start "$ID"
	expect_status 0
	prints hi hull exec "$ID" echo hi
	try hull delete -f "$ID"
	expect_status 0
}

test_help_says_so() {
	try hull run --help
	expect_status 0
	for text in 'Usage: hull run [OPTION…] ID [-- COMMAND [ARGUMENT…]]' '-t, --tty' '-i, --interactive' ' --rm '; do
		case $out in *"$text"*) ;; *) fail "run --help has no '$text': $out" ;; esac
	done
	try hull help
	case $out in *'before the command'*) ;; *) fail "help: $out" ;; esac
}

run_tests
