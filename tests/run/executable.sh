#!/bin/sh
# .process.args and .process.cwd: how the program is found and started, and the messages if it cannot be.
. "${0%/*}/lib.sh"

ROOT() {
	echo "$BUNDLE/rootfs$1"
}

# script PATH TEXT: makes an executable file in the container.
script() {
	mkdir -p "$(dirname "$(ROOT "$1")")"
	printf '%b' "$2" >"$(ROOT "$1")"
	chmod 755 "$(ROOT "$1")"
}

args() {
	list=$(printf '%s\1' "$@" | jq -Rs 'split("\u0001")[:-1]')
	config --argjson list "$list" '.process.args = $list'
}

# refused STATUS ERROR [HINT]: run prints exactly that and exits with that status; so does start after create.
refused() {
	want="hull: $2${3:+
  hint: $3}"
	run
	expect_status "$1"
	same "$want" "$errors" error
	same '' "$out" output
	[ -z "$(ls -A "$STATE")" ] || fail "left: $(ls -A "$STATE")"
	if hull create -b "$BUNDLE" "$ID" >"$WORK/log" 2>&1; then
		try hull start "$ID"
		hull delete --force "$ID" || fail delete
	else
		status=$?
		errors=$(cat "$WORK/log")
	fi
	expect_status "$1"
	same "$want" "$errors" 'error of create or start'
}

test_absolute() {
	args /bin/echo 'a b' '' '*' '$x'
	run_ok
	same 'a b  * $x' "$out" output
}

test_first_argument_is_given_as_it_is() {
	args ./bin//sh -c 'cat /proc/$$/cmdline; true' '' 'a b'
	run
	expect_status 0
	same './bin//sh|-c|cat /proc/$$/cmdline; true||a b|' "$(tr '\0' '|' <"$WORK/out")" 'command line'
}

test_path_in_order() {
	script /one/tool '#!/bin/sh\necho one\n'
	script /two/tool '#!/bin/sh\necho two\n'
	config '.process.env = ["PATH=/nowhere:/two:/one:/bin"]'
	args tool
	run_ok
	same two "$out" output
}

test_path_skips_what_cannot_be_executed() {
	mkdir -p "$(ROOT /dir/tool)" "$(ROOT /text)"
	echo text >"$(ROOT /text/tool)"
	script /one/tool '#!/bin/sh\necho one\n'
	config '.process.env = ["PATH=/dir:/text:/one"]'
	args tool
	run_ok
	same one "$out" output
}

test_path_as_the_user() {
	# A program that root could execute and the user cannot is passed over, as by a shell.
	script /private/tool '#!/bin/sh\necho private\n'
	script /closed/tool '#!/bin/sh\necho closed\n'
	script /open/tool '#!/bin/sh\necho open\n'
	chmod 700 "$(ROOT /private/tool)" "$(ROOT /closed)"
	config '.process.env = ["PATH=/private:/closed:/open"] | .process.user = {uid: 1000, gid: 1000}'
	args tool
	run_ok
	same open "$out" output
}

test_path_absent_has_a_default() {
	config '.process.env = []'
	args echo found
	run_ok
	same found "$out" output
}

test_path_empty_is_the_working_directory() {
	script /work/tool '#!/bin/sh\necho here\n'
	config '.process.env = ["PATH="] | .process.cwd = "/work"'
	args tool
	run_ok
	same here "$out" output
}

test_path_of_the_caller_is_not_used() {
	script /only/tool '#!/bin/sh\necho found\n'
	config '.process.env = ["PATH=/bin"]'
	args tool
	PATH=$PATH:/only run
	expect_status 127
}

test_relative_to_cwd() {
	script /work/sub/tool '#!/bin/sh\necho here\n'
	config '.process.cwd = "/work"'
	args sub/tool
	run_ok
	same here "$out" output
	args ./sub/../sub/tool
	run_ok
	same here "$out" output
}

test_script_gets_its_arguments() {
	script /tool '#!/bin/echo  interpreter argument\n'
	args /tool more
	run_ok
	same 'interpreter argument /tool more' "$out" output
}

test_through_a_link() {
	mkdir -p "$(ROOT /links)"
	ln -s ../../../../bin/echo "$(ROOT /links/echo)"
	args /links/echo found
	run_ok
	same found "$out" output
}

test_not_in_path() {
	args no-such-command
	refused 127 '.process.args[0]: executable file `no-such-command` not found in $PATH: no such file or directory'
}

test_no_such_file() {
	args /no/such/file
	refused 127 '.process.args[0]: executable file `/no/such/file` not found: no such file or directory'
	echo text >"$(ROOT /text)"
	args /text/file
	refused 127 '.process.args[0]: executable file `/text/file` not found: no such file or directory'
	ln -s nowhere "$(ROOT /link)"
	args /link
	refused 127 '.process.args[0]: executable file `/link` not found: no such file or directory'
}

test_directory() {
	args /tmp
	refused 126 '.process.args[0]: executable file `/tmp` is a directory: permission denied'
}

test_not_executable() {
	echo text >"$(ROOT /text)"
	args /text
	refused 126 '.process.args[0]: executable file `/text`: permission denied' \
		'it must be a regular file with execute permission (chmod +x)'
	config '.process.env = ["PATH=/"]'
	args text
	refused 126 '.process.args[0]: executable file `text`: permission denied' \
		'it must be a regular file with execute permission (chmod +x)'
	mkfifo -m 755 "$(ROOT /fifo)"
	args /fifo
	refused 126 '.process.args[0]: executable file `/fifo`: permission denied' \
		'it must be a regular file with execute permission (chmod +x)'
}

test_denied_to_the_user() {
	script /private '#!/bin/sh\n'
	chmod 700 "$(ROOT /private)"
	config '.process.user = {uid: 1000, gid: 1000}'
	args /private
	refused 126 '.process.args[0]: cannot execute `/private`: permission denied' \
		'user 1000 has no permission to execute it'
	script /closed/tool '#!/bin/sh\n'
	chmod 700 "$(ROOT /closed)"
	args /closed/tool
	refused 126 '.process.args[0]: cannot execute `/closed/tool`: permission denied' \
		'user 1000 may not search one of the directories on its path'
}

test_denied_by_the_mount() {
	mkdir "$WORK/programs"
	cp "$(ROOT /bin/busybox)" "$WORK/programs/true"
	config --arg source "$WORK/programs" \
		'.mounts += [{destination: "/programs", source: $source, options: ["bind", "noexec"]}]'
	args /programs/true
	refused 126 '.process.args[0]: cannot execute `/programs/true`: permission denied' \
		'it is on a mount with the option noexec'
}

test_interpreter_missing() {
	script /tool '#!/bin/nothing -x\n'
	args /tool
	refused 127 '.process.args[0]: cannot execute `/tool`: its interpreter /bin/nothing: no such file or directory' \
		'the interpreter of the "#!" line must be in the root filesystem'
}

test_interpreter_not_executable() {
	echo text >"$(ROOT /text)"
	script /tool '#! /text\n'
	args /tool
	refused 126 '.process.args[0]: cannot execute `/tool`: its interpreter /text: permission denied' \
		'the interpreter must have execute permission too'
}

test_interpreter_not_named() {
	script /tool '#!\n'
	args /tool
	refused 126 '.process.args[0]: cannot execute `/tool`: its "#!" line names no interpreter: exec format error'
}

# The interpreter is there; its own interpreter is not.
test_interpreter_of_the_interpreter() {
	script /tool '#!/middle\n'
	script /middle '#!/bin/nothing\n'
	args /tool
	refused 127 '.process.args[0]: cannot execute `/tool`: its interpreter /middle: its interpreter /bin/nothing: no such file or directory' \
		'the interpreter of the "#!" line must be in the root filesystem'
	script /middle '#!/bin/sh\r\n'
	refused 127 '.process.args[0]: cannot execute `/tool`: its interpreter /middle: its "#!" line ends in a carriage return: no such file or directory' \
		'the file has DOS line ends: convert it (dos2unix)'
	script /middle '#!/tool\n'
	refused 126 '.process.args[0]: cannot execute `/tool`: too many levels of symbolic links' \
		'its interpreter is a script too, and so on: the kernel follows 5 of them'
}

test_loader_of_the_interpreter() {
	echo 'int main(void) { return 0; }' >"$WORK/empty.c"
	${CC:-cc} -o "$(ROOT /middle)" -Wl,--dynamic-linker=/lib/ld-nothing.so "$WORK/empty.c" 2>/dev/null || skip 'no compiler'
	script /tool '#!/middle\n'
	args /tool
	refused 127 '.process.args[0]: cannot execute `/tool`: its interpreter /middle: its loader /lib/ld-nothing.so: no such file or directory' \
		'the program is linked against a C library that the root filesystem lacks'
}

test_carriage_return() {
	script /tool '#!/bin/sh\r\necho x\r\n'
	args /tool
	refused 127 '.process.args[0]: cannot execute `/tool`: its "#!" line ends in a carriage return: no such file or directory' \
		'the file has DOS line ends: convert it (dos2unix)'
}

test_neither_program_nor_script() {
	script /tool 'echo x\n'
	args /tool
	refused 126 '.process.args[0]: cannot execute `/tool`: exec format error' \
		'it is neither an ELF program nor does it begin with "#!"'
}

test_empty_file() {
	script /tool ''
	args /tool
	refused 126 '.process.args[0]: cannot execute `/tool`: exec format error' 'the file is empty'
}

test_loader_missing() {
	# A dynamic program of this machine, whose loader is missing.
	echo 'int main(void) { return 0; }' >"$WORK/empty.c"
	${CC:-cc} -o "$(ROOT /tool)" -Wl,--dynamic-linker=/lib/ld-nothing.so "$WORK/empty.c" 2>/dev/null || skip 'no compiler'
	args /tool
	refused 127 '.process.args[0]: cannot execute `/tool`: its loader /lib/ld-nothing.so: no such file or directory' \
		'the program is linked against a C library that the root filesystem lacks'
}

# set_byte FILE OFFSET OCTAL
set_byte() {
	printf "\\$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

test_other_architecture() {
	case $(uname -m) in
	x86_64) other=aarch64 number=267 ;;
	aarch64) other=x86_64 number=076 ;;
	*) skip "no other architecture known to $(uname -m)" ;;
	esac
	cp "$(ROOT /bin/busybox)" "$(ROOT /tool)"
	set_byte "$(ROOT /tool)" 18 $number # e_machine
	args /tool
	refused 126 '.process.args[0]: cannot execute `/tool`: exec format error' \
		"it is built for another architecture, $other; this machine is $(uname -m)"
	set_byte "$(ROOT /tool)" 18 377
	refused 126 '.process.args[0]: cannot execute `/tool`: exec format error' \
		"it is built for another architecture, an unknown one; this machine is $(uname -m)"
}

test_cut_short() {
	head -c 100 "$(ROOT /bin/busybox)" >"$(ROOT /tool)"
	chmod 755 "$(ROOT /tool)"
	args /tool
	refused 126 '.process.args[0]: cannot execute `/tool`: exec format error' \
		'it is a program for this machine, but damaged or cut short'
}

test_magic_links_are_no_programs() {
	for path in /proc/self/exe /proc/self/fd/3 /proc/1/root/bin/sh; do
		args $path
		refused 126 ".process.args[0]: executable file \`$path\`: too many levels of symbolic links"
	done
}

test_too_many_arguments() {
	head -c 200000 /dev/zero | tr '\0' x >"$WORK/long"
	config --rawfile long "$WORK/long" '.process.args = ["true", $long]'
	refused 126 '.process.args[0]: cannot execute `true`: argument list too long'
}

test_gone_before_start() {
	script /tool '#!/bin/sh\n'
	args /tool
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	rm "$(ROOT /tool)"
	try hull start "$ID"
	expect_status 127
	same 'hull: .process.args[0]: cannot execute `/tool`: no such file or directory' "$errors" error
	same stopped "$(status_of)" status
	hull delete "$ID" || fail delete
}

test_arguments_missing() {
	config '.process.args = []'
	run_fails '.process.args: at least one argument is required'
	config 'del(.process.args)'
	run_fails '.process.args: at least one argument is required'
	config '.process.args = [""]'
	run_fails '.process.args[0]: executable file `` not found in $PATH: No such file or directory'
}

test_cwd() {
	config '.process.cwd = "/usr/bin"'
	expect /usr/bin pwd
	config '.process.cwd = "/usr/../tmp//./"'
	expect /tmp /bin/pwd
}

test_cwd_is_made() {
	config '.root.readonly = true | .process.cwd = "/made/for/it"'
	expect '/made/for/it 0:0 755' 'echo $(/bin/pwd) $(stat -c "%u:%g %a" .)'
}

test_cwd_made_under_umask() {
	config '.process.cwd = "/made" | .process.user = {uid: 1000, gid: 1000, umask: 63}'
	expect '0:0 755 0077' 'echo $(stat -c "%u:%g %a" .) $(umask)'
}

test_cwd_through_links() {
	ln -s /usr/bin "$(ROOT /link)"
	config '.process.cwd = "/link"'
	expect /usr/bin /bin/pwd
	ln -s ../../../../../../../../tmp "$(ROOT /up)"
	config '.process.cwd = "/up"'
	expect /tmp /bin/pwd
	ln -s "$WORK" "$(ROOT /out)"
	config '.process.cwd = "/out"'
	expect "$WORK made inside" "echo \$(/bin/pwd) made inside; [ ! -e '$BUNDLE' ] || echo outside"
}

test_cwd_of_the_user_only() {
	# Root of the container enters it, as under runc: the user may not list it, but is in it.
	config '.process.user = {uid: 1000, gid: 1000} | .process.cwd = "/root"'
	expect /root /bin/pwd
}

test_cwd_refused() {
	config '.process.cwd = "relative"'
	run_fails '.process.cwd: "relative" is not an absolute path'
	config '.process.cwd = ""'
	run_fails '.process.cwd: "" is not an absolute path'
	config '.process.cwd = "/bin/sh"'
	run_fails '.process.cwd: open /bin/sh in the root filesystem: Not a directory'
	config 'del(.process.cwd)'
	run_fails '.process.cwd: required property is missing'
}

test_cwd_by_magic_link_refused() {
	ln -s /proc/self/fd "$(ROOT /descriptors)"
	for path in /proc/self/fd/3 /proc/self/cwd /proc/1/root /proc/self/root/tmp /descriptors/5; do
		config --arg path $path '.process.cwd = $path'
		run_fails ".process.cwd: open $path in the root filesystem: Too many levels of symbolic links"
	done
}

run_tests
