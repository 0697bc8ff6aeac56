# hull: an OCI container runtime.
#
#	make              build/hull
#	make install      PREFIX=/usr/local, DESTDIR=
#	make asan         build/asan/hull, with ASan and UBSan
#	sudo make demo    build, and show what a container sees beside what the host sees
#	sudo make check   install what the tests need and pass them, in ten minutes
#	sudo make check-all  and all other tests: engines, systemd, a virtual machine, fresh systems
#	sudo make check-vm  all run tests in a virtual machine: KERNEL=oldest|default|newest, INIT=small|systemd
#	make test T=bind  one file of the tests, or one of its tests: T=bind/by_type
#	make lint format bench clean uninstall
#
# BUILD=DIR builds elsewhere, WERROR=1 (or CI=true) makes warnings errors, STATIC=0 links everything dynamically.

VERSION = 0.1.0

BUILD   ?= build
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
LIBEXECDIR ?= $(PREFIX)/libexec/hull
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d

# Packages by distribution. A "?" before a name: taken if the distribution knows it.
BUILD_DEBIAN = gcc libc6-dev libseccomp-dev libcap-dev libyajl-dev busybox-static \
	?libsystemd-dev
BUILD_FEDORA = gcc glibc-devel kernel-headers libseccomp-devel libcap-devel yajl-devel busybox \
	?systemd-devel ?glibc-static ?libseccomp-static ?libcap-static
BUILD_ALPINE = gcc musl-dev linux-headers libseccomp-dev libcap-dev yajl-dev busybox-static bash \
	?libseccomp-static ?libcap-static ?yajl-static
TEST_DEBIAN  = libcmocka-dev jq ?gojq mandoc clang ?libclang-rt-dev iproute2 util-linux bash zsh fish \
	?debootstrap ?debian-archive-keyring ?podman ?buildah ?catatonit ?runc ?crun ?passt ?slirp4netns ?uidmap ?python3-jsonschema
TEST_FEDORA  = libcmocka-devel jq mandoc clang compiler-rt libasan libubsan iproute util-linux bash zsh fish \
	?debootstrap ?podman ?buildah ?catatonit ?runc ?crun ?passt ?slirp4netns ?shadow-utils ?python3-jsonschema
TEST_ALPINE  = cmocka-dev jq ?gojq mandoc clang compiler-rt iproute2 util-linux zsh fish \
	?debootstrap ?podman ?catatonit ?runc ?crun ?py3-jsonschema

# Optional: the guest of the tests that this host cannot pass.
VM_DEBIAN = qemu-system-x86 debootstrap e2fsprogs xz-utils zstd util-linux
VM_FEDORA = qemu-system-x86-core debootstrap e2fsprogs xz zstd util-linux
VM_ALPINE = qemu-system-x86_64 debootstrap e2fsprogs xz zstd util-linux

CC      ?= gcc
AR      ?= ar
CFLAGS  ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wno-format-truncation -Wno-missing-field-initializers
ifneq ($(filter true 1,$(CI) $(WERROR)),)
WERROR_FLAG = -Werror
endif

# Plain "linux" is a macro of GNU C; here it is a member of the configuration.
ALL_CPPFLAGS = -D_GNU_SOURCE -Ulinux -I. -Isrc -I$(BUILD)/include \
	-DHULL_LIBEXECDIR='"$(LIBEXECDIR)"' $(CPPFLAGS)
ALL_CFLAGS   = -std=gnu11 $(WARNINGS) $(WERROR_FLAG) -fno-strict-aliasing $(VARIANT_CFLAGS) $(CFLAGS)
ALL_LDFLAGS  = $(VARIANT_LDFLAGS) $(LDFLAGS)

SOURCES = $(wildcard src/base/*.c oci/*.c namespaces/*.c cgroups/*.c src/*.c src/cmd/*.c)
OBJECTS = $(SOURCES:%.c=$(BUILD)/obj/%.o)
LIBRARY = $(BUILD)/libhull.a
HULL    = $(BUILD)/hull
TESTS   = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test-*.c))
FUZZERS = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz-*.c))

# asan: everything dynamic, so that the sanitizers' libraries can be there. fuzz: the same by clang.
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
# Not for goals that build nothing, or that build in a second make, after the packages are there.
NO_BUILD = clean format lint uninstall asan demo check check-all check-vm test build-packages test-packages vm-packages
ifneq ($(filter-out $(NO_BUILD),$(or $(MAKECMDGOALS),all)),)
include $(BUILD)/probe.mk
endif
endif

all: $(HULL) $(PROBED_SYSTEMD:%=$(BUILD)/hull-systemd) man

# What this compiler and these libraries can do, found once: fcf-protection, a static-pie of the libraries'
# archives, or else the archives of some and the shared objects of the rest.
STATIC ?= 1
$(BUILD)/probe.mk: Makefile tests/probe.sh
	@mkdir -p $(@D)
	@CC='$(CC)' STATIC='$(STATIC)' sh tests/probe.sh >$@.tmp
	@mv $@.tmp $@

COMMIT = $(shell git rev-parse --short=10 HEAD 2>/dev/null)
$(BUILD)/include/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define HULL_VERSION "%s"\n#define HULL_COMMIT "%s"\n' '$(VERSION)' '$(COMMIT)' >$@.tmp
	@if cmp -s $@.tmp $@; then rm $@.tmp; else mv $@.tmp $@; fi

$(BUILD)/obj/%.o: %.c Makefile $(wildcard $(BUILD)/probe.mk) | $(BUILD)/include/version.h
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC      $<")
	$(if $(V),,@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Runs before the C library does.
$(BUILD)/obj/src/entry.o: VARIANT_CFLAGS = -ffreestanding -fno-stack-protector -U_FORTIFY_SOURCE $(PROBED_CFLAGS)

# Objects of sources that are gone must not linger in the archive.
$(LIBRARY): $(filter-out $(BUILD)/obj/src/main.o,$(OBJECTS))
	@rm -f $@
	@$(AR) rcs $@ $^

# An include that points upwards is an error of the build.
$(BUILD)/floors.ok: $(SOURCES) $(wildcard src/*.h src/*/*.h oci/*.h namespaces/*.h cgroups/*.h) tests/check-includes.sh
	@mkdir -p $(@D)
	@sh tests/check-includes.sh
	@touch $@

# From the objects, not the archive: a name that is defined twice is then an error. And copied, as an installed one is: a linker writes
# here and there, which leaves the file in small pieces in memory, and a tenth is added to the time of each start.
$(HULL): $(OBJECTS) | $(BUILD)/floors.ok
	@$(if $(V),,echo "  LD      $@")
	$(if $(V),,@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(PROBED_ENTRY) -o $@.linked $^ $(VARIANT_LIBS)
	@cp $@.linked $@.tmp && mv $@.tmp $@ && rm $@.linked

# Speaks to systemd, where libsystemd is there to build against.
$(BUILD)/hull-systemd: cgroups/systemd/hull-systemd.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  LD      $@")
	$(if $(V),,@)$(CC) -D_GNU_SOURCE -std=gnu11 $(WARNINGS) $(WERROR_FLAG) $(CFLAGS) -pie -fPIE \
		-Wl,-z,relro,-z,now -o $@ $< $(PROBED_SYSTEMD)

# The tests' own tool, in the place of jq(1) and of many small programs: lib.sh of tests/run builds it too, where it is missing.
TOOL_OBJECTS = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/tool/*.c))
tool: $(BUILD)/test-tool
$(BUILD)/test-tool: $(TOOL_OBJECTS) $(LIBRARY)
	@$(if $(V),,echo "  LD      $@")
	$(if $(V),,@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@.tmp $^ $(VARIANT_LIBS)
	@mv $@.tmp $@
$(BUILD)/unit/test-tool: $(filter-out %/main.o,$(TOOL_OBJECTS))

# Unit tests: one program a file, against everything but main.
unit: $(TESTS)
$(BUILD)/unit/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@$(if $(V),,echo "  TEST    $@")
	$(if $(V),,@)$(CC) $(ALL_CPPFLAGS) -Itests/unit $(ALL_CFLAGS) -MMD -MP \
		-o $@ $< $(filter %.o,$^) $(LIBRARY) $(filter-out -static-pie,$(ALL_LDFLAGS)) $(VARIANT_LIBS) -lcmocka

fuzzers: $(FUZZERS)
$(BUILD)/fuzz/%: tests/fuzz/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(if $(V),,@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $< $(LIBRARY) \
		$(ALL_LDFLAGS) $(VARIANT_LIBS)

asan:
	@$(MAKE) --no-print-directory VARIANT=asan BUILD=$(BUILD)/asan $(BUILD)/asan/hull

-include $(shell find $(BUILD)/obj $(BUILD)/unit -name '*.d' 2>/dev/null)

# Manual pages. hull-config(5) is written by the tables of oci/.
man: $(BUILD)/man/hull.1 $(BUILD)/man/hull-config.5
$(BUILD)/man/hull.1: man/hull.1
	@mkdir -p $(@D)
	@cp $< $@
$(BUILD)/man/reference: man/reference.c $(filter $(BUILD)/obj/src/base/% $(BUILD)/obj/oci/%,$(OBJECTS))
	@mkdir -p $(@D)
	$(if $(V),,@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(VARIANT_LIBS)
$(BUILD)/man/hull-config.5: man/hull-config.5.in $(BUILD)/man/reference
	@$(BUILD)/man/reference >$@.tmp
	@sed -e '/^@REFERENCE@$$/{' -e 'r $@.tmp' -e 'd' -e '}' man/hull-config.5.in >$@
	@rm $@.tmp

# Found by $PATH here, the program is called by that name in the scripts, too.
COMPLETIONS = $(BUILD)/completions
completions: $(HULL)
	@mkdir -p $(COMPLETIONS)
	@for shell in bash zsh fish; do \
		PATH='$(abspath $(BUILD))':$$PATH hull completion $$shell >$(COMPLETIONS)/hull.$$shell || exit 1; done

install: all completions
	install -D -m 755 $(HULL) $(DESTDIR)$(BINDIR)/hull
	$(if $(PROBED_SYSTEMD),install -D -m 755 $(BUILD)/hull-systemd $(DESTDIR)$(LIBEXECDIR)/hull-systemd)
	install -D -m 644 $(BUILD)/man/hull.1 $(DESTDIR)$(MANDIR)/man1/hull.1
	install -D -m 644 $(BUILD)/man/hull-config.5 $(DESTDIR)$(MANDIR)/man5/hull-config.5
	install -D -m 644 $(COMPLETIONS)/hull.bash $(DESTDIR)$(BASHCOMPDIR)/hull
	install -D -m 644 $(COMPLETIONS)/hull.zsh $(DESTDIR)$(ZSHCOMPDIR)/_hull
	install -D -m 644 $(COMPLETIONS)/hull.fish $(DESTDIR)$(FISHCOMPDIR)/hull.fish

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/hull $(DESTDIR)$(LIBEXECDIR)/hull-systemd $(DESTDIR)$(MANDIR)/man1/hull.1 \
		$(DESTDIR)$(MANDIR)/man5/hull-config.5 $(DESTDIR)$(BASHCOMPDIR)/hull \
		$(DESTDIR)$(ZSHCOMPDIR)/_hull $(DESTDIR)$(FISHCOMPDIR)/hull.fish

clean:
	rm -rf $(BUILD)

build-packages:
	@sh tests/packages.sh '$(BUILD_DEBIAN)' '$(BUILD_FEDORA)' '$(BUILD_ALPINE)'
test-packages: build-packages
	@sh tests/packages.sh '$(TEST_DEBIAN)' '$(TEST_FEDORA)' '$(TEST_ALPINE)'

# Packages come first and in a process of their own: what the build finds is looked for after that.
demo: build-packages
	@$(MAKE) --no-print-directory $(HULL)
	@HULL=$(HULL) BUILD=$(BUILD) sh tests/demo.sh

check: test-packages
	@BUILD=$(BUILD) MAKE='$(MAKE)' exec sh tests/check.sh check

check-all: test-packages vm-packages
	@BUILD=$(BUILD) MAKE='$(MAKE)' exec sh tests/check.sh all

# One file or one test: make test T=bind, T=bind/by_type, T="unit/base engines/podman"; ROOTLESS=1, ASAN=1.
test:
	@BUILD=$(BUILD) MAKE='$(MAKE)' ROOTLESS='$(ROOTLESS)' ASAN='$(ASAN)' exec sh tests/check.sh test $(T)

vm-packages:
	@sh tests/packages.sh '$(VM_DEBIAN)' '$(VM_FEDORA)' '$(VM_ALPINE)'
check-vm: test-packages vm-packages
	@BUILD=$(BUILD) MAKE='$(MAKE)' KERNEL='$(KERNEL)' INIT='$(INIT)' exec sh tests/check.sh vm

bench: $(HULL)
	@HULL=$(HULL) BUILD=$(BUILD) CC='$(CC)' sh tests/bench/bench.sh
	@HULL=$(HULL) BUILD=$(BUILD) CC='$(CC)' sh tests/bench/rootless.sh
	@HULL=$(HULL) BUILD=$(BUILD) CC='$(CC)' sh tests/bench/limits.sh
	@HULL=$(HULL) BUILD=$(BUILD) CC='$(CC)' sh tests/bench/many.sh

C_FILES = $(shell git ls-files -c -o --exclude-standard '*.c' '*.h')
format:
	clang-format -i $(C_FILES)

lint:
	@SOURCES='$(SOURCES)' sh tests/lint.sh

FORCE:
.PHONY: all tool unit fuzzers asan man completions install uninstall clean build-packages test-packages \
	vm-packages demo check check-all check-vm test bench format lint FORCE
.DELETE_ON_ERROR:
