#include "cmd/update-options.h"

#include <ctype.h>
#include <strings.h>

#include "base/str.h"
#include "oci/schema.h"

/* What an option takes, and the type of its member. */
enum form { SIZE, COUNT, QUOTA, POSITIVE, TEXT_LIST };

struct row {
	const char *option;
	size_t value; /* in struct update_options */
	enum form form;
	size_t object, object_size; /* pointer in struct oci_resources, and what it points to */
	size_t member;
};

#define OPTION_ROW(option, value, form, tag, object, member)                                                  \
	{                                                                                                     \
		option, offsetof(struct update_options, value), form, offsetof(struct oci_resources, object), \
			sizeof(struct tag), offsetof(struct tag, member)                                      \
	}

static const struct row rows[] = {
	OPTION_ROW("--blkio-weight", blkio_weight, POSITIVE, oci_block_io, block_io, weight),
	OPTION_ROW("--cpu-period", cpu_period, POSITIVE, oci_cpu, cpu, period),
	OPTION_ROW("--cpu-quota", cpu_quota, QUOTA, oci_cpu, cpu, quota),
	OPTION_ROW("--cpu-share", cpu_share, POSITIVE, oci_cpu, cpu, shares),
	OPTION_ROW("--cpu-burst", cpu_burst, POSITIVE, oci_cpu, cpu, burst),
	OPTION_ROW("--cpu-idle", cpu_idle, COUNT, oci_cpu, cpu, idle),
	OPTION_ROW("--cpu-rt-period", cpu_rt_period, POSITIVE, oci_cpu, cpu, realtime_period),
	OPTION_ROW("--cpu-rt-runtime", cpu_rt_runtime, COUNT, oci_cpu, cpu, realtime_runtime),
	OPTION_ROW("--cpuset-cpus", cpuset_cpus, TEXT_LIST, oci_cpu, cpu, cpus),
	OPTION_ROW("--cpuset-mems", cpuset_mems, TEXT_LIST, oci_cpu, cpu, mems),
	OPTION_ROW("--memory", memory, SIZE, oci_memory, memory, limit),
	OPTION_ROW("--memory-reservation", memory_reservation, SIZE, oci_memory, memory, reservation),
	OPTION_ROW("--memory-swap", memory_swap, SIZE, oci_memory, memory, swap),
	OPTION_ROW("--kernel-memory", kernel_memory, SIZE, oci_memory, memory, kernel),
	OPTION_ROW("--kernel-memory-tcp", kernel_memory_tcp, SIZE, oci_memory, memory, kernel_tcp),
	OPTION_ROW("--pids-limit", pids_limit, COUNT, oci_pids, pids, limit),
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

static int store(const struct row *row, const char *text, void *member, struct error *err)
{
	int64_t number;
	uint64_t positive;
	switch (row->form) {
	case SIZE:
		if (!size_parse(text, &number))
			return fail_value(row, text, "bytes, perhaps with k, m, g or t, or -1", err);
		*(struct oci_int *)member = (struct oci_int){ true, number };
		return 0;
	case QUOTA: /* as with runc, any negative number is no limit */
	case COUNT:
		if (!str_to_i64(text, INT64_MIN, INT64_MAX, &number))
			return fail_value(row, text, "a whole number", err);
		*(struct oci_int *)member = (struct oci_int){ true, row->form == QUOTA && number < 0 ? -1 : number };
		return 0;
	case POSITIVE:
		if (!str_to_u64(text, INT64_MAX, &positive))
			return fail_value(row, text, "a whole number from 0", err);
		*(struct oci_uint *)member = (struct oci_uint){ true, positive };
		return 0;
	case TEXT_LIST:
		if (!*text || text[strspn(text, "0123456789,-")])
			return fail_value(row, text, "a list as in 0-3,7", err);
		*(const char **)member = text;
		return 0;
	}
	return -1;
}

static const struct property *property_at(const struct schema *schema, size_t offset)
{
	const struct property *p = schema->properties;
	while (p->offset != offset)
		p++;
	return p; /* it is there: both tables are made from the same structs */
}

static void note(struct arena *arena, const struct row *row, const char *text, typed_list *typed)
{
	const struct property *object = property_at(&oci_resources_schema, row->object);
	const struct property *member = property_at(object->object, row->member);
	typed_add(arena, typed, arena_printf(arena, ".linux.resources.%s.%s", object->name, member->name),
		arena_printf(arena, "%s %.64s", row->option, text));
}

int update_options_read(struct arena *arena, const struct update_options *options, struct oci_resources *resources,
	typed_list *typed, struct error *err)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		const char *text;
		char *object;
		memcpy(&text, (const char *)options + row->value, sizeof(text));
		if (!text)
			continue;
		memcpy(&object, (char *)resources + row->object, sizeof(object));
		if (!object) {
			object = arena_alloc(arena, row->object_size);
			memcpy((char *)resources + row->object, &object, sizeof(object));
		}
		if (store(row, text, object + row->member, err) < 0)
			return -1;
		note(arena, row, text, typed);
	}
	return 0;
}
