/*
 * Any bytes as a configuration, a process, resources and a record of state. They are read, or refused by one
 * printable line; a valid text is the same after it was written and read again.
 *
 * Faults of yajl would show here too: CVE-2017-16516, CVE-2022-24795, CVE-2023-33460.
 *
 *	make fuzzers && build/fuzz/fuzz-config -max_total_time=60 -max_len=8192 CORPUS
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fuzz.h"
#include "oci/check.h"
#include "oci/json-read.h"
#include "oci/json-write.h"
#include "oci/state.h"

static const struct json_source source = { .name = "fuzz.json" };

static bool read_as(struct arena *arena, const struct schema *schema, const char *text, size_t len, void *ret)
{
	struct error err = { 0 };
	if (json_read(arena, &source, schema, text, len, ret, &err) == 0)
		return true;
	expect_line(&err);
	if (err.line < 1 || !str_eq(err.file, "fuzz.json"))
		abort();
	return false;
}

/* Compares structs by the text that the writer makes of them, which must not change when it is read again. */
static void expect_round_trip(struct arena *arena, const struct schema *schema, const void *value)
{
	size_t len, again_len;
	void *again = arena_alloc(arena, schema->size);
	const char *text = json_write(arena, schema, value, false, &len);
	if (!read_as(arena, schema, text, len, again))
		abort();
	const char *again_text = json_write(arena, schema, again, true, &again_len);
	if (!read_as(arena, schema, again_text, again_len, again))
		abort();
	again_text = json_write(arena, schema, again, false, &again_len);
	if (len != again_len || memcmp(text, again_text, len) != 0)
		abort();
}

static void try_config(const char *text, size_t len)
{
	ARENA(arena);
	struct oci_config config;
	if (!read_as(&arena, &oci_config_schema, text, len, &config))
		return;
	struct error err = { 0 };
	if (oci_config_check(&config, OCI_CHECK_PROCESS, &err) < 0)
		expect_line(&err);
	else
		expect_round_trip(&arena, &oci_config_schema, &config);
}

static void try_process(const char *text, size_t len)
{
	ARENA(arena);
	struct oci_process process;
	if (!read_as(&arena, &oci_process_schema, text, len, &process))
		return;
	struct error err = { 0 };
	if (oci_process_check(&process, "", &err) < 0)
		expect_line(&err);
	else
		expect_round_trip(&arena, &oci_process_schema, &process);
}

static void try_resources(const char *text, size_t len)
{
	ARENA(arena);
	struct oci_resources resources;
	if (!read_as(&arena, &oci_resources_schema, text, len, &resources))
		return;
	struct error err = { 0 };
	if (oci_resources_check(&resources, "", &err) < 0)
		expect_line(&err);
	else
		expect_round_trip(&arena, &oci_resources_schema, &resources);
}

static void try_record(const char *text, size_t len)
{
	ARENA(arena);
	struct oci_record record;
	if (read_as(&arena, &oci_record_schema, text, len, &record))
		expect_round_trip(&arena, &oci_record_schema, &record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A buffer of exactly that size, so that the sanitizer sees reading past the end. */
	char *text = malloc(size ? size : 1);
	if (!text)
		abort();
	memcpy(text, data, size);
	try_config(text, size);
	try_process(text, size);
	try_resources(text, size);
	try_record(text, size);
	free(text);
	return 0;
}
