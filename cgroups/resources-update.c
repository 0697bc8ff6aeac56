#include "cgroups/resources.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"

/* The words of a file of one line; the number of those that were found. */
static size_t read_words(struct arena *arena, int cgroup_fd, const char *file, const char *words[], size_t most)
{
	char *text, *save = NULL;
	size_t count = 0;
	if (read_file_at(arena, cgroup_fd, file, 128, &text, NULL) < 0)
		return 0;
	for (char *word = strtok_r(text, " \n", &save); word && count < most; word = strtok_r(NULL, " \n", &save))
		words[count++] = word;
	return count;
}

uint64_t resources_memory_limit(int cgroup_fd)
{
	ARENA(arena);
	const char *word;
	uint64_t limit;
	bool read = read_words(&arena, cgroup_fd, "memory.max", &word, 1) && str_to_u64(word, UINT64_MAX, &limit);
	return read ? limit : UINT64_MAX;
}

/* cpu.max holds both, and a quota is systemd's only with its period. */
static void complete_cpu(struct oci_cpu *cpu, int cgroup_fd)
{
	ARENA(arena);
	const char *words[2];
	int64_t quota;
	uint64_t period;
	if (!cpu || (cpu->quota.value != 0) == (cpu->period.value != 0) ||
		read_words(&arena, cgroup_fd, "cpu.max", words, 2) < 2)
		return;
	if (!cpu->quota.value && str_to_i64(words[0], 1, INT64_MAX, &quota))
		cpu->quota = (struct oci_int){ true, quota };
	if (!cpu->period.value && str_to_u64(words[1], INT64_MAX, &period))
		cpu->period = (struct oci_uint){ true, period };
}

void resources_complete(struct oci_resources *resources, int cgroup_fd)
{
	struct oci_memory *memory = resources->memory;
	complete_cpu(resources->cpu, cgroup_fd);
	if (!memory || memory->swap.value <= 0 || memory->limit.set)
		return;
	uint64_t limit = resources_memory_limit(cgroup_fd);
	if (limit <= INT64_MAX)
		memory->limit = (struct oci_int){ true, (int64_t)limit };
}

/* The number of that name in memory.stat, or 0. */
static uint64_t stat_of(const char *stat, const char *name)
{
	size_t len = strlen(name);
	uint64_t value = 0;
	for (const char *line = stat; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			(void)str_skip_number(line + len + 1, UINT64_MAX, &value); /* "" leaves 0 */
	return value;
}

uint64_t resources_memory_needed(int cgroup_fd, uint64_t used)
{
	static const char *const reclaimable[] = { "inactive_file", "active_file", "slab_reclaimable" };
	ARENA(arena);
	char *stat;
	if (read_file_at(&arena, cgroup_fd, "memory.stat", 1 << 16, &stat, NULL) < 0)
		return used;
	for (size_t i = 0; i < sizeof(reclaimable) / sizeof(*reclaimable); i++) {
		uint64_t bytes = stat_of(stat, reclaimable[i]);
		used -= bytes < used ? bytes : used;
	}
	return used;
}
