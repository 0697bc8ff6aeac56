# Sourced first by the suites of engines that need a machine to themselves: runs the suite in a Debian that has the engine
# (in-debian.sh), unless it is there already. The rest is for the inside.
if [ -z "${INSIDE_DEBIAN:-}" ]; then
	exec sh "${0%/*}/in-debian.sh" "$0"
fi
. "${0%/*}/../run/lib.sh"
ENGINES=$LIB_DIR
LIB_DIR=$ENGINES/../run # where probe.c is
PAGE=$ENGINES/../../man/hull-engines.7

# wait_until COMMAND...: waits a minute at most.
wait_until() {
	for _ in $(seq 600); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	fail "in vain: $*"
}

# printed TEXT: the example of hull-engines(7) after the first line with this text, as a reader would copy it.
printed() {
	awk -v text="$1" '!found { found = index($0, text); next }
		/^\.Ed/ { exit }
		begun { gsub(/\\&/, ""); gsub(/\\e/, "\\"); print }
		/^\.Bd -literal/ { begun = 1 }' "$PAGE"
}

# says VALUE COMMAND...
says() {
	wanted=$1
	shift
	try "$@"
	[ "$status" = 0 ] || fail "$*: exit status $status: $errors"
	same "$wanted" "$out" "$*"
}

# fails STATUS TEXT COMMAND...
fails() {
	wanted=$1
	text=$2
	shift 2
	try "$@"
	same "$wanted" "$status" "exit status of $*, which said '$out $errors'"
	case "$out $errors" in *"$text"*) ;; *) fail "$*: said '$out $errors', expected '$text'" ;; esac
}

has_text() { # TEXT FILE
	grep -qF -- "$1" "$2"
}

below() { # DIRECTORY, which need not exist
	find "$1" -mindepth 1 -type d ! -name '*:*' 2>/dev/null # no id has a colon: that is the cache of profiles
}

# Makes the archive of the image busybox:test, as $IMAGE_FILE.
make_image() {
	[ -z "${IMAGE_FILE:-}" ] || return 0
	IMAGE_FILE=/tmp/image.tar
	sh "$ENGINES/make-image.sh" "$IMAGE_FILE" busybox:test || exit 1
}
