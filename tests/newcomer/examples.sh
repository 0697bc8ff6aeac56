# Runs the examples of the README as an ordinary user in an empty directory, line by line as printed. A shell in a container is on a
# terminal. Sourced by inside.sh.

SESSION='echo sum $((40 + 2)); cat /proc/self/uid_map; exit 5'

# Images and packages that the examples fetch from elsewhere are here already: an image of that name, and Debian's own root for
# debootstrap.
substitute() {
	if [ -n "$WHOLE" ]; then
		sed -e 's|docker://|containers-storage:|'
	else
		sed -e 's|docker://|containers-storage:|' \
			-e 's|^sudo debootstrap --variant=minbase [a-z]* \(.*\)|sudo mkdir -p \1 \&\& sudo mount --rbind /mnt/pristine \1|'
	fi
}

# example SECTION N: the lines after the container before the Nth, up to the Nth.
example() {
	typed "$1" | substitute | awk -v number="$2" 'count + 1 == number { print } /hull run/ { count++ }'
}

# run_example SECTION N: a session in the container must end with the expected status.
run_example() {
	example "$1" "$2" >"$LOGS/example"
	[ -s "$LOGS/example" ] || fails "the README has no such example"
	setup=$(grep -v 'hull run' "$LOGS/example" | tr '\n' ';')
	command=$(grep 'hull run' "$LOGS/example")
	cat "$LOGS/example"
	PLACE=$HOME_OF/typed
	[ -z "$setup" ] || person "$setup" || return
	on_terminal "$SESSION" "$command" >"$LOGS/session"
	code=$?
	cat "$LOGS/session"
	[ $code = 5 ] && grep -q '^sum 42' "$LOGS/session" || fails "\"$command\" ended with $code"
}

# What the README says of ids: root is the user, and the following ids are the subordinate ones.
example_without_root() {
	grep -q '^person:' /etc/subuid || usermod --add-subuids 200000-265535 --add-subgids 200000-265535 person || return
	run_example 'Without root' 1 || return
	tr -s ' ' <"$LOGS/session" | grep -q "^ 0 $(id -u person) 1.\{0,1\}$" || fails 'root of the container is not the user'
	tr -s ' ' <"$LOGS/session" | grep -q "^ 1 $(sed -n 's/^person:\([0-9]*\):.*/\1/p' /etc/subuid) 65536" ||
		fails 'the subordinate ids are not mapped'
}

image_tools() {
	packages podman skopeo umoci debootstrap jq uidmap || return
	printf '[storage]\ndriver = "overlay"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' \
		>/etc/containers/storage.conf
	sh $TREE/tests/engines/make-image.sh /tmp/image.tar docker.io/library/alpine:latest && podman load -q -i /tmp/image.tar
}

examples() {
	mkdir -p $HOME_OF/typed
	chown person $HOME_OF/typed
	images='From an image to a container'
	step 'the example of busybox' run_example "$images" 1
	step 'the tools of the other examples' image_tools || return
	step 'the example of podman export' run_example "$images" 2
	step 'the example of umoci' run_example "$images" 3
	step "the example of debootstrap" run_example "$images" 4
	umount -l $HOME_OF/typed/debian/rootfs 2>/dev/null
	step 'the example of an overlay' run_example 'One root filesystem for many containers' 1
	step 'the example without root' example_without_root
}
