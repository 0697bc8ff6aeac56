#include "cmd/findings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/cmd.h"
#include "oci/json-lines.h"
#include "oci/json-write.h"

enum { MOST = 10000 }; /* findings that are kept, since each one is compared with all earlier ones */

/* Whether `where` is the property `outer`, or inside it. */
static bool is_within(const char *where, const char *outer)
{
	size_t len = strlen(outer);
	return strncmp(where, outer, len) == 0 && (!where[len] || where[len] == '.' || where[len] == '[');
}

/* Whether an error of an earlier stage makes this one superfluous: it is about the same property, or about an outer
 * one that could not be read, or about an inner one while the plan applies the same rule to the whole entry. */
static bool covers(const struct finding *old, const struct error *error)
{
	const struct error *earlier = old->error;
	if (!*earlier->where || old->warning)
		return false;
	if (old->stage == STAGE_READ && is_within(error->where, earlier->where))
		return true;
	return str_eq(error->where, earlier->where) ||
	       (is_within(earlier->where, error->where) &&
		       (error->errnum == EINVAL || str_eq(error->text, earlier->text)));
}

static bool is_told(const struct findings *f, const struct error *error)
{
	LIST_EACH (&f->list, old)
		if (old->stage < f->stage ? covers(old, error) :
					    f->stage == STAGE_HOST && str_eq(error->where, old->error->where) &&
						    str_eq(error->text, old->error->text))
			return true;
	return false;
}

static void say(struct findings *f, const struct error *error, bool warning)
{
	if (f->list.len >= MOST || is_told(f, error))
		return;
	struct error *copy = arena_new(f->arena, struct error);
	*copy = *error;
	f->counts[warning]++;
	*list_add(f->arena, &f->list) =
		(struct finding){ .error = copy, .warning = warning, .stage = f->stage, .order = f->list.len };
}

static void say_error(void *data, const struct error *error)
{
	say(data, error, false);
}

static void say_warning(void *data, const struct error *error)
{
	say(data, error, true);
}

void findings_begin(struct findings *f, struct arena *arena, const char *file)
{
	*f = (struct findings){ .arena = arena, .file = file };
	f->errors = (struct error_sink){ say_error, f };
	f->warnings = (struct error_sink){ say_warning, f };
}

void findings_say_unknown(void *data, int line, const char *where, const char *nearest)
{
	struct error finding = { .line = line };
	(void)snprintf(finding.where, sizeof(finding.where), "%s", where);
	(void)snprintf(finding.text, sizeof(finding.text), "unknown property, which is ignored");
	if (nearest)
		(void)error_hint(&finding, "did you mean \"%s\"?", nearest);
	say(data, &finding, true);
}

/* Sorts findings without a line last. */
static int compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	unsigned i = (unsigned)x->error->line - 1, j = (unsigned)y->error->line - 1;
	return i != j ? (i < j ? -1 : 1) : (x->order > y->order) - (x->order < y->order);
}

void findings_sort(struct findings *f)
{
	struct json_line *lines = arena_array(f->arena, f->list.len, sizeof(*lines));
	if (f->list.len == 0)
		return;
	for (size_t i = 0; i < f->list.len; i++)
		lines[i].path = f->list.items[i].error->where;
	if (f->text)
		json_find_lines(f->arena, f->text, f->len, lines, f->list.len);
	for (size_t i = 0; i < f->list.len; i++) {
		struct error *error = arena_new(f->arena, struct error);
		*error = *f->list.items[i].error;
		error->line = error->line ? error->line : lines[i].line;
		(void)snprintf(error->file, sizeof(error->file), "%s", f->file);
		f->list.items[i].error = error;
	}
	qsort(f->list.items, f->list.len, sizeof(*f->list.items), compare);
}

static void print_count(const struct findings *f)
{
	static const char *const words[] = { "error", "warning" };
	const char *comma = "";
	for (size_t i = 0; i < 2; i++) {
		if (!f->counts[i])
			continue;
		(void)printf("%s%zu %s%s", comma, f->counts[i], words[i], f->counts[i] > 1 ? "s" : "");
		comma = ", ";
	}
	(void)printf("%s\n", f->list.len == MOST ? ", and perhaps more that are not shown" : "");
}

int findings_print(const struct findings *f, struct error *err)
{
	char line[1024];
	LIST_EACH (&f->list, finding) {
		str_print(stdout, "%s%s\n", error_line(finding->error, line, sizeof(line)),
			finding->warning ? " (warning)" : "");
		if (finding->error->hint[0])
			str_print(stdout, "  hint: %s\n", finding->error->hint);
	}
	if (f->list.len)
		print_count(f);
	else
		(void)printf("the configuration is right, and this host can honour it\n");
	return print_end(err);
}

/* The message without file, line and property, which are members of their own. */
static const char *message(const struct error *error, char *buf, size_t size)
{
	struct error alone = *error;
	alone.line = 0;
	alone.where[0] = '\0';
	return error_line(&alone, buf, size);
}

int findings_print_json(const struct findings *f, struct error *err)
{
	struct json_writer w;
	char line[1024];
	json_begin(&w, f->arena, true);
	json_array(&w);
	LIST_EACH (&f->list, finding) {
		const struct error *error = finding->error;
		json_object(&w);
		json_key(&w, "file"), json_string(&w, f->file);
		json_key(&w, "line");
		if (error->line)
			json_int(&w, error->line);
		else
			json_string(&w, NULL);
		json_key(&w, "property"), json_string(&w, error->where[0] ? error->where : NULL);
		json_key(&w, "severity"), json_string(&w, finding->warning ? "warning" : "error");
		json_key(&w, "message"), json_string(&w, message(error, line, sizeof(line)));
		json_key(&w, "hint"), json_string(&w, error->hint[0] ? error->hint : NULL);
		json_end(&w);
	}
	json_end(&w);
	return print_json(&w, err);
}
