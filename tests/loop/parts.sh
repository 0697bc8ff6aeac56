# Sourced by check.sh: lists the jobs, "PART NAME" in each line, for job.sh; and prints the summary at the end.

test_files() { # FOLDER
	# files that define no tests are helpers of the tests
	grep -l '^run_tests$' tests/"$1"/*.sh | sed 's|.*/||; s|\.sh$||'
}

c_files() { # FOLDER PREFIX
	for source in tests/"$1"/"$2"*.c; do
		[ ! -e "$source" ] || basename "$source" .c
	done
}

prefixed() { # PART
	sed "s/^/$1 /"
}

# The files whose turn it is under the sanitizers; with 1, the rest of them.
third() {
	which=${THIRD:-$(git -c safe.directory='*' rev-list --count HEAD 2>/dev/null || echo $(($(date +%s) / 86400)))}
	test_files run | awk -v third="$((which % 3))" -v rest="$1" '(NR % 3 == third) != rest'
}

# Selects PARTS, longest first: seconds.list has the jobs that take more than a few seconds. Builds come before everything else.
chosen() {
	awk -v parts="${PARTS:-}" 'BEGIN { split(parts, part, " "); for (i in part) wanted[part[i]] = 1 }
		FNR == NR { if ($1 !~ /^#/) seconds[$1 " " $2] = $3; next }
		parts == "" || $1 in wanted || ($1 == "build" && (($2 == "asan" && ("run-asan" in wanted || "unit-asan" in wanted)) ||
			($2 == "fuzz" && "fuzz" in wanted) || ($2 == "switches" && ("run" in wanted || "run-asan" in wanted)))) {
			print ($1 == "build" ? 10000 : seconds[$1 " " $2] + 0), $0
		}' tests/loop/seconds.list - | sort -s -rn -k 1,1 | cut -d ' ' -f 2-
}

jobs_of_check() {
	{
		printf 'build %s\n' switches asan fuzz
		c_files unit test- | prefixed unit
		c_files unit test- | prefixed unit-asan
		printf 'static %s\n' format examples includes length manual completions install tools owner version
		test_files run | prefixed run
		cut -d ' ' -f 1 tests/rootless.list | sort -u | prefixed rootless
		third 0 | prefixed run-asan
		c_files fuzz fuzz- | prefixed fuzz
	} | chosen
}

# The jobs that `check` leaves out.
jobs_of_the_rest() {
	{
		printf 'build %s\n' asan fuzz
		echo 'elsewhere rest'
		echo 'newcomer roots'
		printf 'static %s\n' janitor lint
		echo 'faults faults'
		test_files engines | grep -vx containerd | prefixed engines
		third 1 | prefixed run-asan
		c_files fuzz fuzz- | prefixed fuzz
	} | chosen
}

# The tests of a file with this name, or else those with this name as a part of theirs: "one,two".
tests_named() { # SCRIPT NAME
	sed -n -e 's/^test_\([a-z0-9_]*\)().*/\1/p' -e 's/.*cmocka_unit_test[a-z_]*(\(test_\)\{0,1\}\([a-z0-9_]*\).*/\2/p' "$1" |
		awk -v name="$2" '$0 == name { exact = 1 } index($0, name) { list = list (list ? "," : "") $0 }
			END { print exact ? name : list }'
}

# Jobs that need the machine to themselves, one after the other: a thousand containers in a row, of which none may lose its output;
# and a run that is interrupted, which removes every new empty cgroup, even another test's.
jobs_alone() {
	printf '%s\n' 'engines containerd' 'static interrupted' | chosen
}

# NAME is FILE, FILE/TEST, FOLDER/FILE or FOLDER/FILE/TEST; FOLDER is run, unit, engines or fuzz.
jobs_of_names() {
	if [ $# = 0 ]; then
		echo 'which test? make test T=bind, T=bind/by_type, T="unit/base engines/podman"' >&2
		return 1
	fi
	for wanted in "$@"; do
		folders='run unit engines fuzz'
		case $wanted in
		run/* | unit/* | engines/* | fuzz/*) folders=${wanted%%/*} wanted=${wanted#*/} ;;
		esac
		file=${wanted%%/*}
		only=
		[ "$file" = "$wanted" ] || only=${wanted#*/}
		found=
		for folder in $folders; do
			case $folder in
			run | engines) script=tests/$folder/$file.sh name=$file ;;
			unit | fuzz)
				[ "$folder" = unit ] && name=test-${file#test-} || name=fuzz-${file#fuzz-}
				script=tests/$folder/$name.c
				;;
			esac
			[ -e "$script" ] || continue
			tests=
			[ -z "$only" ] || tests=$(tests_named "$script" "${only#test_}")
			[ -z "$only" ] || [ -n "$tests" ] || continue
			found=1
			part=$folder
			[ -z "${ASAN:-}" ] || case $folder in run | unit) part=$folder-asan ;; esac
			[ -z "${ROOTLESS:-}" ] || [ "$folder" != run ] || part=rootless
			echo "$part $name${tests:+ $tests}" # no blank at the end, which xargs would take for "goes on"
		done
		if [ -z "$found" ]; then
			echo "there is no test $wanted; the files are:" >&2
			{ test_files run; c_files unit test- | sed 's/^test-/unit\//'; test_files engines | prefixed engines | tr ' ' /; } |
				paste -s -d ' ' | fold -s -w 100 >&2
			return 1
		fi
	done
}

make_quietly() { # NAME GOAL...
	log=$LOGS/build-$1.log
	shift
	code=0
	"$MAKE" --no-print-directory -j 2 "$@" >"$log" 2>&1 </dev/null || code=$?
	[ $code = 0 ] || {
		echo "FAIL build: see $log" | report
		grep -v '^  [A-Z]' "$log" | tail -n 30 | sed 's/^/    /'
		summary
		exit 1
	}
	echo 'ok build: hull and its tests' | report
}

# Everything else needs these. The common fixtures of the test files are made once too.
build_hull() {
	read -r from _ </proc/uptime
	make_quietly hull all unit tool
	share_fixtures
	read -r to _ </proc/uptime
	echo "build $((${to%.*}${to#*.} - ${from%.*}${from#*.}))" >>"$LOGS/times"
}

build_for_names() {
	goals=$(awk -v build="$BUILD" '
		$1 ~ /^(run|rootless|engines)/ { goal["all"]; goal["tool"] }
		$1 == "unit" { goal[build "/unit/" $2] }
		END { for (name in goal) printf "%s ", name }')
	[ -z "$goals" ] || make_quietly hull $goals
	if grep -q -- '-asan ' "$LOGS/jobs"; then sh tests/loop/job.sh build asan | report; fi
	if grep -q '^fuzz ' "$LOGS/jobs"; then sh tests/loop/job.sh build fuzz | report; fi
	if grep -q '^[a-z-]* attacks-' "$LOGS/jobs"; then sh tests/loop/job.sh build switches | report; fi
}

# The bundle of busybox; and programs, when a test asks for them.
share_fixtures() {
	fixtures=$(pwd)/$LOGS/fixtures
	case $LOGS in /*) fixtures=$LOGS/fixtures ;; esac
	sh tests/make-bundle.sh "$fixtures/template" $(cat tests/run/applets) >"$LOGS/fixtures.log" 2>&1 &&
		"$BUILD/hull" spec -b "$fixtures/template" >>"$LOGS/fixtures.log" 2>&1 || return
	export HULL_TEST_TEMPLATE="$fixtures/template" HULL_TEST_PROGRAMS="$fixtures/programs"
}

# The number of tests in the jobs of standard input, as far as their files show it.
expected() {
	while read -r part name only; do
		if [ -n "$only" ]; then
			echo 1
			continue
		fi
		case $part in
		run | run-asan | faults) grep -c '^test_' "tests/run/$name.sh" ;;
		engines) grep -c '^test_' "tests/engines/$name.sh" ;;
		rootless) grep -c "^$name " tests/rootless.list ;;
		unit | unit-asan) grep -c 'cmocka_unit_test.*(' "tests/unit/$name.c" ;;
		*) echo 1 ;;
		esac
	done | awk '{ sum += $1 } END { print sum + 0 }'
}

# Shows lines as they come and keeps them. Lines of tests get a running count.
report() {
	while IFS= read -r line; do
		case $line in
		'ok '* | 'FAIL '* | 'SKIP '*)
			printf '%s\n' "$line" >>"$RESULTS"
			counted=$((counted + 1))
			printf '[%d/%d] %s\n' $counted $((counted > total ? counted : total)) "$line"
			;;
		'TIME '*) printf '%s\n' "${line#TIME }" >>"$LOGS/times" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}
counted=0 total=0

# Runs the jobs of standard input in their order, JOBS at a time.
run_jobs() {
	cat >"$LOGS/jobs.now"
	counted=$(wc -l <"$RESULTS")
	total=$((counted + $(expected <"$LOGS/jobs.now")))
	xargs -P "$JOBS" -L 1 sh tests/loop/job.sh <"$LOGS/jobs.now" | report
}

# Identifies the tree that a result is about.
fingerprint() {
	find Makefile README.md src cgroups namespaces oci man tests .ci .github .package -type f -exec cksum {} + | LC_ALL=C sort | cksum
}

# Takes over the results of a check of the same tree, if it has passed.
carry_over() {
	passed=$BUILD/test-logs
	[ -e "$passed/passed" ] && [ "$(fingerprint)" = "$(cat "$passed/passed")" ] || return
	echo "a check of this tree has passed: $(grep -c '^ok ' "$passed/results") tests are not run again"
	cat "$passed/results" >>"$RESULTS"
}

# A test that passed on the host or elsewhere does not count as skipped. A reason that the sanitizers share is listed once.
settle_skips() {
	awk '
		function key(line,  part) {
			sub(/^(ok|SKIP) /, "", line)
			sub(/ \(at the second try.*/, "", line)
			sub(/^(run|run-asan|engines|guest|systemd): /, "", line)
			sub(/ \(asan\):/, ":", line)
			split(line, part, ": ")
			if (part[1] == "run-rootless")
				return part[1] ": " part[2] ": " part[3]
			return part[1] ": " part[2]
		}
		function is_asan(line) { return line ~ /^(ok|SKIP) (run-asan:|[^ ]* \(asan\):)/ }
		NR == FNR { if (!is_asan($0)) seen[$1 " " key($0)] = 1; next }
		!/^SKIP / { print; next }
		is_asan($0) && ("ok " key($0)) in seen { elsewhere++; next }
		is_asan($0) && ("SKIP " key($0)) in seen { same++; next }
		("ok " key($0)) in seen { next }
		/this is about a user without root/ && ("ok run-rootless: " key($0)) in seen { next }
		{ print }
		END {
			if (elsewhere) print "SKIP run-asan: " elsewhere " tests that this host cannot run passed elsewhere, without ASan"
			if (same) print "SKIP run-asan: " same " tests for the reasons given without ASan"
		}' "$RESULTS" "$RESULTS" >"$RESULTS.new"
	mv "$RESULTS.new" "$RESULTS"
}

list_of() { # WORD HEADING
	if grep -q "^$1 " "$RESULTS"; then
		printf '\n%s:\n' "$2"
		grep "^$1 " "$RESULTS"
	fi
}

summary() {
	list_of FAIL failed
	list_of SKIP skipped
	read -r now _ </proc/uptime
	awk -v clock="$((${now%.*} - ${BEGIN%.*}))" '
		!($1 in sum) { order[++parts] = $1 }
		{ sum[$1] += $2 / 100; jobs[$1]++ }
		END {
			printf "\nseconds of work:"
			for (i = 1; i <= parts; i++)
				printf("%s %s %d", i > 1 ? "," : "", order[i], sum[order[i]] + 0.5)
			printf "\nseconds by the clock: %d\n", clock
		}' "$LOGS/times"
	if [ "$mode" = check ] && [ -z "${PARTS:-}" ] && ! grep -q '^FAIL ' "$RESULTS"; then
		fingerprint >"$LOGS/passed"
	fi
	awk '/^ok / { ok++ } /^FAIL / { failed++ } /^SKIP / { skipped++ }
		END { printf "%d passed, %d failed, %d skipped\n", ok, failed, skipped; exit failed > 0 || ok == 0 }' "$RESULTS"
}
