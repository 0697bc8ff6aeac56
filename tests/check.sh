#!/bin/sh
# Builds and passes all tests: check.sh, from `make check`. One line a test, the logs of failures in
# BUILD/test-logs, and at the end "N passed, N failed, N skipped". Environment: BUILD, MAKE, FUZZ_SECONDS (20),
# JOBS (3, one fewer beside a guest), PARTS (static unit run guest rootless asan fuzz run-asan engines; guest-all), LIMIT (3000), the
# seconds from the beginning after which no guest goes on.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
MAKE=${MAKE:-make}
FUZZ_SECONDS=${FUZZ_SECONDS:-20}
JOBS=${JOBS:-3} # the tests wait for half of their time
PARTS=${PARTS:-static unit run guest rootless asan fuzz run-asan engines}
LIMIT=${LIMIT:-3000}
BEGIN=$(date +%s)
LOGS=$BUILD/test-logs
HULL_TEST_TRIES=${HULL_TEST_TRIES:-2}
export HULL_TEST_TRIES
RESULTS=$LOGS/results
rm -rf "$LOGS"
mkdir -p "$LOGS"
: >"$RESULTS"

# Everything that prints "ok", "FAIL" or "SKIP" lines goes through here, and is seen and counted.
record() {
	tee -a "$RESULTS"
}

# step NAME COMMAND...: a test that is one command; quiet unless it fails.
step() {
	name=$1
	log=$LOGS/$(echo "$name" | tr ' /' '__').log
	shift
	code=0
	"$@" >"$log" 2>&1 </dev/null || code=$?
	case $code in
	0) echo "ok $name" ;;
	77) echo "SKIP $name: $(tail -n 1 "$log")" ;;
	*)
		echo "FAIL $name: see $log"
		tail -n 20 "$log" | sed 's/^/    /'
		;;
	esac | record
	return $code
}

wants() {
	case " $PARTS " in *" $1 "*) ;; *) return 1 ;; esac
}

build() { # NAME GOALS...
	name=$1
	shift
	step "build: $name" "$MAKE" --no-print-directory -j "$JOBS" "$@"
}

run_units() { # BUILD-DIRECTORY LABEL
	for source in tests/unit/test-*.c; do
		[ -e "$source" ] || continue
		name=$(basename "$source" .c)
		program=$1/unit/$name
		log=$LOGS/$name$2.log
		if [ ! -x "$program" ]; then
			echo "FAIL $name$2: not built"
			continue
		fi
		code=0
		timeout -k 5 600 "$program" >"$log" 2>&1 </dev/null || code=$?
		awk -v program="$name$2" -v status=$code -f tests/unit/report.awk "$log"
		[ $code = 0 ] || tail -n 30 "$log" | sed 's/^/    /'
	done | record
}

# Run tests, as many files at a time as JOBS says; those of tests/run, or of another folder.
run_containers() { # HULL LABEL [FOLDER]; ROOTLESS: a list of tests, those alone, by a user without root; WITHOUT: files that are left out
	folder=${3:-run}
	if [ "$(id -u)" != 0 ]; then
		echo "SKIP $folder$2: needs root" | record
		return
	fi
	if [ ! -x "$1" ]; then
		echo "FAIL $folder$2: $1 was not built" | record
		return
	fi
	for script in tests/"$folder"/*.sh; do
		# those that define no tests are the tests' tools
		grep -q '^run_tests$' "$script" || continue
		case " ${WITHOUT:-} " in *" $(basename "$script" .sh) "*) continue ;; esac
		[ -z "${ROOTLESS:-}" ] || grep -q "^$(basename "$script" .sh) " "$ROOTLESS" || continue
		echo "$script"
	done | HULL=$1 LABEL=$folder$2 LOGS=$LOGS ROOTLESS=${ROOTLESS:-} xargs -P "$JOBS" -n 1 sh -c '
		log=$LOGS/$LABEL-$(basename "$1" .sh).log
		if [ -n "$ROOTLESS" ]; then
			export HULL_TEST_USER=65534 ONLY="$(sed -n "s/^$(basename "$1" .sh) //p" "$ROOTLESS")"
		fi
		timeout -k 5 1800 sh "$1" >"$log" 2>&1 </dev/null
		code=$?
		[ $code -le 1 ] || echo "FAIL $(basename "$1" .sh): ended with status $code" >>"$log"
		sed "s/^\(ok\|FAIL\|SKIP\) /&$LABEL: /" "$log"' - | record
}

# What the test files have in common is made once: the bundle of busybox, and programs as they are asked for.
share_fixtures() {
	fixtures=$(cd "$LOGS" && pwd)/fixtures
	sh tests/make-bundle.sh "$fixtures/template" $(cat tests/run/applets) >"$LOGS/fixtures.log" 2>&1 &&
		"$BUILD/hull" spec -b "$fixtures/template" >>"$LOGS/fixtures.log" 2>&1 || return
	export HULL_TEST_TEMPLATE="$fixtures/template" HULL_TEST_PROGRAMS="$fixtures/programs"
}

# What a guest may still take.
seconds_left() {
	echo $((BEGIN + LIMIT - $(date +%s)))
}

# guest NAME COMMAND...: a command that starts a guest (tests/vm/run) and prints "ok", "FAIL" or "SKIP" lines; its status is 77,
# with the reason, where none can be had.
guest() {
	name=$1
	log=$LOGS/guest-$name.log
	shift
	left=$(seconds_left)
	if [ "$left" -lt 120 ]; then
		echo "SKIP guest: $name: no time is left"
		return
	fi
	{
		# It has more to do than what computes beside it, and takes longest.
		VM_TIMEOUT=$left VM_NICE=-5 VM_OWNER=$$ HULL=$BUILD/hull "$@" 2>&1 </dev/null
		echo $? >"$log.code"
	} | tee "$log" | sed -u -n -e 's/^\(ok\|FAIL\|SKIP\) \(guest: \)\{0,1\}/\1 guest: /p' -e '/^    /p'
	case $(cat "$log.code") in
	0) ;;
	1) grep -q '^FAIL ' "$log" || echo "FAIL guest: $name: $(tail -n 1 "$log")" ;;
	77) echo "SKIP guest: $name: $(tail -n 1 "$log")" ;;
	124) echo "SKIP guest: $name: the rest: not reached in time" ;;
	*) echo "FAIL guest: $name: $(grep -v '^\(ok\|SKIP\) ' "$log" | tail -n 1)" ;;
	esac
}

have_guests() {
	"$MAKE" --no-print-directory vm-packages >"$LOGS/guest-packages.log" 2>&1 </dev/null && return
	echo "SKIP guest: QEMU cannot be installed: $(tail -n 1 "$LOGS/guest-packages.log")" | record
	return 1
}

# In a virtual machine that has cgroup v2 alone, systemd, AppArmor and all capabilities: what the host had to skip, as soon as that is
# known; until then, and after it, what passes without root, where the user's systemd delegates. The guest is slow. Attacks, and what
# is about many lives or deaths, terminals and the processes of exec, has little to do with how it differs from the host: check-vm
# has that too.
guest_of_tests() {
	export INIT=systemd
	sed -e '/^\(attacks-[a-z]*\|concurrency\|exec\|exec-user\|inheritance\|interrupted\|jobs\|killed\|killed-exec\) /d' \
		-e '/^\(leaks\|meanwhile\|notify\|relay\|terminal\) /d' -e 's/^/rootless /' tests/rootless.list >"$LOGS/rootless-list"
	guest tests sh tests/vm/check "$LOGS/rootless-list" "$GUEST_LIST"
}

guests_of_engines() {
	for script in tests/engines/guest*.sh; do
		[ ! -e "$script" ] || guest "$(basename "$script" .sh)" sh "$script"
	done
}

# What the host had to skip. The tests of the cgroupfs driver pass beside systemd too.
list_for_guest() {
	{
		[ ! -x "$BUILD/unit/test-cgroup-live" ] || echo unit test-cgroup-live # there it has all controllers
		sed -n -e 's/^SKIP run: \([^ :]*\): \([^ :]*\): .*/\1 \2/p' -e 's/^SKIP \(test-[^ :]*\): .*/unit \1/p' "$RESULTS"
	} | awk '!seen[$0]++' >"$GUEST_LIST.new"
	mv "$GUEST_LIST.new" "$GUEST_LIST"
}

# A test that passed on the host or in the guest is not skipped. That the guests do not run what is built with ASan is said once.
settle_skips() {
	awk '
		function key(line,  part) {
			sub(/^(ok|SKIP) /, "", line)
			sub(/^(run|run-asan|engines|guest): /, "", line)
			sub(/ \(asan\):/, ":", line)
			split(line, part, ": ")
			if (part[1] == "run-rootless") {
				sub(/ \(at the second try.*/, "", part[3])
				return part[1] ": " part[2] ": " part[3]
			}
			sub(/ \(at the second try.*/, "", part[2])
			return part[1] ": " part[2]
		}
		function is_asan(line) { return line ~ /^(ok|SKIP) (run-asan:|[^ ]* \(asan\):)/ }
		NR == FNR { if (!is_asan($0)) seen[$1 " " key($0)] = 1; next }
		!/^SKIP / { print; next }
		is_asan($0) && ("ok " key($0)) in seen { elsewhere++; next }
		is_asan($0) && ("SKIP " key($0)) in seen { same++; next }
		("ok " key($0)) in seen { next }
		{ print }
		END {
			if (elsewhere) print "SKIP run-asan: " elsewhere " tests that this host cannot run passed in the guest, without ASan"
			if (same) print "SKIP run-asan: " same " tests for the reasons given without ASan"
		}' "$RESULTS" "$RESULTS" >"$RESULTS.new"
	mv "$RESULTS.new" "$RESULTS"
}

run_fuzzers() {
	if ! echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n); int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return !d && n; }' |
		clang -fsanitize=fuzzer,address,undefined -x c -o "$LOGS/probe" - 2>"$LOGS/fuzz-probe.log"; then
		echo "SKIP fuzz: clang with libFuzzer is not here" | record
		return
	fi
	build fuzzers CC=clang VARIANT=fuzz BUILD="$BUILD/fuzz" fuzzers
	for source in tests/fuzz/fuzz-*.c; do
		[ ! -e "$source" ] || basename "$source" .c
	done | BUILD=$BUILD LOGS=$LOGS SECONDS_EACH=$FUZZ_SECONDS xargs -P "$JOBS" -n 1 sh -c '
		corpus=$BUILD/fuzz/corpus/$1
		seeds=tests/fuzz/seeds/$1
		mkdir -p "$corpus"
		[ -d "$seeds" ] || seeds=tests/config/good
		[ -d "$seeds" ] || seeds=
		if "$BUILD/fuzz/fuzz/$1" -max_total_time="$SECONDS_EACH" -timeout=60 -rss_limit_mb=2048 -verbosity=0 \
			-artifact_prefix="$LOGS/$1-" "$corpus" $seeds >"$LOGS/$1.log" 2>&1 </dev/null; then
			echo "ok $1: $SECONDS_EACH s"
		else
			echo "FAIL $1: see $LOGS/$1.log"
			tail -n 30 "$LOGS/$1.log" | sed "s/^/    /"
		fi' - | record
}

# A leak is a failure of a unit test. A container's init is not dumpable, so the leak checker cannot look at it.
export UBSAN_OPTIONS=print_stacktrace=1
if wants static; then
	step 'floors of the includes' sh tests/check-includes.sh
	step 'length of functions and files' sh tests/check-length.sh
	build hull all
	step 'manual pages' sh tests/check-man.sh
	step 'completions' "$MAKE" --no-print-directory completions
	step 'install and uninstall' sh tests/check-install.sh
fi
if wants unit; then
	build 'unit tests' -k unit
	run_units "$BUILD" ''
	# Further tests by script: golden plans, configurations.
	for script in tests/plan/*.sh tests/config/*.sh; do
		[ ! -e "$script" ] || HULL=$BUILD/hull sh "$script" 2>&1 </dev/null | record
	done
fi
if wants run || wants run-asan; then
	build 'with switches for the tests of attacks' CPPFLAGS=-DHULL_TEST_SWITCHES BUILD="$BUILD/switches" "$BUILD/switches/hull"
fi
[ ! -x "$BUILD/hull" ] || share_fixtures
guests=''
if wants guest-all; then
	build hull "$BUILD/hull"
	LIMIT=7200
	! have_guests || { guest tests sh tests/vm/check; guests_of_engines; } | record
elif wants guest && wants run && [ "$(id -u)" = 0 ] && have_guests; then
	GUEST_LIST=$LOGS/guest-list
	{ guest_of_tests; guests_of_engines; } >"$LOGS/guest-results" &
	guests=$!
	[ "$JOBS" = 1 ] || JOBS=$((JOBS - 1))
fi
if wants run; then
	run_containers "$BUILD/hull" ''
fi
[ -z "$guests" ] || list_for_guest
if wants rootless; then
	ROOTLESS=tests/rootless.list run_containers "$BUILD/hull" '-rootless'
fi
if wants asan || wants run-asan; then
	if echo 'int main(void) { return 0; }' | ${CC:-cc} -fsanitize=address,undefined -x c -o "$LOGS/probe" - \
		2>"$LOGS/asan-probe.log" && "$LOGS/probe"; then
		build 'with ASan and UBSan' -k VARIANT=asan BUILD="$BUILD/asan" "$BUILD/asan/hull" unit
		wants asan && run_units "$BUILD/asan" ' (asan)'
	else
		echo "SKIP asan: the compiler has no ASan and UBSan here" | record
		PARTS=$(echo " $PARTS " | sed 's/ run-asan / /')
	fi
fi
if wants fuzz; then
	run_fuzzers
fi
if wants run-asan; then
	# Fewer of the points at which commands are killed, and nothing that counts or waits, or attacks what is no memory: that has been
	# tried without.
	ASAN_OPTIONS=detect_leaks=0 STEPS=15 WITHOUT='attacks-descriptors attacks-exec attacks-executable concurrency jobs killed killed-exec leaks' \
		run_containers "$BUILD/asan/hull" '-asan'
fi
if wants engines; then
	[ -z "$guests" ] || kill -0 "$guests" 2>/dev/null || JOBS=$((JOBS + 1)) # there is room again
	unset HULL_TEST_PROGRAMS # some see the tree read-only
	run_containers "$BUILD/hull" '' engines
fi
if [ -n "$guests" ]; then
	wait $guests
	record <"$LOGS/guest-results"
fi
settle_skips

if grep -q '^FAIL ' "$RESULTS"; then
	echo
	echo 'failed:'
	grep '^FAIL ' "$RESULTS"
fi
if grep -q '^SKIP ' "$RESULTS"; then
	echo
	echo 'skipped:'
	grep '^SKIP ' "$RESULTS"
fi
echo
awk '/^ok / { ok++ } /^FAIL / { failed++ } /^SKIP / { skipped++ }
	END { printf "%d passed, %d failed, %d skipped\n", ok, failed, skipped; exit failed > 0 || ok == 0 }' "$RESULTS"
