#!/bin/sh
# Buildah with hull as its runtime, and `podman build`: steps of a Containerfile, and commands in a working container.
. "${0%/*}/engine.sh"

FLAGS='--isolation oci --network none'
LIMITS='--ulimit nofile=1024:1024 --ulimit nproc=1024:1024' # those that hosts surely have
printed '/etc/containers/containers.conf' >/etc/containers/containers.conf
printf '[containers]\nnetns = "none"\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\npids_limit = 0\n[engine]\nevents_logger = "file"\ncgroup_manager = "cgroupfs"\n' >/tmp/containers.conf
export CONTAINERS_CONF_OVERRIDE=/tmp/containers.conf

build() {
	timeout -k 5 120 buildah "$@"
}

# A Containerfile on our root filesystem, from standard input, with several lines.
containerfile() {
	mkdir "$WORK/context"
	tar -C "$BUNDLE/rootfs" -cf "$WORK/context/root.tar" .
	{
		printf 'FROM scratch\nADD root.tar /\nENV HULL_TEST_ID=%s\n' "$ID"
		cat
	} >"$WORK/context/Containerfile"
	trap 'buildah rm -a; buildah rmi -f "$ID"' EXIT
}

bud() {
	try build bud --layers=false $FLAGS $LIMITS --runtime /usr/local/bin/hull -t "$ID" "$WORK/context"
}

# Inspects the image that was built.
file() {
	container=$(build from --pull=never "localhost/$ID") || fail 'there is no such image'
	cat "$(build mount "$container")/$1"
}

# A working container of the root filesystem.
working_container() {
	trap 'buildah rm "$container"' EXIT
	container=$(build from scratch)
	build add "$container" "$BUNDLE/rootfs" / >/dev/null || fail 'the root filesystem is not added'
}

build_run() {
	build run $FLAGS --runtime /usr/local/bin/hull --env HULL_TEST_ID="$ID" "$@"
}

nothing_left() {
	wait_until nothing_of_hull
}

nothing_of_hull() {
	[ -z "$(below /run/hull)" ] && ! find /sys/fs/cgroup -name '*buildah*' | grep .
}

test_build() {
	containerfile <<-'END'
		RUN echo first >/made && echo "said $$ $(hostname | wc -l)"
		RUN mkdir /work && chown user:user /work
		ENV A="x  y"
		WORKDIR /work
		USER user
		RUN echo "$(id -un) $(pwd) $A" >mine
		RUN ["/bin/sh", "-c", "cat /made >>mine"]
		USER root
		RUN test "$(stat -c %U /work/mine)" = user
	END
	bud
	expect_status 0
	printf '%s\n' "$out" | grep -qx 'said 1 1' || fail "output: $out"
	same 'user /work x  y
first' "$(file /work/mine)" 'what the steps made'
	nothing_left
}

test_failing_step() {
	containerfile <<-'END'
		RUN echo before
		RUN echo to the log >&2; exit 7
		RUN echo after
	END
	bud
	expect_status 7
	case $errors in *'to the log'*'exit status 7'*) ;; *) fail "errors: $errors" ;; esac
	case $out in *before*after*) fail 'the step after it ran' ;; *before*) ;; *) fail "output: $out" ;; esac
	nothing_left
}

test_step_not_found() {
	containerfile <<-'END'
		RUN ["no-such-program"]
	END
	bud
	[ "$status" != 0 ] || fail 'it was built'
	case $errors in *no-such-program*) ;; *) fail "errors: $errors" ;; esac
	nothing_left
}

test_mounts_of_a_step() {
	containerfile <<-'END'
		RUN --mount=type=tmpfs,target=/scratch echo x >/scratch/x && awk '$2 == "/scratch" { print $3 }' /proc/mounts >/type
		RUN --mount=type=bind,source=Containerfile,target=/context/file grep -c ^FROM /context/file >/count
		RUN --mount=type=cache,target=/cache echo kept >/cache/x
		RUN --mount=type=cache,target=/cache cat /cache/x >/kept
	END
	bud
	expect_status 0
	same 'tmpfs 1 kept' "$(file /type) $(file /count) $(file /kept)" 'what the steps found'
	nothing_left
}

test_run() {
	working_container
	says 'inside 1' build_run "$container" -- sh -c 'echo inside $$'
	fails 5 '' build_run "$container" -- sh -c 'exit 5'
	says user build_run --user user "$container" -- id -un
	same given "$(echo given | build_run "$container" -- cat)" 'its input'
	mkdir "$WORK/v"
	says '' build_run -v "$WORK/v:/v" "$container" -- touch /v/x
	[ -e "$WORK/v/x" ] || fail 'not made on the host'
	build_run --cap-drop CAP_CHOWN "$container" -- chown user /bin 2>/dev/null && fail 'chown without its capability'
	nothing_left
}

test_run_on_a_terminal() {
	working_container
	status=0
	out=$(script -q -e -c "stty rows 33 columns 99; buildah run --tty $FLAGS --runtime /usr/local/bin/hull --env HULL_TEST_ID=$ID $container -- \
		sh -c 'test -t 0 && test -t 2 && echo both; sleep 1; stty size; exit 6'" /dev/null </dev/null | tr -d '\r') || status=$?
	case $out in *both*'33 99'*) ;; *) fail "output: $out" ;; esac
	nothing_left
}

test_podman_build() {
	containerfile <<-'END'
		RUN echo "by $(cat /proc/1/comm)" >/made
	END
	try timeout -k 5 120 podman build --isolation oci --network none $LIMITS --layers=false -t "$ID" "$WORK/context"
	expect_status 0
	same 'by sh' "$(file /made)" 'what the step made'
	nothing_left
}

run_tests
