#include "cmd/update-options.h"

#include <ctype.h>
#include <strings.h>

#include "base/str.h"
#include "oci/schema.h"

/* What the options take, beside lists and numbers that are the property's: sizes, and numbers of which all below zero
 * mean -1, as with runc. */
enum form { AS_PROPERTY, SIZE, QUOTA };

#define OPTION_ROW(option, member, form, path)                              \
	{                                                                   \
		option, offsetof(struct update_options, member), form, path \
	}

static const struct row {
	const char *option;
	size_t value; /* in struct update_options */
	enum form form;
	const char *path; /* below .linux.resources */
} rows[] = {
	OPTION_ROW("--blkio-weight", blkio_weight, AS_PROPERTY, ".blockIO.weight"),
	OPTION_ROW("--cpu-period", cpu_period, AS_PROPERTY, ".cpu.period"),
	OPTION_ROW("--cpu-quota", cpu_quota, QUOTA, ".cpu.quota"),
	OPTION_ROW("--cpu-share", cpu_share, AS_PROPERTY, ".cpu.shares"),
	OPTION_ROW("--cpu-burst", cpu_burst, AS_PROPERTY, ".cpu.burst"),
	OPTION_ROW("--cpu-idle", cpu_idle, AS_PROPERTY, ".cpu.idle"),
	OPTION_ROW("--cpu-rt-period", cpu_rt_period, AS_PROPERTY, ".cpu.realtimePeriod"),
	OPTION_ROW("--cpu-rt-runtime", cpu_rt_runtime, AS_PROPERTY, ".cpu.realtimeRuntime"),
	OPTION_ROW("--cpuset-cpus", cpuset_cpus, AS_PROPERTY, ".cpu.cpus"),
	OPTION_ROW("--cpuset-mems", cpuset_mems, AS_PROPERTY, ".cpu.mems"),
	OPTION_ROW("--memory", memory, SIZE, ".memory.limit"),
	OPTION_ROW("--memory-reservation", memory_reservation, SIZE, ".memory.reservation"),
	OPTION_ROW("--memory-swap", memory_swap, SIZE, ".memory.swap"),
	OPTION_ROW("--kernel-memory", kernel_memory, SIZE, ".memory.kernel"),
	OPTION_ROW("--kernel-memory-tcp", kernel_memory_tcp, SIZE, ".memory.kernelTCP"),
	OPTION_ROW("--pids-limit", pids_limit, AS_PROPERTY, ".pids.limit"),
};

/* Three decimals count, which is what people write. */
static bool parse_decimal(const char *text, const char **ret_end, uint64_t *ret_thousandths)
{
	uint64_t value = 0;
	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	if (__builtin_mul_overflow(value, 1000, &value))
		return false;
	if (*text == '.') {
		text++;
		for (unsigned scale = 100; isdigit((unsigned char)*text) && scale; text++, scale /= 10)
			value += (uint64_t)(*text - '0') * scale;
	}
	*ret_end = text;
	*ret_thousandths = value;
	return true;
}

bool size_parse(const char *text, int64_t *ret_bytes)
{
	static const char letters[] = "bkmgtp";
	const char *end;
	uint64_t whole, thousandths;
	int64_t plain;
	if (str_to_i64(text, -1, INT64_MAX, &plain)) {
		*ret_bytes = plain;
		return true;
	}
	if (!parse_decimal(text, &end, &thousandths) || !*end)
		return false;
	const char *letter = strchr(letters, tolower((unsigned char)*end));
	const char *rest = end + 1;
	if (!letter || (*rest && strcasecmp(rest, "b") != 0 && strcasecmp(rest, "ib") != 0))
		return false;
	unsigned shift = (unsigned)(letter - letters) * 10;
	if (thousandths > (uint64_t)INT64_MAX >> shift) /* the division by 1000 comes later, so this is strict */
		return false;
	whole = (thousandths << shift) / 1000;
	*ret_bytes = (int64_t)whole;
	return true;
}

static int fail_value(const struct row *row, const char *text, const char *expected, struct error *err)
{
	return fail(err, 0, "%s: expected %s, found \"%.64s\"", row->option, expected, text);
}

static int store(
	const struct row *row, const struct property *property, const char *text, void *member, struct error *err)
{
	int64_t number;
	uint64_t positive;
	if (row->form == SIZE) {
		if (!size_parse(text, &number))
			return fail_value(row, text, "bytes, perhaps with k, m, g or t, or -1", err);
		*(struct oci_int *)member = (struct oci_int){ true, number };
	} else if (property->kind == KIND_INT) {
		if (!str_to_i64(text, INT64_MIN, INT64_MAX, &number))
			return fail_value(row, text, "a whole number", err);
		*(struct oci_int *)member = (struct oci_int){ true, row->form == QUOTA && number < 0 ? -1 : number };
	} else if (property->kind == KIND_UINT) {
		if (!str_to_u64(text, INT64_MAX, &positive))
			return fail_value(row, text, "a whole number from 0", err);
		*(struct oci_uint *)member = (struct oci_uint){ true, positive };
	} else {
		if (!*text || text[strspn(text, "0123456789,-")])
			return fail_value(row, text, "a list as in 0-3,7", err);
		*(const char **)member = text;
	}
	return 0;
}

/* The object that the property belongs to, which is made if it is absent. */
static char *find_object(struct arena *arena, struct oci_resources *resources, const char *path)
{
	const struct schema *schema;
	const char *name = arena_strndup(arena, path, (size_t)(strrchr(path, '.') - path));
	const struct property *row = schema_find(&oci_resources_schema, name, &schema);
	char **object = (char **)((char *)resources + row->offset);
	if (!*object)
		*object = arena_alloc(arena, schema->size);
	return *object;
}

int update_options_read(struct arena *arena, const struct update_options *options, struct oci_resources *resources,
	typed_list *typed, struct error *err)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		const char *text;
		memcpy(&text, (const char *)options + row->value, sizeof(text));
		if (!text)
			continue;
		const struct schema *none;
		const struct property *property = schema_find(&oci_resources_schema, row->path, &none);
		char *object = find_object(arena, resources, row->path);
		if (store(row, property, text, object + property->offset, err) < 0)
			return -1;
		typed_add(arena, typed, arena_printf(arena, ".linux.resources%s", row->path),
			arena_printf(arena, "%s %.64s", row->option, text));
	}
	return 0;
}
