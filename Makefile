# hull: an OCI container runtime.
#
#	make              build/hull
#	make install      PREFIX=/usr/local, DESTDIR=
#	make deb rpm      a package for this distribution
#	make asan         build/asan/hull, with ASan and UBSan
#	sudo make demo    build, and show a container's view beside the host's
#	sudo make check   install the packages for the tests, and run them, in ten minutes
#	sudo make check-all  all other tests too: engines, systemd, a virtual machine, fresh systems
#	sudo make check-vm  all run tests in a virtual machine: KERNEL=oldest|default|newest, INIT=small|systemd
#	sudo make faults fuzz  errors of all system calls, and all fuzzers, for long
#	make test T=bind  one file of tests, or one test: T=bind/by_type
#	make lint format bench clean uninstall
#
# BUILD=DIR builds elsewhere, WERROR=1 (or CI=true) turns warnings into errors, STATIC=0 links everything dynamically. A changed
# variable rebuilds everything that depends on it.

VERSION = 0.2.0

BUILD   ?= build

# Root builds as the owner of the tree (tests/owner.sh). Only these goals run as root.
AS_ROOT = install uninstall clean build-packages test-packages vm-packages package-packages demo check check-all check-vm faults fuzz test \
	bench
AS_OWNER := $(shell BUILD='$(BUILD)' sh tests/owner.sh)
export AS_OWNER
ifneq ($(AS_OWNER),)
SHELL = $(firstword $(AS_OWNER))
.SHELLFLAGS = $(wordlist 2,$(words $(AS_OWNER)),$(AS_OWNER)) /bin/sh -c
$(AS_ROOT): private SHELL = /bin/sh
$(AS_ROOT): private .SHELLFLAGS = -c
endif

# sudo drops the environment: variables that "install" is not given are those of the build.
ifeq ($(MAKECMDGOALS),install)
-include $(BUILD)/made-with/variables.mk
endif

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
LIBEXECDIR ?= $(PREFIX)/libexec/hull
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d

# Packages by distribution. A name with "?" is installed if the distribution knows it.
BUILD_DEBIAN = gcc libc6-dev libseccomp-dev libcap-dev libyajl-dev busybox-static \
	?libsystemd-dev
BUILD_FEDORA = gcc glibc-devel kernel-headers libseccomp-devel libcap-devel yajl-devel busybox \
	?systemd-devel ?glibc-static ?libseccomp-static ?libcap-static
BUILD_ALPINE = gcc musl-dev linux-headers libseccomp-dev libcap-dev yajl-dev busybox-static bash \
	?libseccomp-static ?libcap-static ?yajl-static ?setpriv
TEST_DEBIAN  = procps python3 libcmocka-dev jq ?gojq mandoc clang ?libclang-rt-dev iproute2 util-linux bash zsh fish \
	?debootstrap ?debian-archive-keyring ?podman ?buildah ?catatonit ?runc ?crun ?passt ?slirp4netns ?uidmap ?python3-jsonschema \
	?clang-format ?clang-tidy ?cppcheck ?shellcheck
TEST_FEDORA  = procps-ng python3 libcmocka-devel jq mandoc clang compiler-rt libasan libubsan iproute util-linux bash zsh fish \
	?debootstrap ?podman ?buildah ?catatonit ?runc ?crun ?passt ?slirp4netns ?shadow-utils ?python3-jsonschema \
	?clang-tools-extra ?cppcheck ?ShellCheck
TEST_ALPINE  = procps python3 cmocka-dev jq ?gojq mandoc clang compiler-rt iproute2 util-linux zsh fish \
	?debootstrap ?podman ?catatonit ?runc ?crun ?py3-jsonschema ?clang-extra-tools ?cppcheck ?shellcheck

# Optional: the guest, for tests that this host cannot run.
VM_DEBIAN = qemu-system-x86 debootstrap e2fsprogs xz-utils zstd util-linux
VM_FEDORA = qemu-system-x86-core debootstrap e2fsprogs xz zstd util-linux
VM_ALPINE = qemu-system-x86_64 debootstrap e2fsprogs xz zstd util-linux

# Optional: to make packages.
PACKAGE_DEBIAN = dpkg-dev
PACKAGE_FEDORA = rpm-build
PACKAGE_ALPINE =

CC      ?= gcc
AR      ?= ar
CFLAGS  ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wno-unknown-warning-option -Wno-format-truncation -Wno-missing-field-initializers
WERROR := $(if $(filter true 1,$(CI) $(WERROR)),1)
WERROR_FLAG = $(if $(filter 1 true,$(WERROR)),-Werror)

# Plain "linux" is a macro of GNU C; here it is a member of the configuration.
ALL_CPPFLAGS = -D_GNU_SOURCE -Ulinux -I. -Isrc -I$(BUILD)/include $(CPPFLAGS)
ALL_CFLAGS   = -std=gnu11 $(WARNINGS) $(WERROR_FLAG) -fno-strict-aliasing $(VARIANT_CFLAGS) $(CFLAGS)
ALL_LDFLAGS  = $(VARIANT_LDFLAGS) $(LDFLAGS)

SOURCES = $(wildcard src/*.c src/*/*.c oci/*.c namespaces/*.c cgroups/*.c)
OBJECTS = $(SOURCES:%.c=$(BUILD)/obj/%.o)
LIBRARY = $(BUILD)/libhull.a
HULL    = $(BUILD)/hull
TESTS   = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test-*.c))
FUZZERS = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz-*.c))

# asan: everything is dynamic, because the sanitizers' libraries are. fuzz: the same by clang.
ifeq ($(VARIANT),asan)
VARIANT_CFLAGS  = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
VARIANT_LDFLAGS = -fsanitize=address,undefined
VARIANT_LIBS    = -lseccomp -lcap -lyajl
else ifeq ($(VARIANT),fuzz)
VARIANT_CFLAGS  = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
WARNINGS        = -Wall -Wextra -Wno-missing-field-initializers -Wno-unknown-warning-option
WERROR_FLAG     =
VARIANT_LDFLAGS = -fsanitize=address,undefined
VARIANT_LIBS    = -lseccomp -lcap -lyajl
else
VARIANT_CFLAGS  = -ffunction-sections -fdata-sections -fstack-protector-strong \
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 $(PROBED_CFLAGS)
VARIANT_LDFLAGS = -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,-z,noexecstack $(PROBED_LDFLAGS)
VARIANT_LIBS    = $(PROBED_LIBS)
# Goals that build nothing, or that build in a second make once the packages are installed, do not probe.
NO_BUILD = clean format lint uninstall asan demo check check-all check-vm faults fuzz test deb rpm build-packages test-packages vm-packages \
	package-packages
ifneq ($(filter-out $(NO_BUILD),$(or $(MAKECMDGOALS),all)),)
include $(BUILD)/probe.mk
endif
endif

all: $(HULL) $(PROBED_SYSTEMD:%=$(BUILD)/hull-systemd) man

# $(call replace-if-different): if they differ, $@.tmp replaces $@, and everything that depends on $@ is rebuilt.
replace-if-different = @if cmp -s $@.tmp $@; then rm $@.tmp; else mv $@.tmp $@; fi

# $(call made-with,TEXT): a file of the values with which its targets were built.
quoted = '$(subst ','\'',$(1))'
define made-with
@mkdir -p $(@D)
@printf '%s\n' $(call quoted,$(strip $(1))) >$@.tmp
$(replace-if-different)
endef
$(BUILD)/made-with/probe: FORCE
	$(call made-with,$(CC) $(STATIC))
$(BUILD)/made-with/compile: FORCE
	$(call made-with,$(CC) $(filter-out -I$(BUILD)/include,$(ALL_CPPFLAGS)) $(ALL_CFLAGS))
$(BUILD)/made-with/link: FORCE
	$(call made-with,$(AR) $(ALL_LDFLAGS) $(PROBED_ENTRY) $(VARIANT_LIBS))
$(BUILD)/made-with/libexecdir: FORCE
	$(call made-with,$(LIBEXECDIR))

# The same in the syntax of make(1), for variables that neither the command line nor the environment sets.
REMEMBERED = CC AR CFLAGS CPPFLAGS LDFLAGS STATIC WERROR
remembered-line = 'ifeq ($$(filter command environment,$$(origin $(1))),)' $(call quoted,$(1) = $(subst $$,$$$$,$($(1)))) endif
$(BUILD)/made-with/variables.mk: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(foreach name,$(REMEMBERED),$(call remembered-line,$(name))) >$@.tmp
	$(replace-if-different)

# The abilities of this compiler and these libraries, probed once: fcf-protection; a static-pie of the libraries'
# archives, or else the archives of some and the shared objects of the rest.
STATIC ?= 1
$(BUILD)/probe.mk: Makefile tests/probe.sh $(BUILD)/made-with/probe
	@mkdir -p $(@D)
	@CC='$(CC)' STATIC='$(STATIC)' sh tests/probe.sh >$@.tmp
	@mv $@.tmp $@

# Also if the tree belongs to another user.
GIT = git -c safe.directory='*'
COMMIT = $(shell $(GIT) rev-parse --short=10 HEAD 2>/dev/null)
$(BUILD)/include/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define HULL_VERSION "%s"\n#define HULL_COMMIT "%s"\n' '$(VERSION)' '$(COMMIT)' >$@.tmp
	$(replace-if-different)

$(BUILD)/obj/%.o: %.c Makefile $(BUILD)/made-with/compile | $(BUILD)/include/version.h
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC      $<")
	$(if $(V),,@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Contains the path of hull-systemd.
$(BUILD)/obj/cgroups/systemd.o: $(BUILD)/made-with/libexecdir
$(BUILD)/obj/cgroups/systemd.o: private ALL_CPPFLAGS += -DHULL_LIBEXECDIR='"$(LIBEXECDIR)"'

# Runs before the C library is set up, so it cannot have what a distribution's CFLAGS may add.
$(BUILD)/obj/src/launch/entry.o: private ALL_CFLAGS += -ffreestanding -fno-stack-protector -U_FORTIFY_SOURCE -fno-lto -fno-profile-arcs \
	-fno-sanitize=all

# Objects of sources that are gone must not linger in the archive.
$(LIBRARY): $(filter-out $(BUILD)/obj/src/main.o,$(OBJECTS))
	@rm -f $@
	@$(AR) rcs $@ $^

# An include that points upwards is an error of the build.
$(BUILD)/floors.ok: $(SOURCES) $(wildcard src/*.h src/*/*.h oci/*.h namespaces/*.h cgroups/*.h) tests/check-includes.sh
	@mkdir -p $(@D)
	@sh tests/check-includes.sh
	@touch $@

# From the objects, not the archive, so that a name that is defined twice is an error. And copied: the linker's own file is in small
# pieces in memory, which adds a tenth to the time of each start.
$(HULL): $(OBJECTS) $(BUILD)/made-with/link | $(BUILD)/floors.ok $(BUILD)/made-with/variables.mk
	@$(if $(V),,echo "  LD      $@")
	$(if $(V),,@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(PROBED_ENTRY) -o $@.linked $(OBJECTS) $(VARIANT_LIBS)
	@cp $@.linked $@.tmp && mv $@.tmp $@ && rm $@.linked

# Speaks to systemd. Built if libsystemd is installed.
$(BUILD)/hull-systemd: cgroups/systemd/hull-systemd.c $(BUILD)/made-with/compile $(BUILD)/made-with/link
	@mkdir -p $(@D)
	@$(if $(V),,echo "  LD      $@")
	$(if $(V),,@)$(CC) -D_GNU_SOURCE -std=gnu11 $(WARNINGS) $(WERROR_FLAG) $(CFLAGS) -pie -fPIE \
		-Wl,-z,relro,-z,now -o $@ $< $(PROBED_SYSTEMD)

# The tests' own tool, which replaces jq(1) and many small programs. tests/run/lib.sh builds it if it is missing.
TOOL_OBJECTS = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/tool/*.c))
tool: $(BUILD)/test-tool
$(BUILD)/test-tool: $(TOOL_OBJECTS) $(LIBRARY)
	@$(if $(V),,echo "  LD      $@")
	$(if $(V),,@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@.tmp $^ $(VARIANT_LIBS) -lm
	@mv $@.tmp $@
$(BUILD)/unit/test-tool: $(filter-out %/main.o,$(TOOL_OBJECTS))

# Unit tests: one program for each file, linked with everything but main.
unit: $(TESTS)
$(BUILD)/unit/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@$(if $(V),,echo "  TEST    $@")
	$(if $(V),,@)$(CC) $(ALL_CPPFLAGS) -Itests/unit $(ALL_CFLAGS) -MMD -MP \
		-o $@ $< $(filter %.o,$^) $(LIBRARY) $(filter-out -static-pie,$(ALL_LDFLAGS)) $(VARIANT_LIBS) -lcmocka -lm

fuzzers: $(FUZZERS)
$(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h $(LIBRARY)
	@mkdir -p $(@D)
	$(if $(V),,@)$(CC) $(ALL_CPPFLAGS) -Itests/fuzz $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $< tests/fuzz/fuzz.c $(LIBRARY) \
		$(ALL_LDFLAGS) $(VARIANT_LIBS)

asan:
	@$(MAKE) --no-print-directory VARIANT=asan BUILD=$(BUILD)/asan $(BUILD)/asan/hull

-include $(shell find $(BUILD)/obj $(BUILD)/unit -name '*.d' 2>/dev/null)

# Manual pages. The reference in hull-config(5) is made from the tables of oci/.
PAGES = hull.1 hull-config.5 hull-engines.7
man: $(PAGES:%=$(BUILD)/man/%)
$(BUILD)/man/%: man/%
	@mkdir -p $(@D)
	@cp $< $@
$(BUILD)/man/reference: man/reference.c $(filter $(BUILD)/obj/src/base/% $(BUILD)/obj/oci/%,$(OBJECTS))
	@mkdir -p $(@D)
	$(if $(V),,@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(VARIANT_LIBS)
$(BUILD)/man/hull-config.5: man/hull-config.5.in $(BUILD)/man/reference
	@$(BUILD)/man/reference >$@.tmp
	@sed -e '/^@REFERENCE@$$/{' -e 'r $@.tmp' -e 'd' -e '}' man/hull-config.5.in >$@
	@rm $@.tmp

page-path = man$(subst .,,$(suffix $(1)))/$(1)
define install-page
install -D -m 644 $(BUILD)/man/$(1) $(DESTDIR)$(MANDIR)/$(call page-path,$(1))

endef

# The scripts call the program as this rule does: by its name, through $PATH.
COMPLETIONS = $(BUILD)/completions
completions: $(addprefix $(COMPLETIONS)/hull.,bash zsh fish)
$(COMPLETIONS)/hull.%: $(HULL)
	@mkdir -p $(@D)
	@PATH='$(abspath $(BUILD))':$$PATH hull completion $* >$@

install: all completions
	install -D -m 755 $(HULL) $(DESTDIR)$(BINDIR)/hull
	$(if $(PROBED_SYSTEMD),install -D -m 755 $(BUILD)/hull-systemd $(DESTDIR)$(LIBEXECDIR)/hull-systemd)
	$(foreach page,$(PAGES),$(call install-page,$(page)))
	install -D -m 644 $(COMPLETIONS)/hull.bash $(DESTDIR)$(BASHCOMPDIR)/hull
	install -D -m 644 $(COMPLETIONS)/hull.zsh $(DESTDIR)$(ZSHCOMPDIR)/_hull
	install -D -m 644 $(COMPLETIONS)/hull.fish $(DESTDIR)$(FISHCOMPDIR)/hull.fish
	@case $(if $(DESTDIR),:$(BINDIR):,:$$PATH:) in *:$(BINDIR):*) ;; *) \
		echo "note: $(BINDIR) is not in PATH here ($$PATH)$(if $(SUDO_UID),; sudo does not find hull: see Installing in README.md)" ;; esac

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/hull $(DESTDIR)$(LIBEXECDIR)/hull-systemd \
		$(foreach page,$(PAGES),$(DESTDIR)$(MANDIR)/$(call page-path,$(page))) $(DESTDIR)$(BASHCOMPDIR)/hull \
		$(DESTDIR)$(ZSHCOMPDIR)/_hull $(DESTDIR)$(FISHCOMPDIR)/hull.fish
	[ ! -d $(DESTDIR)$(LIBEXECDIR) ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$(LIBEXECDIR)

# Packages for Debian and for distributions with RPM, in BUILD.
package-packages: build-packages
	@sh tests/packages.sh '$(PACKAGE_DEBIAN)' '$(PACKAGE_FEDORA)' '$(PACKAGE_ALPINE)'
deb: package-packages
	@BUILD=$(BUILD) VERSION=$(VERSION) MAKE='$(MAKE)' sh .package/deb.sh
rpm: package-packages
	@BUILD=$(BUILD) VERSION=$(VERSION) MAKE='$(MAKE)' sh .package/rpm.sh

clean:
	rm -rf $(BUILD)

build-packages:
	@sh tests/packages.sh '$(BUILD_DEBIAN)' '$(BUILD_FEDORA)' '$(BUILD_ALPINE)'
test-packages: build-packages
	@sh tests/packages.sh '$(TEST_DEBIAN)' '$(TEST_FEDORA)' '$(TEST_ALPINE)'

# The packages are installed first, in a process of their own: the build probes for libraries after that.
demo: build-packages
	@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j "$$(nproc)") $(HULL)
	@HULL=$(HULL) BUILD=$(BUILD) sh tests/demo.sh

check: test-packages
	@BUILD=$(BUILD) MAKE='$(MAKE)' exec sh tests/check.sh check

check-all: test-packages vm-packages
	@BUILD=$(BUILD) MAKE='$(MAKE)' exec sh tests/check.sh all

# One file or one test: make test T=bind, T=bind/by_type, T="unit/base engines/podman"; ROOTLESS=1, ASAN=1.
test:
	@BUILD=$(BUILD) MAKE='$(MAKE)' ROOTLESS='$(ROOTLESS)' ASAN='$(ASAN)' exec sh tests/check.sh test $(T)

# Every system call of every command fails, with each of four errors (FAULTS='EIO ENOSPC': with others), and is the point at which the
# command is killed: an hour or two.
faults: test-packages
	@BUILD=$(BUILD) MAKE='$(MAKE)' FAULTS='$(FAULTS)' exec sh tests/check.sh faults

# Each fuzzer for ten minutes, or FUZZ_SECONDS; what it has found interesting stays in BUILD/fuzz/corpus.
fuzz: test-packages
	@BUILD=$(BUILD) MAKE='$(MAKE)' FUZZ_SECONDS='$(FUZZ_SECONDS)' exec sh tests/check.sh fuzz

vm-packages:
	@sh tests/packages.sh '$(VM_DEBIAN)' '$(VM_FEDORA)' '$(VM_ALPINE)'
check-vm: test-packages vm-packages
	@BUILD=$(BUILD) MAKE='$(MAKE)' KERNEL='$(KERNEL)' INIT='$(INIT)' exec sh tests/check.sh vm

bench: $(HULL)
	@trap 'BUILD=$(BUILD) sh tests/hand-over.sh' EXIT; trap 'exit 130' INT TERM; for part in bench rootless limits many; do \
		HULL=$(HULL) BUILD=$(BUILD) CC='$(CC)' sh tests/bench/$$part.sh || exit; done

format:
	find src oci namespaces cgroups man tests -name '*.[ch]' -exec clang-format -i {} +

lint:
	@sh tests/lint.sh

FORCE:
.PHONY: all tool unit fuzzers asan man completions install uninstall clean build-packages test-packages vm-packages package-packages \
	deb rpm demo check check-all check-vm faults fuzz test bench format lint FORCE
.DELETE_ON_ERROR:
