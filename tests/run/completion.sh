# Completion: each shell sources its script and is asked what it offers (completion.bash, .fish, .zsh).
. "${0%/*}/lib.sh"

scripts() {
	for shell in bash fish zsh; do
		"$HULL" completion $shell >"$WORK/hull.$shell" || fail "completion $shell"
		# in a run as another user, hull has a program before it
		sed -i "2s|^\(.*hull_program[= ]\).*|\1$HULL|" "$WORK/hull.$shell"
	done
}

# ask SHELL: prints its offers for the lines in $WORK/lines. The shells differ in the display of a path, in "--root=DIR", and in
# order.
ask() {
	case $1 in
	bash) set -- bash --norc ;;
	fish) set -- fish --no-config ;;
	zsh) set -- zsh -f ;;
	esac
	HOME=$WORK timeout 60 "$@" "$LIB_DIR/completion.$1" "$WORK/hull.$1" <"$WORK/lines" 2>"$WORK/errors" |
		awk -F '|' '{
			count = split($2, words, " ")
			for (i = 1; i <= count; i++) {
				sub("^--[a-z-]*=", "", words[i])
				gsub("\\\\", "", words[i])
				sub("/$", "", words[i])
				sub(".*/", "", words[i])
				for (j = i; j > 1 && words[j - 1] > words[j]; j--) {
					word = words[j]
					words[j] = words[j - 1]
					words[j - 1] = word
				}
			}
			line = $1 "|"
			for (i = 1; i <= count; i++)
				if (i == 1 || words[i] != words[i - 1])
					line = line (i > 1 ? " " : "") words[i]
			print line
		}'
	[ ! -s "$WORK/errors" ] || echo "errors: $(cat "$WORK/errors")"
}

# offers <<LINE|WORDS...: every shell that is installed offers exactly these words, sorted.
offers() {
	cat >"$WORK/want"
	sed 's/|.*//' "$WORK/want" >"$WORK/lines"
	scripts
	missing=
	for shell in bash fish zsh; do
		command -v $shell >/dev/null || {
			missing="$missing $shell"
			continue
		}
		ask $shell >"$WORK/got"
		diff "$WORK/want" "$WORK/got" >"$WORK/difference" ||
			fail "$shell (< wanted, > offered): $(cat "$WORK/difference")"
	done
	[ -z "$missing" ] || skip "not installed:$missing"
}

test_words() {
	offers <<-'END'
		hull cre|create
		hull st|start state stats
		hull nonsense |
		hull list -f |json table
		hull list --format |json table
		hull list --format=|json table
		hull list --format=j|json
		hull list --form=j|json
		hull stats -f |json openmetrics table
		hull stats --sort me|mem% memory
		hull check --format |json text
		hull check --format |json text
		hull spec --network |host none
		hull --cgroup-manager |cgroupfs disabled systemd
		hull --cgroup-manager=s|systemd
		hull --log-level |debug error info warn warning
		hull --log-format j|json
		hull --rootless |auto false true
		hull run --network |none pasta slirp4netns
		hull run --detach=|false true
		hull update --cpu-idle |0 1
		hull update --memory |
		hull exec --cap CAP_NET_B|CAP_NET_BIND_SERVICE CAP_NET_BROADCAST
		hull kill some T|TERM TRAP TSTP TTIN TTOU
		hull kill some SIGU|SIGURG SIGUSR1 SIGUSR2
		hull kill some TERM |--all --help --regex -a -h -r
		hull help res|resume
		hull completion |bash fish zsh
		hull spec --explain .pro|.process
		hull spec --explain .linux.name|.linux.namespaces
		hull spec --explain .linux.namespaces.|.linux.namespaces.path .linux.namespaces.type
		hull spec --explain .linux.namespaces[0].t|.linux.namespaces[0].type
		hull spec --explain=.mounts.so|.mounts.source
		hull spec --explain .hostname.|
		hull --ro|--root --rootless
		hull --log-level debug --log-l|
		hull delete -|--force --help --regex -f -h -r
		hull delete --force -|--help --regex -h -r
		hull delete some -|--force --help --regex -f -h -r
		hull delete -rf -|--help -h
		hull exec --e|--env
		hull exec --env A=B --e|--env
		hull exec some sh -|
		hull exec some -- -|
		hull spec -- -|
		hull run some -- -|
		hull kill -- -|
		hull features |--help -h
		hull list --quiet |--format --help -f -h
	END
}

# Only directories, or files as well; and no container where files are expected.
test_paths() {
	create
	mkdir "$WORK/place" "$WORK/place/alpha" "$WORK/place/two words"
	echo >"$WORK/place/beta.json"
	printf '#!/bin/sh\n' >"$WORK/place/program"
	chmod 755 "$WORK/place/program"
	offers <<-END
		hull run -b $WORK/place/a|alpha
		hull run --bundle=$WORK/place/a|alpha
		hull run -b $WORK/place/b|
		hull run -f $WORK/place/b|beta.json
		hull --root $STATE run -b $WORK/place/|alpha two words
		hull --root $STATE create --config=$WORK/place/|alpha beta.json program two words
		hull --root $WORK/place/b|
		hull run --overlay tm|tmp
		hull check $WORK/place/|alpha two words
		hull check $WORK/place/|alpha two words
		hull run --overlay $WORK/place/a|alpha
		hull update -r $WORK/place/b|beta.json
		hull exec --cwd $WORK/place/|
		hull spec $WORK/place/|
		hull run some $WORK/place/|
		hull run some -- $WORK/place/p|program
		hull create some -- program --option $WORK/place/b|beta.json
		hull spec --rootfs $WORK/place/a|alpha
		hull spec -- $WORK/place/p|program
		hull spec -b . -- program --option $WORK/place/b|beta.json
		hull exec some program $WORK/place/b|beta.json
	END
	hull delete "$ID"
}

# Containers of the state root that the line names, by their status.
test_containers() {
	create
	config '.process.args = ["true"]'
	try hull run --keep -b "$BUNDLE" "$ID-end"
	expect_status 0
	config '.process.args = ["sleep", "1000"]'
	try hull run -d -b "$BUNDLE" "$ID-run"
	expect_status 0
	# another user's container has no cgroup to be paused by
	paused=
	if [ "$(id -u)" = 0 ] && [ -z "${HULL_TEST_USER:-}" ]; then
		paused=" $ID-stop"
		try hull run -d -b "$BUNDLE" "$ID-stop"
		expect_status 0
		try hull pause "$ID-stop"
		expect_status 0
	fi
	root="hull --root $STATE"
	offers <<-END
		$root state |$ID $ID-end $ID-run$paused
		hull --root=$STATE state |$ID $ID-end $ID-run$paused
		hull --root ~/state state |$ID $ID-end $ID-run$paused
		hull --root \$HOME/state state |$ID $ID-end $ID-run$paused
		hull --root \${HOME}/state state |$ID $ID-end $ID-run$paused
		$root start |$ID
		$root exec |$ID $ID-run
		$root kill |$ID $ID-run$paused
		$root kill --all |$ID $ID-end $ID-run$paused
		$root kill $ID-r|$ID-run
		$root kill $ID-run TE|TERM
		$root delete |$ID $ID-end
		$root delete -f |$ID $ID-end $ID-run$paused
		$root pause |$ID $ID-run
		$root resume |${paused# }
		$root exec --ignore-paused |$ID $ID-run$paused
		$root update |$ID $ID-run$paused
		$root events |$ID $ID-run$paused
		$root ps |$ID $ID-end $ID-run$paused
		$root ps $ID |
		$root stats |$ID $ID-end $ID-run$paused
		$root stats $ID |$ID-end $ID-run$paused
		$root --log-level debug kill -a -- |$ID $ID-end $ID-run$paused
		$root list $ID|
		hull --root $WORK/none kill |
	END
	for id in "$ID" "$ID-end" "$ID-run" $paused; do
		hull delete -f "$id"
	done
}

# The script calls hull by the path of the call that wrote it; without a path, hull is looked for.
test_program() {
	mkdir "$WORK/odd's place"
	cp "$HULL_ITSELF" "$WORK/odd's place/hull"
	for shell in bash fish zsh; do
		command -v $shell >/dev/null || continue
		"$WORK/odd's place/hull" completion $shell >"$WORK/script"
		PATH="$WORK/odd's place:$PATH" hull completion $shell >/dev/null
		(unset -f hull && PATH="$WORK/odd's place:$PATH" && hull completion $shell >"$WORK/plain")
		grep -q '_program[= ]hull$' "$WORK/plain" || fail "$shell: $(sed -n 2p "$WORK/plain")"
		sed 1,2d "$WORK/plain" >"$WORK/plain.rest"
		sed 1,2d "$WORK/script" | cmp - "$WORK/plain.rest" || fail "$shell: differs in more than the program"
		same "$WORK/odd's place/hull" "$($shell -c "$(sed -n 2p "$WORK/script"); printf %s \"\$_hull_program\$__hull_program\"")" "$shell"
	done
}

# Whatever is typed, the question has an answer, perhaps an empty one.
test_odd_lines() {
	long=$(printf '%05000d' 0)
	echo >"$WORK/file"
	for line in '' "--root $WORK/file kill " "--root /proc/1/root kill " "--root  kill " "-- kill " "--no-such kill " "-x kill " \
		"kill -x " "kill --no-such=" "--=" "-=" "--root" "spec --explain $long" "spec --explain .$long.$long" \
		"spec --explain ..." "spec --explain [" "kill $long" "$long" "--log-level=$long " "exec --cap=$long" \
		"--root \$ kill " "--root \${ kill " "--root \$NO_SUCH/x kill " "--root ~ kill " "--root ~nobody kill " "run -b"; do
		# the words as a shell splits them, and an empty one if the line ends in a space
		set --
		rest=$line
		while [ "$rest" != "${rest#* }" ]; do
			set -- "$@" "${rest%% *}"
			rest=${rest#* }
		done
		try "$HULL" completion bash "$@" "$rest"
		[ "$status" = 0 ] && [ -z "$errors" ] || fail "'$line': status $status: $errors"
	done
}

test_syntax() {
	scripts
	for shell in bash fish zsh; do
		command -v $shell >/dev/null || continue
		try $shell -n "$WORK/hull.$shell"
		[ "$status" = 0 ] && [ -z "$errors" ] || fail "$shell: $errors"
	done
	fails_with 'one of bash, zsh, fish' "$HULL" completion tcsh
}

run_tests
