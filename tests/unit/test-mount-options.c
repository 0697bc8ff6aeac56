/*
 * The words of one mount, sorted into flags, propagation and parameters.
 */
#include "namespaces/mount-options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#include <cmocka.h>

static const struct sorting {
	const char *words[5];
	uint64_t set, clear, recursive_set, recursive_clear, propagation;
	unsigned extra;
	const char *params; /* "key=value;key;" */
} sortings[] = {
	{ { "ro" }, MOUNT_ATTR_RDONLY, 0 },
	{ { "ro", "rw" }, 0, MOUNT_ATTR_RDONLY },
	{ { "rw", "ro" }, MOUNT_ATTR_RDONLY, 0 },
	{ { "nosuid", "nodev", "noexec" }, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0 },
	{ { "suid", "dev" }, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV },
	{ { "rro", "rnosuid" }, 0, 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID },
	{ { "rrw" }, 0, 0, 0, MOUNT_ATTR_RDONLY },
	{ { "nosymfollow", "rsymfollow" }, MOUNT_ATTR_NOSYMFOLLOW, 0, 0, MOUNT_ATTR_NOSYMFOLLOW },
	{ { "rbind", "rshared" }, .extra = MOUNT_EXTRA_BIND | MOUNT_EXTRA_RECURSIVE, .propagation = MS_SHARED },
	{ { "bind", "slave" }, .extra = MOUNT_EXTRA_BIND, .propagation = MS_SLAVE },
	{ { "tmpcopyup", "size=1k", "mode=700" }, .extra = MOUNT_EXTRA_TMPCOPYUP, .params = "size=1k;mode=700;" },
	{ { "defaults", "silent", "loud" }, 0, 0 },
	{ { "sync", "lowerdir=/a:/b=c" }, .params = "sync;lowerdir=/a:/b=c;" },
	{ { "context=\"u:r:t:s0:c1,c2\"" }, .params = "context=u:r:t:s0:c1,c2;" },
	{ { "x=\"", "y=\"\"", "z=\"a" }, .params = "x=\";y=;z=\"a;" },
	{ { "empty=" }, .params = "empty=;" },
	{ { "size=64k,mode=755" }, .params = "size=64k;mode=755;" },
	{ { "nosuid", "size=64k,inode64,mode=755,", ",,uid=7" }, MOUNT_ATTR_NOSUID, 0,
		.params = "size=64k;inode64;mode=755;uid=7;" },
	/* of the filesystem, not of the mount */
	{ { "ro,size=1k" }, .params = "ro;size=1k;" },
	{ { "lowerdir=/a:/b,upperdir=/c,workdir=/d" }, .params = "lowerdir=/a:/b;upperdir=/c;workdir=/d;" },
	/* a comma in the value */
	{ { "lowerdir=/a,b:/c", "upperdir=/d,e,index=off" }, .params = "lowerdir=/a,b:/c;upperdir=/d,e;index=off;" },
	{ { "lowerdir=/a\\,b=c:/d" }, .params = "lowerdir=/a\\,b=c:/d;" },
	{ { "mpol=bind:0,2,mode=700" }, .params = "mpol=bind:0,2;mode=700;" },
	{ { "context=\"u:r:t:s0:c1,c2\",size=1k" }, .params = "context=u:r:t:s0:c1,c2;size=1k;" },
	{ { "rootcontext=u:r:t:s0:c1,c2,size=1k" }, .params = "rootcontext=u:r:t:s0:c1,c2;size=1k;" },
	{ { "x=\"a,b=c" }, .params = "x=\"a,b=c;" },
};

static void test_sortings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sortings) / sizeof(sortings[0]); i++) {
		const struct sorting *s = &sortings[i];
		ARENA(arena);
		struct error err = { .errnum = 0 };
		struct mount_options o;
		oci_strings words = { NULL, 0 };
		char params[256] = "";
		for (size_t w = 0; w < 5 && s->words[w]; w++)
			*list_add(&arena, &words) = s->words[w];
		assert_int_equal(mount_options_parse(&arena, &words, ".mounts[0]", &o, &err), 0);
		LIST_EACH (&o.params, p)
			(void)snprintf(params + strlen(params), sizeof(params) - strlen(params), "%s%s%s;", p->key,
				p->value ? "=" : "", p->value ? p->value : "");
		assert_int_equal(o.attr.attr_set, s->set);
		assert_int_equal(o.attr.attr_clr, s->clear);
		assert_int_equal(o.recursive_attr.attr_set, s->recursive_set);
		assert_int_equal(o.recursive_attr.attr_clr, s->recursive_clear);
		assert_int_equal(o.attr.propagation, s->propagation);
		assert_int_equal(o.extra, s->extra);
		assert_string_equal(params, s->params ? s->params : "");
	}
}

static void test_no_option(void **state)
{
	(void)state;
	static const char *const bad[] = { "=", "=x" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ARENA(arena);
		struct error err = { .errnum = 0 };
		struct mount_options o;
		oci_strings words = { NULL, 0 };
		*list_add(&arena, &words) = "ro";
		*list_add(&arena, &words) = bad[i];
		assert_int_equal(mount_options_parse(&arena, &words, ".mounts[2]", &o, &err), -1);
		assert_string_equal(err.where, ".mounts[2].options[1]");
	}
}

static void test_names_are_sorted(void **state)
{
	(void)state;
	ARENA(arena);
	const char *const *names = mount_option_names(&arena);
	for (size_t i = 0; names[i + 1]; i++)
		assert_true(strcmp(names[i], names[i + 1]) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sortings),
		cmocka_unit_test(test_no_option),
		cmocka_unit_test(test_names_are_sorted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
