#include "process/env.h"

#include <stdint.h>
#include <stdbool.h>
#include <string.h>

static size_t name_len(const char *assignment)
{
	return strcspn(assignment, "=");
}

static bool same_name(const char *a, const char *b)
{
	size_t len = name_len(a);
	return name_len(b) == len && memcmp(a, b, len) == 0;
}

/* FNV-1a */
static uint32_t hash_name(const char *assignment)
{
	uint32_t hash = 2166136261U;
	for (; *assignment && *assignment != '='; assignment++)
		hash = (hash ^ (unsigned char)*assignment) * 16777619U;
	return hash;
}

/* Adds the variable to the table, which is at most half full. False if it is there already. */
static bool add_name(const char **table, size_t size, const char *assignment)
{
	for (size_t i = hash_name(assignment) & (size - 1);; i = (i + 1) & (size - 1)) {
		if (!table[i]) {
			table[i] = assignment;
			return true;
		}
		if (same_name(table[i], assignment))
			return false;
	}
}

size_t env_keep_last(struct arena *arena, const char **env, size_t len)
{
	size_t size = 16, kept = len;
	while (size < 2 * len)
		size *= 2;
	const char **table = arena_array(arena, size, sizeof(*table));
	for (size_t i = len; i-- > 0;)
		if (add_name(table, size, env[i]))
			env[--kept] = env[i];
	memmove(env, env + kept, (len - kept) * sizeof(*env));
	for (size_t i = len - kept; i < len; i++)
		env[i] = NULL;
	return len - kept;
}
