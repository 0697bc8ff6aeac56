# The examples of the manual pages, as printed there.
. "${0%/*}/lib.sh"

PAGES=$LIB_DIR/../../man

# example PAGE WORD: the literal block after .Sh EXAMPLES that contains the word.
example() {
	[ -r "$PAGES/$1" ] || skip 'the manual pages are not here'
	awk -v word="$2" '
		/^\.Sh / { in_examples = $2 == "EXAMPLES" }
		/^\.Ed/ && in_block { in_block = 0; if (index(text, word)) { printf "%s", text; exit } }
		in_block { text = text $0 "\n" }
		/^\.Bd -literal/ && in_examples { in_block = 1; text = "" }' "$PAGES/$1" >"$WORK/example"
	[ -s "$WORK/example" ] || fail "$1: no example with '$2'"
}

test_configuration() {
	example hull-config.5.in ociVersion
	cp "$WORK/example" "$BUNDLE/config.json"
	mkdir "$BUNDLE/data"
	echo something >"$BUNDLE/data/file"
	for controller in memory pids; do
		grep -qw $controller "$CGROUP2/cgroup.controllers" && [ -z "${HULL_TEST_USER:-}" ] ||
			config --arg name $controller 'del(.linux.resources[$name])'
	done
	[ -z "${HULL_TEST_USER:-}" ] || config '.linux.namespaces += [{ "type": "user" }]'
	try hull check -b "$BUNDLE"
	[ "$status" = 0 ] || [ -n "${HULL_TEST_USER:-}" ] || fail "check: $out"
	config '.process.terminal = false'
	expect 'box something 1 0000000000000000' '
		touch /file /data/file 2>/dev/null && echo "can be written to"
		touch /tmp/file || echo "/tmp: cannot be written to"
		grep -c . /proc/net/dev | grep -qx 3 || echo "has a network"
		echo $(hostname) $(cat /data/file) $$ $(awk "/^CapEff/ { print \$2 }" /proc/self/status)'
}

# All commands that need neither a network nor a terminal, one after the other.
test_commands() {
	sudo() { "$@"; }
	[ -z "${HULL_TEST_USER:-}" ] || skip 'they are those of root'
	cd "$WORK" || fail 'no directory'
	rm -rf box
	example hull.1 'cp /bin/busybox'
	. "$WORK/example"
	case $PWD in */box) ;; *) fail "is in $PWD" ;; esac
	example hull.1 'hull check'
	sed -i "s/first/$ID/" "$WORK/example"
	(echo 'exit 7' | . "$WORK/example") >"$WORK/out" 2>"$WORK/errors"
	status=$?
	read_results
	[ "$status" = 7 ] || fail "status $status: $out $errors"
	example hull.1 'hull exec'
	sed -i "s/second/$ID/" "$WORK/example"
	try . "$WORK/example"
	[ "$status" = 0 ] && [ -z "$errors" ] || fail "status $status: $out $errors"
	case $out in *"$ID "*" running "*) ;; *) fail "list: $out" ;; esac
	example hull.1 'hull spec --explain'
	try . "$WORK/example"
	expect_status 0
}

run_tests
