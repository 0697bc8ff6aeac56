#!/bin/sh
# Gives the same commands to hull, runc and crun, on equal bundles, and compares the exit status, the status of the container
# afterwards, the output, and the errors as far as engines look for words in them. Each row prints a line. hull is called by the
# name of the runtime that it is compared with. Each difference is either mended in hull or justified below. With VERBOSE=1 all
# differences and errors are shown.

. "${0%/*}/private-view.sh"
. "${0%/*}/../run/lib.sh"

peers=
for name in ${PEERS:-runc crun}; do
	if "$name" --version >/dev/null 2>&1; then
		peers="$peers $name"
	else
		echo "SKIP $SUITE: $name is not here"
	fi
done
[ -n "$peers" ] || exit 0

# The words that engines look for in an error: the engine, its conclusion, the commands that it applies to, "i" if case does not
# matter, the expression.
#	podman      libpod/oci_util.go getOCIRuntimeError: the exit status; oci_conmon_common.go UpdateContainerStatus;
#	            checkpoint/crutils: whether checkpoints can be restored into pods
#	containerd  pkg/process/utils.go checkKillError, and the shim's delete
#	cri-o       internal/oci/runtime_oci.go runtimeCmd
#	docker      daemon/errors.go translateContainerdStartErr: the exit status; libcontainerd/remote/client.go wrapError
patterns() {
	cat <<'END'
podman 126 create|run|exec i permission denied|operation not permitted
podman 127 create|run|exec i executable file not found in|no such file or directory
podman gone state - does not exist|No such file
podman pods .* - flag needs an argument|requires an argument
containerd ended kill - os: process already finished|container not running
containerd ended kill i no such process
containerd gone kill|delete - does not exist
cri-o ended start|kill|delete|state|pause|resume - no such process|container not running|invalid process
docker 126 create|run|start|exec i permission denied
docker 127 create|run|start|exec i executable file not found|no such file or directory|not a directory
docker gone start|kill|delete|pause|resume|update|ps - container does not exist|no such container
END
}

# Intended differences with their reasons: the peer, a tab, an expression for "< ROW: LINE" (hull's line) or "> ROW: LINE" (the
# peer's line).
justified() {
	grep -E "^($1|both)	" <<'END' | cut -f 2-
# A program that cannot be executed gives 126 or 127, as in a shell, in the command that finds out; the peers exit with 1, and no
# engine treats a status other than 0 as success. For a directory, or a path through a file, crun and runc print less.
both	^[<>] (start|run|exec|exec_detached)_(program_missing|path_missing|not_executable|directory|through_a_file): exit (126|127|1|255)$
both	^[<>] exec_log_json: exit (127|255)$
both	^[<>] ((start|run|exec)_directory|(run|exec)_through_a_file): error: (docker|podman) 12[67]$
crun	^[<>] exec_(not_executable|directory): (says|does not say) 
# If the container does not exist, crun reports a missing file, which engines understand differently; runc and hull say it in words.
crun	^[<>] [a-z]+_(unknown|slurm|twice|program_missing|path_missing|not_executable|directory): error: (containerd gone|docker gone|docker 127)$
crun	^[<>] state_bad_id: error: podman gone$
crun	^[<>] ps_unknown: exit (1|253)$
# The same for a container that has ended: "No such process", in a case that not all engines look for.
crun	^< (kill|pause)_stopped: error: cri-o ended$
# runc reports a paused container as not running.
runc	^> pause_twice: error: cri-o ended$
# An engine's bundle always has a configuration; hull reports a missing one with the kernel's ENOENT.
both	^< create_no_config: error: (docker|podman) 127$
# crun takes any id that can be a directory; the readers of the specification and the shell do not.
crun	^[<>] create_bad_ids: 
# config.md: "This value MUST be an absolute path".
crun	^[<>] create_relative_cwd: 
# crun looks for the socket even if it is not used.
crun	^> create_socket_without_terminal: error: 
# crun takes a malformed number for zero, and exits with 64 for every usage error.
crun	^[<>] create_preserve_fds_bad: 
crun	^[<>] (create_unknown_option|exec_unknown_option|create_option_without_value|unknown_global_option|update_bad_value): exit (1|64)$
# This crun lacks: options after the id (Slurm writes them there), --keep, --debug=true, --criu, events, features, -h, help, and
# arguments for ps(1).
crun	^[<>] (run_options_after_id|run_keep|global_flags_with_values|global_docker|global_criu|events_stats|events_data|features|features_of_runc|help|ps_arguments): 
# runc answers help on an unknown word with the general help, and has a status of its own for unknown words.
runc	^[<>] no_command: exit [01]$
runc	^[<>] unknown_command: exit [13]$
# Shares are converted to a weight by a newer rule, which crun has from 1.23 and runc from 1.3.2 on.
both	^[<>] (limits|update)[a-z_]*: cpu.weight: 
# crun keeps the old quota when the quota is removed.
crun	^[<>] update_to_no_limits: cpu.max: 
# Features newer than this runc.
runc	^< features: (potentiallyUnsafeConfigAnnotations|intelRdt|memoryPolicy|mountExtensions|netDevices)$
# Libraries of the peers, and a directory of crun's.
both	^> version: (go|libseccomp|rundir):$
both	^[<>] version_letter: lines: 
# Only hull prints the resources that a stopped container has used; only crun prints the scope of a container without one.
both	^< state_stopped: shape: resources 
crun	^> state_(created|running|stopped): shape: systemd-scope "string"$
# config.md: .process is required when start is called.
both	^[<>] create_no_process: 
# crun starts a paused container, and reports it as created meanwhile.
crun	^[<>] (start_paused|pause_created): status (paused|created)$
# hull takes signals by all names of signal(7), and no others; an empty name does not stand for TERM.
runc	^[<>] kill_names: exit [01]$
runc	^[<>] kill_bad_names: exit [01]$
crun	^[<>] kill_bad_names: 
# crun crashes on a stopped container.
crun	^[<>] ps_stopped: 
# crun accepts a change that changes nothing, and limits of a stopped container.
crun	^[<>] (pause_twice|resume_running|update_stopped): exit [01]$
# Without privileges, only a helper program connects a network; crun also leaves out the mappings.
crun	^[<>] spec_rootless: 
# If exec cannot run its program, runc and hull exit with 255. crun sometimes exits with 1, and with words that engines take for a
# missing program.
crun	^[<>] exec_[a-z_]*: exit (1|255)$
crun	^> exec_(unknown|empty_program|env_without_value|process_no_cwd): error: (docker|podman) 12[67]$
# crun treats an empty name like a directory.
crun	^[<>] (create|exec)_empty_program: error: 
# Neither runc nor crun looks up names of users.
both	^[<>] exec_user_by_name: exit 
# hull makes a terminal without having one.
both	^[<>] exec_terminal_from_none: exit 
# An unknown capability on the command line is an error; config.md's warning is for configurations.
both	^[<>] exec_cap_unknown: exit 
# crun's exec has only the variables and capabilities of its options, no limits and no HOME; it takes a relative directory.
crun	^[<>] exec_env: 
crun	^< exec_env_overrides: HULL_TEST_ID=
crun	^[<>] exec_cap: out: Cap
# make(1) leaves signals 32 and 33, which the C library uses, ignored; the peers pass that on.
both	^[<>] exec_sees: out: SigIgn:	0000000[01][08]0000000$
crun	^[<>] exec_sees: out: (NoNewPrivs|[0-9]+$)
crun	^< exec_process: HOME=/$
crun	^[<>] exec_cwd_relative: 
# This crun lacks groups.
crun	^[<>] exec_groups: 
# A failing hook of start is an error in hull, as runtime.md demands. The peers do not wait for startContainer hooks, and run
# poststart hooks before them; this runc does so in create.
both	^[<>] hook[a-z_]*: note: (startContainer|poststart)
# It is followed by the container's deletion.
both	^[<>] hook_fails_(at|after)_start: (exit [01]|error: docker gone)$
both	^[<>] hook_fails_at_start: status (none|stopped)$
crun	^[<>] hook_(fails_before|missing): exit (1|255)$
crun	^< hook_missing: error: (docker|podman) 127$
# hull's hooks run in the bundle, as crun's do; the specification does not say.
runc	^[<>] hook_directory: note: (createContainer|poststop) 
# Output beyond the specification, or less than the peers'.
both	^< hook_reads_the_state: shape: (rootfs|created|owner) 
crun	^> hook_reads_the_state: shape: root 
runc	^[<>] state_values: value: (root)?$
crun	^[<>] state_values: value: (/.*/)?rootfs$
# If the kernel does not count something, hull prints nothing for it; hull prints pressure.
runc	^(> events_data: current|< events_data: psi)$
# No cgroups of version 1; the rest is newer.
runc	^< features_of_runc: (SCMP_|SECCOMP_|copy-symlink|dest-nofollow|src-nofollow|r?idmap|time$)
runc	^[<>] features_of_runc: .*"v1":
# Checkpoints are not implemented.
runc	^[<>] (restore|checkpoint)_probe: 
END
}

# The words of a row.

r() { # calls the runtime; what came of it
	code=0
	timeout -k 5 120 $RUNTIME "$@" <"${INPUT:-/dev/null}" >"$WORK/out" 2>"$WORK/errors" || code=$?
	echo "exit $code"
	[ -z "${VERBOSE:-}" ] || sed "s/^/    $NAME: /" "$WORK/errors" >&2
	[ $code = 0 ] || [ ! -s "$WORK/errors" ] || matches "$(command_of "$@")"
}

command_of() { # after the global options
	while case ${1:-} in -*) ;; *) false ;; esac do
		case $1 in --log | --log-format | --root | --criu) shift ;; esac
		shift
	done
	echo "${1:-}"
}

matches() { # COMMAND
	# only lines of errors count: warnings, hints and usage are left out
	grep -v -e '^time=.*level=\(warning\|info\)' -e '^ ' "$WORK/errors" >"$WORK/error-lines"
	patterns | while read -r engine meaning commands how expression; do
		echo "$1" | grep -Eqx -e "$commands" || continue
		case $how in i) how=-i ;; *) how= ;; esac
		! grep -Eq $how -e "$expression" "$WORK/error-lines" || echo "error: $engine $meaning"
	done | sort -u
}

quietly() { # prepares: must work
	timeout -k 5 120 $RUNTIME "$@" </dev/null >"$WORK/out" 2>"$WORK/errors" || {
		echo "$NAME $*: $(cat "$WORK/errors")"
		exit 1
	}
}

status_by() {
	$RUNTIME state "${1:-$ID}" 2>/dev/null | jq -r .status
}

s() { # the container's status
	now=$(status_by "$@")
	echo "status ${now:-none}"
}

soon() { # waits for a status
	for _ in $(seq 600); do
		[ "$(status_by)" != "$1" ] || return 0
		sleep 0.1
	done
	echo "$NAME: status is never $1, but $(status_by)"
	exit 1
}

created() { quietly create -b "$BUNDLE" "$@" "$ID"; }
started() { created && quietly start "$ID"; }
paused() { started && quietly pause "$ID"; }
stopped() { started && quietly kill "$ID" KILL && soon stopped; }

args() { # the program of the container
	config --argjson args "$(jq -cn '$ARGS.positional' --args -- "$@")" '.process.args = $args'
}

# hook KIND SCRIPT: adds a hook; `notes` prints what the hook writes to $note. The hook reads all its input, because crun fails if a
# hook does not.
hook() {
	case $1 in startContainer) note=/note ;; *) note=$BUNDLE/rootfs/note ;; esac
	config --arg kind "$1" --arg script "note=$note; $2; cat >/dev/null" \
		'.hooks[$kind] += [{path: "/bin/sh", args: ["sh", "-c", $script], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]'
}

hooks() { # SCRIPT: one of each kind
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		hook $kind "kind=$kind; $1"
	done
	rm -f "$BUNDLE/rootfs/note"
}

notes() { # when the hooks of start have run, for which the peers do not wait
	tries=0
	until [ $(grep -c -e poststart -e startContainer "$BUNDLE/rootfs/note") = 2 ] || [ $tries = 600 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	sed 's/^/note: /' "$BUNDLE/rootfs/note"
}

whole_life() { # with all hooks
	created && quietly start "$ID" && notes >"$WORK/notes" && quietly delete -f "$ID" && notes
}

out() { sed 's/^/out: /' "$WORK/out"; }
words() { sed 's/^/words: /; s/  */ /g' "$WORK/out"; } # a table, whatever the width of its columns
lines() { echo "lines: $(wc -l <"$WORK/out")"; }
shape() { # of JSON: names and types, whatever the values
	jq -c 'def shape: if type == "object" then map_values(shape) elif type == "array" then (map(shape) | unique) else type end; shape' \
		"$WORK/out" | jq -rS 'if type == "object" then to_entries[] | "\(.key) \(.value | tojson)" else tojson end' |
		sort | sed 's/^/shape: /'
}
tells() { grep -Fq -e "$1" "$WORK/errors" && echo "says $1" || echo "does not say $1"; }

observe() { # NAME COMMAND ROW
	NAME=$1
	RUNTIME=$2
	cp "$WORK/config.json" "$BUNDLE/config.json"
	(cd "$WORK" && eval "$3") >"$WORK/lines" 2>"$WORK/row-errors" || {
		code=$?
		cat "$WORK/lines" "$WORK/row-errors"
		fail "$1: the row itself fails with $code: $(tail -n 1 "$WORK/lines")"
	}
	[ -z "${VERBOSE:-}" ] || cat "$WORK/row-errors" >&2
	sed "s/^/${WORK##*/}: /" "$WORK/lines"
	for left in $($RUNTIME list -q 2>/dev/null); do
		$RUNTIME delete --force "$left" >/dev/null 2>&1
	done
	rmdir "/sys/fs/cgroup/$ID" 2>/dev/null
	return 0
}

behave() { # ROW
	config --arg path "/$ID" '.ociVersion = "1.0.2" | .process.args = ["sleep", "1000"] | .linux.cgroupsPath = $path | del(.linux.resources)'
	cp "$BUNDLE/config.json" "$WORK/config.json"
	mkdir -p "$WORK/links"
	for peer in $peers; do
		ln -sfn "$HULL" "$WORK/links/$peer"
		observe "hull" "$WORK/links/$peer --root $STATE" "$1" >"$WORK/seen-hull" || exit 1
		observe "$peer" "$peer --root $WORK/$peer-state" "$1" >"$WORK/seen-$peer" || exit 1
		diff "$WORK/seen-hull" "$WORK/seen-$peer" | grep '^[<>]' >"$WORK/all"
		justified "$peer" | grep -v '^#' >"$WORK/expressions"
		grep -Evf "$WORK/expressions" "$WORK/all" >"$WORK/differences"
		[ -z "${VERBOSE:-}" ] || sed "s/^/$peer: /" "$WORK/all"
		[ ! -s "$WORK/differences" ] || {
			sed "s/^/$peer: /" "$WORK/differences"
			echo 'differs' >"$WORK/verdict"
		}
	done
	[ ! -e "$WORK/verdict" ] || exit 1
	[ -z "${VERBOSE:-}" ] || cat "$WORK/seen-hull"
}

# create
test_create() { behave 'r create -b "$BUNDLE" "$ID"; s; out'; }
test_create_id_in_use() { behave 'created; r create -b "$BUNDLE" "$ID"; s'; }
test_create_id_of_stopped() { behave 'stopped; r create -b "$BUNDLE" "$ID"; s'; }
test_create_no_id() { behave 'r create -b "$BUNDLE"'; }
test_create_two_ids() { behave 'r create -b "$BUNDLE" "$ID" other; s; s other'; }
test_create_empty_id() { behave 'r create -b "$BUNDLE" ""'; }
test_create_bad_ids() { behave 'for id in a/b ../x "a b" a:b . ..; do r create -b "$BUNDLE" "$id"; done'; }
test_create_odd_id() { behave 'r create -b "$BUNDLE" "$ID.A_b+c"; s "$ID.A_b+c"'; }
test_create_no_bundle() { behave 'r create -b /nowhere "$ID"; s'; }
test_create_no_config() { behave 'rm "$BUNDLE/config.json"; r create -b "$BUNDLE" "$ID"; s'; }
test_create_bad_json() { behave 'echo "{" >"$BUNDLE/config.json"; r create -b "$BUNDLE" "$ID"; s'; }
test_create_no_rootfs() { behave 'config ".root.path = \"nowhere\""; r create -b "$BUNDLE" "$ID"; s'; }
test_create_no_process() { behave 'config "del(.process)"; r create -b "$BUNDLE" "$ID"; s'; }
test_create_no_args() { behave 'config ".process.args = []"; r create -b "$BUNDLE" "$ID"; s'; }
test_create_relative_cwd() { behave 'config ".process.cwd = \"tmp\""; r create -b "$BUNDLE" "$ID"; s'; }
test_create_missing_source() { behave 'config ".mounts += [{destination: \"/mnt\", source: \"/nowhere\", options: [\"bind\"]}]"; r create -b "$BUNDLE" "$ID"; s'; }
test_create_unknown_namespace() { behave 'config ".linux.namespaces += [{type: \"moon\"}]"; r create -b "$BUNDLE" "$ID"; s'; }
test_create_in_working_directory() { behave 'cd "$BUNDLE"; r create "$ID"; s'; }
test_create_option_with_equals() { behave 'r create "--bundle=$BUNDLE" "$ID"; s'; }
test_create_pid_file() { behave 'r create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"; [ "$(cat "$WORK/pid"; echo .)" = "$($RUNTIME state "$ID" | jq .pid)." ] && echo same'; }
test_create_pid_file_nowhere() { behave 'r create -b "$BUNDLE" --pid-file /nowhere/pid "$ID"; s'; }
test_create_terminal_without_socket() { behave 'config ".process.terminal = true"; r create -b "$BUNDLE" "$ID"; s'; }
test_create_socket_without_terminal() { behave 'r create --console-socket "$WORK/none" -b "$BUNDLE" "$ID"; s'; }
test_create_socket_missing() { behave 'config ".process.terminal = true"; r create --console-socket "$WORK/none" -b "$BUNDLE" "$ID"; s'; }
test_create_preserve_fds_bad() { behave 'r create --preserve-fds x -b "$BUNDLE" "$ID"; s'; }
test_create_unknown_option() { behave 'r create --no-such-option -b "$BUNDLE" "$ID"; s'; }
test_create_option_without_value() { behave 'r create --bundle'; }

test_create_empty_program() { behave 'args ""; r create -b "$BUNDLE" "$ID"; s'; }

# start
test_start() { behave 'created; r start "$ID"; s; out'; }
test_start_twice() { behave 'started; r start "$ID"; s'; }
test_start_stopped() { behave 'stopped; r start "$ID"; s'; }
test_start_unknown() { behave 'r start nobody'; }
test_start_no_id() { behave 'r start'; }
test_start_two_ids() { behave 'created; r start "$ID" other; s'; }
test_start_program_missing() { behave 'args nosuch; r create -b "$BUNDLE" "$ID"; r start "$ID"; tells nosuch'; }
test_start_path_missing() { behave 'args /no/such; r create -b "$BUNDLE" "$ID"; r start "$ID"; tells /no/such'; }
test_start_not_executable() { behave 'args /etc/passwd; r create -b "$BUNDLE" "$ID"; r start "$ID"; tells /etc/passwd'; }
test_start_directory() { behave 'args /etc; r create -b "$BUNDLE" "$ID"; r start "$ID"; tells /etc'; }
test_start_paused() { behave 'created; quietly pause "$ID"; s; timeout 2 $RUNTIME start "$ID" >/dev/null 2>&1; s'; }

# run
test_run() { behave 'args sh -c "echo one; echo two >&2; exit 7"; r run -b "$BUNDLE" "$ID"; out; tells two; s'; }
test_run_true() { behave 'args true; r run -b "$BUNDLE" "$ID"; s'; }
test_run_exit_255() { behave 'args sh -c "exit 255"; r run -b "$BUNDLE" "$ID"'; }
test_run_killed_9() { behave 'args sh -c "kill -9 \$\$"; r run -b "$BUNDLE" "$ID"; s'; }
test_run_child_killed() { behave 'args sh -c "sh -c \"kill -9 \\\$\\\$\"; exit \$?"; r run -b "$BUNDLE" "$ID"; s'; }
test_run_killed_from_outside() { behave '$RUNTIME run -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 & soon running; quietly kill "$ID" TERM; quietly kill "$ID" KILL; code=0; wait $! || code=$?; echo "exit $code"; s'; }
test_run_detached() { behave 'r run -d -b "$BUNDLE" "$ID"; s; out'; }
test_run_detached_pid_file() { behave 'r run --detach --pid-file "$WORK/pid" -b "$BUNDLE" "$ID"; [ "$(cat "$WORK/pid")" = "$($RUNTIME state "$ID" | jq .pid)" ] && echo same'; }
test_run_detached_ends() { behave 'args true; r run -d -b "$BUNDLE" "$ID"; soon stopped; r delete "$ID"; s'; }
test_run_id_in_use() { behave 'created; r run -b "$BUNDLE" "$ID"; s'; }
test_run_program_missing() { behave 'args nosuch; r run -b "$BUNDLE" "$ID"; tells nosuch; s'; }
test_run_path_missing() { behave 'args /no/such; r run -b "$BUNDLE" "$ID"; s'; }
test_run_not_executable() { behave 'args /etc/passwd; r run -b "$BUNDLE" "$ID"; s'; }
test_run_directory() { behave 'args /etc; r run -b "$BUNDLE" "$ID"; s'; }
test_run_through_a_file() { behave 'args /etc/passwd/x; r run -b "$BUNDLE" "$ID"; s'; }
test_run_cwd_missing() { behave 'args pwd; config ".process.cwd = \"/made/up\""; r run -b "$BUNDLE" "$ID"; out; s'; }
test_run_no_bundle() { behave 'r run -b /nowhere "$ID"'; }
test_run_bad_json() { behave 'echo "{" >"$BUNDLE/config.json"; r run -b "$BUNDLE" "$ID"'; }
test_run_no_id() { behave 'r run -b "$BUNDLE"'; }
test_run_options_after_id() { behave 'args true; r run "$ID" -b "$BUNDLE"'; }
test_run_input() { behave 'args cat; echo hello >"$WORK/in"; INPUT="$WORK/in" r run -b "$BUNDLE" "$ID"; out'; }
test_run_keep() { behave 'args true; r run --keep -b "$BUNDLE" "$ID"; s'; }

# exec
test_exec() { behave 'started; r exec "$ID" sh -c "echo one; echo two >&2; exit 7"; out; tells two; s'; }
test_exec_true() { behave 'started; r exec "$ID" true; s'; }
test_exec_created() { behave 'created; r exec "$ID" true; s'; }
test_exec_stopped() { behave 'stopped; r exec "$ID" true; s'; }
test_exec_paused() { behave 'paused; r exec "$ID" true; s'; }
test_exec_unknown() { behave 'r exec nobody true'; }
test_exec_no_id() { behave 'r exec'; }
test_exec_no_program() { behave 'started; r exec "$ID"'; }
test_exec_empty_program() { behave 'started; r exec "$ID" ""'; }
test_exec_program_missing() { behave 'started; r exec "$ID" nosuch; tells nosuch; s'; }
test_exec_path_missing() { behave 'started; r exec "$ID" /no/such; tells /no/such'; }
test_exec_not_executable() { behave 'started; r exec "$ID" /etc/passwd; tells /etc/passwd'; }
test_exec_directory() { behave 'started; r exec "$ID" /etc; tells /etc'; }
test_exec_through_a_file() { behave 'started; r exec "$ID" /etc/passwd/x'; }
test_exec_detached_program_missing() { behave 'started; r exec -d "$ID" nosuch'; }
test_exec_killed_9() { behave 'started; r exec "$ID" sh -c "kill -9 \$\$"; s'; }
test_exec_exit_255() { behave 'started; r exec "$ID" sh -c "exit 255"'; }
test_exec_input() { behave 'started; echo hello >"$WORK/in"; INPUT="$WORK/in" r exec "$ID" cat; out'; }
test_exec_env() { behave 'started; r exec --env A=1 --env B=x=y --env=C= "$ID" env; sort "$WORK/out"'; }
test_exec_env_overrides() { behave 'started; r exec -e PATH=/bin -e TERM=vt52 "$ID" env; sort "$WORK/out"'; }
test_exec_env_without_value() { behave 'started; r exec -e A "$ID" env; sort "$WORK/out"'; }
test_exec_user() { behave 'started; r exec -u 1000:1001 "$ID" sh -c "id -u; id -g; echo \$HOME"; out'; }
test_exec_user_alone() { behave 'started; r exec --user 1000 "$ID" sh -c "id -u; id -g; echo \$HOME"; out'; }
test_exec_user_by_name() { behave 'echo "somebody:x:77:78::/srv:/bin/sh" >>"$BUNDLE/rootfs/etc/passwd"; started; r exec -u somebody "$ID" id -u'; }
test_exec_user_unknown() { behave 'started; r exec -u nosuchname "$ID" id'; }
test_exec_user_is_no_number() { behave 'started; r exec -u 1000:x "$ID" id'; }
test_exec_cwd() { behave 'started; r exec --cwd /proc "$ID" pwd; out'; }
test_exec_cwd_missing() { behave 'started; r exec --cwd /no/such "$ID" pwd; out'; }
test_exec_cwd_relative() { behave 'started; r exec --cwd etc "$ID" pwd; out'; }
test_exec_groups() { behave 'started; r exec -g 5 -g 6 "$ID" sh -c "grep Groups /proc/self/status"; words'; }
test_exec_cap() { behave 'started; r exec --cap CAP_SYS_TIME "$ID" sh -c "grep Cap /proc/self/status"; out'; }
test_exec_cap_unknown() { behave 'started; r exec --cap CAP_FLY "$ID" true'; }
test_exec_sees() { behave 'started; r exec "$ID" sh -c "grep -e Cap -e NoNew -e Seccomp: -e Sig[IC] -e Umask /proc/self/status; ulimit -n; umask; hostname; cat /proc/self/cgroup | tail -n 1; cat /proc/self/oom_score_adj; pwd"; out'; }
test_exec_same_namespaces() { behave 'started; r exec "$ID" sh -c "for n in cgroup ipc mnt net pid user uts; do [ \$(readlink /proc/self/ns/\$n) = \$(readlink /proc/1/ns/\$n) ] && echo \$n; done"; out'; }
test_exec_no_new_privs() { behave 'config ".process.noNewPrivileges = false"; started; r exec --no-new-privs "$ID" grep NoNew /proc/self/status; out; r exec "$ID" grep NoNew /proc/self/status; out'; }
test_exec_process() { behave 'started; echo "{\"args\": [\"sh\", \"-c\", \"pwd; env; id -u\"], \"cwd\": \"/etc\", \"env\": [\"PATH=/bin\", \"X=1\"], \"user\": {\"uid\": 5, \"gid\": 5}}" >"$WORK/process"; r exec -p "$WORK/process" "$ID"; sort "$WORK/out"'; }
test_exec_process_missing() { behave 'started; r exec -p /nowhere "$ID"'; }
test_exec_process_bad_json() { behave 'started; echo "{" >"$WORK/process"; r exec --process "$WORK/process" "$ID"'; }
test_exec_process_no_args() { behave 'started; echo "{\"cwd\": \"/\"}" >"$WORK/process"; r exec --process "$WORK/process" "$ID"'; }
test_exec_process_no_cwd() { behave 'started; echo "{\"args\": [\"true\"]}" >"$WORK/process"; r exec --process "$WORK/process" "$ID"'; }
test_exec_detached() { behave 'started; r exec --detach --pid-file "$WORK/pid" "$ID" sleep 1000; out; until grep -q sleep "/proc/$(cat "$WORK/pid")/cmdline"; do sleep 0.05; done; s'; }
test_exec_pid_file_nowhere() { behave 'started; r exec --pid-file /nowhere/pid "$ID" true'; }
test_exec_terminal_from_none() { behave 'started; r exec -t "$ID" true'; }
test_exec_terminal_detached_without_socket() { behave 'started; r exec -t -d "$ID" true'; }
test_exec_socket_missing() { behave 'started; r exec -t -d --console-socket "$WORK/none" "$ID" true'; }
test_exec_preserve_fds() { behave 'started; exec 3</dev/null 4</dev/null 5</dev/null; r exec --preserve-fds 2 "$ID" sh -c "ls /proc/self/fd | wc -l"; out'; }
test_exec_options_after_id() { behave 'started; r exec "$ID" echo -e one --env two; out'; }
test_exec_unknown_option() { behave 'started; r exec --no-such-option "$ID" true'; }
test_exec_as_containerd() { behave 'started; echo "{\"args\": [\"sleep\", \"1000\"], \"cwd\": \"/\", \"env\": [\"PATH=/bin\"]}" >"$WORK/process"; r --log "$WORK/engine-log" --log-format json exec --process "$WORK/process" --detach --pid-file "$WORK/pid" "$ID"; [ -s "$WORK/pid" ] && echo pid'; }
test_exec_log_json() { behave 'started; rm -f "$WORK/engine-log"; r --log "$WORK/engine-log" --log-format json exec "$ID" nosuch; jq -r "select(.level == \"error\") | .level, (.msg | test(\"nosuch\"))" "$WORK/engine-log"'; }

# state
test_state_created() { behave 'created; r state "$ID"; shape; s'; }
test_state_running() { behave 'started; r state "$ID"; shape; s'; }
test_state_paused() { behave 'paused; r state "$ID"; s'; }
test_state_stopped() { behave 'stopped; r state "$ID"; shape; jq .pid "$WORK/out"; s'; }
test_state_values() { behave 'created; r state "$ID"; jq -r ".id, .bundle, .rootfs, .owner, (.pid > 0)" "$WORK/out" | sed "s/^/value: /"'; }
test_state_annotations() { behave 'config ".annotations = {a: \"b\"}"; created; r state "$ID"; jq -c .annotations "$WORK/out"'; }
test_state_unknown() { behave 'r state nobody; out'; }
test_state_no_id() { behave 'r state'; }
test_state_two_ids() { behave 'created; r state "$ID" other'; }
test_state_bad_id() { behave 'r state ../x'; }

# kill
test_kill_created() { behave 'created; r kill "$ID" KILL; soon stopped; s'; }
test_kill_default() { behave 'args sh -c "trap \"exit 3\" TERM; : >/ready; while :; do sleep 0.05; done"; rm -f "$BUNDLE/rootfs/ready"; started; until [ -e "$BUNDLE/rootfs/ready" ]; do sleep 0.05; done; r kill "$ID"; soon stopped; s'; }
test_kill_names() { behave 'started; for name in 0 CONT SIGCONT cont sigcont 18 SIGRTMIN+1 RTMAX 64; do r kill "$ID" "$name"; done; s'; }
test_kill_bad_names() { behave 'started; for name in NOSUCH SIG -1 65 9x ""; do echo "$name"; r kill "$ID" "$name"; done; s'; }
test_kill_stopped() { behave 'stopped; r kill "$ID" TERM; r kill "$ID" 0; r kill "$ID" KILL; s'; }
test_kill_all_of_stopped() { behave 'stopped; r kill --all "$ID" KILL; s'; }
test_kill_all() { behave 'args sh -c "sleep 1000 & sleep 1000"; started; r kill -a "$ID" KILL; soon stopped; s'; }
test_kill_paused() { behave 'paused; r kill "$ID" KILL; soon stopped; s'; }
test_kill_unknown() { behave 'r kill nobody TERM'; }
test_kill_no_id() { behave 'r kill'; }
test_kill_three_operands() { behave 'started; r kill "$ID" TERM more; s'; }

# delete
test_delete_created() { behave 'created; r delete "$ID"; s'; }
test_delete_running() { behave 'started; r delete "$ID"; s'; }
test_delete_running_by_force() { behave 'started; r delete --force "$ID"; s; out'; }
test_delete_created_by_force() { behave 'created; r delete -f "$ID"; s'; }
test_delete_paused() { behave 'paused; r delete "$ID"; s'; }
test_delete_paused_by_force() { behave 'paused; r delete --force "$ID"; s'; }
test_delete_stopped() { behave 'stopped; r delete "$ID"; s'; }
test_delete_unknown() { behave 'r delete nobody'; }
test_delete_unknown_by_force() { behave 'r delete --force nobody; out'; }
test_delete_twice() { behave 'stopped; r delete "$ID"; r delete "$ID"'; }
test_delete_no_id() { behave 'r delete'; }
test_delete_two_ids() { behave 'stopped; r delete "$ID" other; s'; }

# list
test_list_of_none() { behave 'r list; out; r list -q; out; r list -f json; jq -c . "$WORK/out"'; }
test_list_table() { behave 'config ".mounts += [] "; created; r list; head -n 1 "$WORK/out" | sed "s/  */ /g"; sed 1d "$WORK/out" | sed "s/  */ /g" | cut -d " " -f 1,3,4,6'; }
test_list_json() { behave 'created; r list -f json; shape'; }
test_list_json_stopped() { behave 'stopped; r list --format=json; jq -c "map({pid, status})" "$WORK/out"'; }
test_list_quiet() { behave 'started; r list --quiet; out'; }
test_list_bad_format() { behave 'r list -f xml; out'; }
test_list_operand() { behave 'r list something'; }

# ps
test_ps() { behave 'started; r ps "$ID"; sed -n 1p "$WORK/out"; lines'; }
test_ps_json() { behave 'started; r ps -f json "$ID"; shape; jq length "$WORK/out"'; }
test_ps_arguments() { behave 'started; r ps "$ID" -o pid,args; lines'; }
test_ps_created() { behave 'created; r ps -f json "$ID"; jq length "$WORK/out"'; }
test_ps_paused() { behave 'paused; r ps -f json "$ID"; jq length "$WORK/out"'; }
test_ps_stopped() { behave 'stopped; r ps -f json "$ID"; jq -c "." "$WORK/out"'; }
test_ps_unknown() { behave 'r ps nobody'; }
test_ps_no_id() { behave 'r ps'; }
test_ps_bad_format() { behave 'started; r ps -f xml "$ID"'; }

# pause and resume
test_pause_running() { behave 'started; r pause "$ID"; s; out'; }
test_pause_created() { behave 'created; r pause "$ID"; s'; }
test_pause_stopped() { behave 'stopped; r pause "$ID"; s'; }
test_pause_twice() { behave 'paused; r pause "$ID"; s'; }
test_pause_unknown() { behave 'r pause nobody'; }
test_resume_paused() { behave 'paused; r resume "$ID"; s; out'; }
test_resume_running() { behave 'started; r resume "$ID"; s'; }
test_resume_stopped() { behave 'stopped; r resume "$ID"; s'; }
test_resume_unknown() { behave 'r resume nobody'; }

# update
test_update_nothing() { behave 'started; echo "{}" >"$WORK/in"; INPUT="$WORK/in" r update -r - "$ID"; s; out'; }
test_update_file_missing() { behave 'started; r update -r /nowhere "$ID"; s'; }
test_update_bad_json() { behave 'started; echo "{" >"$WORK/in"; INPUT="$WORK/in" r update --resources=- "$ID"; s'; }
test_update_bad_value() { behave 'started; r update --memory lots "$ID"; r update --cpu-shares x "$ID"; r update --pids-limit many "$ID"'; }
test_update_stopped() { behave 'stopped; echo "{}" >"$WORK/in"; INPUT="$WORK/in" r update -r - "$ID"; s'; }
test_update_unknown() { behave 'r update --pids-limit 5 nobody'; }
test_update_no_id() { behave 'r update --pids-limit 5'; }

# if cgroup v2 has the controllers, as in the guest
limited() { # and what the kernel has of it
	config '.linux.resources = {memory: {limit: 134217728, reservation: 67108864, swap: 268435456}, pids: {limit: 77},
		cpu: {shares: 512, quota: 50000, period: 100000, cpus: "0"}}'
	started
	kernel
}
kernel() {
	for file in memory.max memory.low memory.swap.max cpu.max cpu.weight cpuset.cpus pids.max; do
		echo "$file: $(cat "/sys/fs/cgroup/$ID/$file" 2>&1)"
	done
}
limits() {
	needs_controllers memory cpu cpuset pids
	behave "limited; $1"
}
test_limits() { limits 's'; }
test_limits_of_memory_alone() { limits 'r delete --force "$ID"; config ".linux.resources = {memory: {limit: 67108864}}"; started; kernel'; }
test_update_limits() { limits 'r update --memory 67108864 --memory-swap 134217728 --memory-reservation 33554432 --cpu-quota 20000 --cpu-period 50000 --cpuset-cpus 0-1 --pids-limit 55 "$ID"; out; kernel; s'; }
test_update_to_no_limits() { limits 'r update --memory-swap -1 "$ID"; r update --memory -1 "$ID"; r update --pids-limit -1 "$ID"; r update --cpu-quota -1 "$ID"; kernel'; }
test_update_limits_from_a_file() { limits 'echo "{\"memory\": {\"limit\": 50331648, \"swap\": 50331648}, \"pids\": {\"limit\": 33}}" >"$WORK/in"; INPUT="$WORK/in" r update -r - "$ID"; kernel'; }

# hooks
test_hooks() { behave 'hooks "echo \$kind >>\$note"; whole_life'; }
test_hooks_of_run() { behave 'args true; hooks "echo \$kind >>\$note"; r run -b "$BUNDLE" "$ID"; notes'; }
test_hooks_read_the_status() { behave 'hooks "echo \$kind \$(grep -o creat[a-z]* \\\| running \\\| stopped) >>\$note"; whole_life'; }
test_hook_reads_the_state() { behave 'hook createRuntime "cat >\$note"; created; cp "$BUNDLE/rootfs/note" "$WORK/out"; shape'; }
test_hook_directory() { behave 'hooks "echo \$kind \$(pwd) >>\$note"; whole_life'; }
test_hook_environment() { behave 'hooks "echo \$kind \$(env | grep -v ^PWD= | grep -v ^SHLVL= | sort) >>\$note"; whole_life'; }
test_hook_fails_before() { behave 'for kind in prestart createRuntime createContainer; do echo $kind; config "del(.hooks)"; hook $kind "cat >/dev/null; exit 3"; r create -b "$BUNDLE" "$ID"; s; done'; }
test_hook_fails_at_start() { behave 'hook startContainer "cat >/dev/null; exit 3"; r create -b "$BUNDLE" "$ID"; r start "$ID"; sleep 0.5; s'; }
test_hook_fails_after_start() { behave 'hook poststart "cat >/dev/null; exit 3"; r create -b "$BUNDLE" "$ID"; r start "$ID"'; }
test_hook_fails_at_delete() { behave 'hook poststop "cat >/dev/null; exit 3"; stopped; r delete "$ID"; s'; }
test_hook_in_time() { behave 'hook createRuntime "exec sleep 100"; config ".hooks.createRuntime[0].timeout = 1"; r create -b "$BUNDLE" "$ID"; s'; }
test_hook_missing() { behave 'hook createRuntime :; config ".hooks.createRuntime[0].path = \"/no/such\""; r create -b "$BUNDLE" "$ID"; s'; }

# events
test_events_data() { behave 'started; r events --stats "$ID"; jq -r ".data | keys[]" "$WORK/out"; jq -r ".data.cpu.usage, .data.pids, .data.memory | keys[]" "$WORK/out"'; }
test_events_stats() { behave 'started; r events --stats "$ID"; jq -r "[.type, (.id | type), (.data | type)] | @tsv" "$WORK/out"; lines'; }
test_events_stopped() { behave 'stopped; r events --stats "$ID"'; }
test_events_unknown() { behave 'r events --stats nobody'; }

# spec and features
test_spec() { behave 'rm -rf "$WORK/new"; mkdir "$WORK/new"; cd "$WORK/new"; r spec; out; ls; r spec'; }
test_spec_bundle() { behave 'rm -rf "$WORK/new"; mkdir "$WORK/new"; r spec -b "$WORK/new"; jq -S -c keys "$WORK/new/config.json"'; }
test_spec_rootless() { behave 'rm -rf "$WORK/new"; mkdir "$WORK/new"; cd "$WORK/new"; r spec --rootless; jq -c "[.linux.namespaces[].type] | sort" config.json; jq -c "[.linux.uidMappings, .linux.gidMappings] | map(length)" config.json'; }
test_spec_no_bundle() { behave 'r spec -b /nowhere'; }
test_features() { behave 'r features; jq -r "keys[]" "$WORK/out"; jq -r ".linux | keys[]" "$WORK/out"'; }

test_features_of_runc() { behave 'r features; jq -r "(.hooks, .mountOptions, .linux.namespaces, .linux.capabilities, .linux.seccomp.actions, .linux.seccomp.operators, .linux.seccomp.archs, .linux.seccomp.knownFlags)[]?" "$WORK/out" | sort; jq -c "[.linux.cgroup, .linux.seccomp.enabled, .linux.apparmor, .linux.selinux]" "$WORK/out"'; }

# the command line
test_version() { behave 'r --version; sed "s/\([:n]\) .*/\1/" "$WORK/out"'; }
test_version_letter() { behave 'r -v; lines'; }
test_help() { behave 'r --help; r -h; r help; r create --help; r create -h'; }
test_no_command() { behave 'r'; }
test_unknown_command() { behave 'r nosuch'; }
test_unknown_global_option() { behave 'r --nosuch list'; }
test_global_options() { behave 'for option in --debug --systemd-cgroup "--rootless auto" --rootless=false --log-format=text "--log-format json" --log=/dev/null "--root $WORK/empty" "--root=$WORK/empty"; do echo "$option"; r $option list -q; done'; }
test_global_flags_with_values() { behave 'for option in --debug=true --debug=false --systemd-cgroup=true --systemd-cgroup=false; do echo "$option"; r $option list -q; done'; }
# The calls of engines: conmon's create of Podman, Buildah and CRI-O; go-runc's of containerd; dockerd's runtimeArgs; Slurm's
# oci.conf.
test_global_conmon() { behave 'r --log-format=json "--log=$WORK/engine-log" create --bundle "$BUNDLE" --pid-file "$WORK/pid" --no-new-keyring "$ID"; r "--root=${RUNTIME##* }" kill "$ID" 9; soon stopped; r delete --force "$ID"; r delete --force "$ID"'; }
test_global_containerd() { behave 'go_runc() { r --root "${RUNTIME##* }" --log "$WORK/engine-log" --log-format json "$@"; }; go_runc create --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"; go_runc start "$ID"; go_runc ps --format json "$ID"; go_runc kill --all "$ID" 9; soon stopped; go_runc delete "$ID"; go_runc delete --force "$ID"; [ -s "$WORK/engine-log" ] || echo quiet'; }
test_global_docker() { behave 'RUNTIME="$RUNTIME --debug --systemd-cgroup=false"; r list -q'; }
test_global_slurm() { behave 'r "--root=${RUNTIME##* }" state "$ID"; r "--root=${RUNTIME##* }" kill -a "$ID"; r "--root=${RUNTIME##* }" delete --force "$ID"'; }
test_global_criu() { behave 'r --criu /usr/sbin/criu list -q; r --criu=criu list -q'; }
test_log_format_bad() { behave 'r --log-format xml list -q'; }
test_log_nowhere() { behave 'r --log /nowhere/log list -q'; }
test_log_json() { behave 'rm -f "$WORK/engine-log"; r --log "$WORK/engine-log" --log-format json state nobody; tail -n 1 "$WORK/engine-log" | jq -r ".level, (.msg | type), (.time | fromdate? // (sub(\"[.][0-9]+\"; \"\") | fromdate?) | type)"; [ -s "$WORK/errors" ] && echo "on stderr too"'; }
test_log_text() { behave 'rm -f "$WORK/engine-log"; r --log "$WORK/engine-log" state nobody; [ -s "$WORK/engine-log" ] && echo logged; [ -s "$WORK/errors" ] && echo "on stderr too"'; }
test_log_of_success() { behave 'rm -f "$WORK/engine-log"; r --log "$WORK/engine-log" --log-format json list -q; [ ! -s "$WORK/engine-log" ] && echo "nothing logged"'; }
test_checkpoint_probe() { behave 'r checkpoint --help'; }
test_restore_probe() { behave 'r restore --lsm-mount-context'; }

run_tests
