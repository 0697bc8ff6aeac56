#!/bin/sh
# Does one job of the test loop: job.sh PART NAME [TEST,TEST...]. Prints its "ok", "FAIL" and "SKIP" lines as they come, and finally
# "TIME PART CENTISECONDS". Its log is LOGS/PART-NAME.log. Environment, from check.sh: BUILD, LOGS, MAKE, CC, FUZZ_SECONDS, and the
# variables that the test files themselves read.
set -u
part=$1
name=$2
[ -z "${3:-}" ] || { ONLY=$(echo "$3" | tr , " "); export ONLY; }
log=$LOGS/$part-$name$(echo "${3:+-$3}" | cut -c 1-80).log
read -r begin _ </proc/uptime

# labelled LABEL: adds the part to each line.
labelled() {
	tee "$log" | sed -u "s/^\(ok\|FAIL\|SKIP\) /&$1: /"
}

# step NAME COMMAND...: a test that is one command. The output is shown if it fails.
step() {
	what=$1
	shift
	code=0
	"$@" >"$log" 2>&1 || code=$?
	case $code in
	0) echo "ok $what" ;;
	77) echo "SKIP $what: $(tail -n 1 "$log")" ;;
	*)
		echo "FAIL $what: see $log"
		tail -n 20 "$log" | sed 's/^/    /'
		;;
	esac
	return $code
}

# The first job that needs a variant builds it; the others wait. The variant's file in $LOGS has the result.
built() { # VARIANT
	until [ -s "$LOGS/built-$1" ]; do
		sleep 0.2
	done
	read -r how <"$LOGS/built-$1"
	[ "$how" = yes ]
}

build_variant() { # VARIANT LABEL MAKE-ARGUMENT...
	variant=$1
	label=$2
	shift 2
	how=no
	! step "build: $label" nice "$MAKE" --no-print-directory -j 2 "$@" || how=yes
	echo $how >"$LOGS/built-$variant"
}

can_build() { # VARIANT COMPILER FLAGS, of the program on standard input
	"$2" "$3" -x c -o "$LOGS/probe-$1" - 2>"$LOGS/probe-$1.log" && return
	echo missing >"$LOGS/built-$1"
	return 1
}

build() {
	case $name in
	switches)
		build_variant switches 'with switches for the tests of attacks' CPPFLAGS=-DHULL_TEST_SWITCHES \
			BUILD="$BUILD/switches" "$BUILD/switches/hull"
		;;
	asan)
		if echo 'int main(void) { return 0; }' | can_build asan "${CC:-cc}" -fsanitize=address,undefined; then
			build_variant asan 'with ASan and UBSan' -k VARIANT=asan BUILD="$BUILD/asan" "$BUILD/asan/hull" unit
		else
			echo "SKIP asan: the compiler has no ASan and UBSan here"
		fi
		;;
	fuzz)
		if echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n);
			int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return !d && n; }' |
			can_build fuzz clang -fsanitize=fuzzer,address,undefined; then
			build_variant fuzz fuzzers CC=clang VARIANT=fuzz BUILD="$BUILD/fuzz" fuzzers
		else
			echo "SKIP fuzz: clang with libFuzzer is not here"
		fi
		;;
	esac
}

# A file of tests/run or tests/engines.
file() { # LABEL SCRIPT
	{
		code=0
		timeout -k 5 1800 sh "$2" 2>&1 || code=$?
		[ $code -le 1 ] || echo "FAIL $name: ended with status $code"
	} | labelled "$1"
}

# Fewer of the points at which commands are killed, since each has been tried without the sanitizers.
run_with_sanitizers() {
	built asan || return
	export HULL="$BUILD/asan/hull" ASAN_OPTIONS=detect_leaks=0 STEPS=15
	file run-asan "tests/run/$name.sh"
}

unit() { # DIRECTORY LABEL
	program=$1/unit/$name
	if [ ! -x "$program" ]; then
		echo "FAIL $name$2: not built"
		return
	fi
	code=0
	timeout -k 5 600 "$program" >"$log" 2>&1 || code=$?
	awk -v program="$name$2" -v status=$code -v only="${ONLY:-}" -f tests/unit/report.awk "$log"
	[ $code = 0 ] || tail -n 30 "$log" | sed 's/^/    /'
}

fuzz() {
	built fuzz || return
	corpus=$BUILD/fuzz/corpus/$name
	mkdir -p "$corpus"
	seeds=tests/fuzz/seeds/$name
	[ -d "$seeds" ] || seeds=tests/config/good
	step "$name" "$BUILD/fuzz/fuzz/$name" -max_total_time="$FUZZ_SECONDS" -timeout=60 -rss_limit_mb=2048 -verbosity=0 \
		-artifact_prefix="$LOGS/$name-" "$corpus" "$seeds"
}

# script COMMAND...: the command prints lines that name its part. If it cannot run, it exits with 77 and the reason on its last
# line.
script() {
	{
		"$@" 2>&1
		echo $? >"$log.code"
	} | tee "$log" | grep --line-buffered -e '^ok ' -e '^FAIL ' -e '^SKIP ' -e '^    '
	read -r code <"$log.code"
	case $code in
	0) ;;
	1) grep -q '^FAIL ' "$log" || echo "FAIL $part: $name: $(tail -n 1 "$log")" ;;
	77) echo "SKIP $part: $name: $(tail -n 1 "$log")" ;;
	*) echo "FAIL $part: $name: status $code: $(grep -v '^\(ok\|SKIP\) ' "$log" | tail -n 1)" ;;
	esac
}

static() {
	case $name in
	format) script sh tests/lint.sh format ;;
	lint) script sh tests/lint.sh ;;
	examples) step 'examples in headers' sh tests/check-examples.sh ;;
	includes) step 'floors of the includes' sh tests/check-includes.sh ;;
	length) step 'length of functions and files' sh tests/check-length.sh ;;
	manual) step 'manual pages' sh tests/check-man.sh ;;
	completions) step 'completions' "$MAKE" --no-print-directory completions ;;
	install) step 'install and uninstall' sh tests/check-install.sh ;;
	tools) step 'tools that the tests call' sh tests/check-tools.sh ;;
	owner) step 'what root builds is the owner of the tree'"'s"  sh tests/check-owner.sh ;;
	version) step 'one version everywhere' sh tests/check-version.sh ;;
	interrupted) script sh tests/loop/interrupted.sh ;;
	janitor) script sh tests/systemd/leaves-nothing.sh ;;
	esac
}

case $part in
build) build ;;
static) static ;;
run) file run "tests/run/$name.sh" ;;
faults)
	export STEPS="${STEPS:-25}"
	file faults "tests/run/$name.sh"
	;;
rootless)
	ONLY=${ONLY:-$(sed -n "s/^$name //p" tests/rootless.list)}
	export ONLY HULL_TEST_USER=65534
	file run-rootless "tests/run/$name.sh"
	;;
run-asan) run_with_sanitizers ;;
engines)
	unset HULL_TEST_PROGRAMS # some see the tree read-only
	file engines "tests/engines/$name.sh"
	;;
unit) unit "$BUILD" '' ;;
unit-asan) ! built asan || unit "$BUILD/asan" ' (asan)' ;;
fuzz) fuzz ;;
# The tests that were skipped so far, in a Debian of namespaces and in guests. They take longest and go first on the processor.
elsewhere) VM_TIMEOUT=1500 VM_NICE=-5 PARTS='' script sh tests/vm/rest "$LOGS/results" ;;
guest) VM_TIMEOUT=7200 script sh tests/vm/check ;;
newcomer) script sh tests/newcomer/roots.sh ;;
esac </dev/null
read -r end _ </proc/uptime
echo "TIME $part $((${end%.*}${end#*.} - ${begin%.*}${begin#*.}))"
