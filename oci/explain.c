#include "oci/explain.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "oci/schema.h"

static const char *const kind_texts[] = {
	[KIND_STRING] = "string",
	[KIND_BOOL] = "boolean",
	[KIND_INT] = "integer",
	[KIND_UINT] = "integer",
	[KIND_WORD] = "word",
	[KIND_FLAGS] = "array of words",
	[KIND_WORDS] = "array of words",
	[KIND_STRINGS] = "array of strings",
	[KIND_UINTS] = "array of integers",
	[KIND_OBJECT] = "object",
	[KIND_INLINE] = "object",
	[KIND_OBJECTS] = "array of objects",
	[KIND_MAP] = "object of strings",
	[KIND_OBJECT_MAP] = "object of objects",
	[KIND_SEEN] = "object",
};

/* Restrictions beyond the kind: "one of …", for a list "any of …", "0 to 7", or nothing. */
static void allowed_text(const struct property *p, char *buf, size_t size)
{
	buf[0] = '\0';
	if (p->words) {
		(void)word_list(p->words, buf, size);
		if (p->kind != KIND_WORD)
			memcpy(buf, "any", strlen("any"));
	}
	if (p->kind == KIND_INT && (p->min != INT64_MIN || p->max != INT64_MAX))
		(void)snprintf(buf, size, "%" PRId64 " to %" PRIu64, p->min, p->max);
	else if (p->kind == KIND_UINT || p->kind == KIND_UINTS)
		(void)snprintf(buf, size, "0 to %" PRIu64, p->max);
}

static void print_kind(const struct property *p, FILE *out)
{
	fputs(kind_texts[p->kind], out);
	if (p->flags & REQUIRED)
		fputs(", required", out);
}

static void print_members(const struct schema *schema, FILE *out)
{
	int width = 0;
	EACH_PROPERTY (schema, p)
		if ((int)strlen(p->name) > width)
			width = (int)strlen(p->name);
	EACH_PROPERTY (schema, p) {
		fprintf(out, "  %-*s  %s (", width, p->name, p->doc);
		print_kind(p, out);
		fputs(")\n", out);
	}
}

/* The schema of the longest part of the path that exists, cut at a dot. *ret_rest is what follows it. */
static const struct schema *find_parent(const char *path, const char **ret_rest)
{
	char part[256];
	const struct schema *schema = &oci_config_schema;
	size_t len = strlen(path);
	if (len >= sizeof(part))
		return NULL;
	memcpy(part, path, len + 1);
	while (len > 0) {
		char *dot = strrchr(part, '.');
		len = dot ? (size_t)(dot - part) : 0;
		part[len] = '\0';
		const struct property *p = schema_find(&oci_config_schema, part, &schema);
		if (p || len == 0) {
			*ret_rest = path + len + (path[len] == '.');
			return schema;
		}
	}
	return NULL;
}

static int fail_unknown(const char *path, struct error *err)
{
	const char *rest = NULL, *nearest = NULL;
	const struct schema *schema = find_parent(path, &rest);
	const char *dot = *path == '.' ? "" : ".";
	char where[128];
	(void)snprintf(where, sizeof(where), "%s%s", dot, path);
	(void)fail_at(err, 0, where, "no such property");
	if (!rest)
		return -1;
	int known = rest > path && rest[-1] == '.' ? (int)(rest - path) - 1 : 0;
	char name[64];
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(rest, ".["), rest);
	if (schema)
		nearest = schema_nearest(schema, name);
	else
		return error_hint(err, "%s%.*s has no members", dot, known, path);
	if (nearest)
		return error_hint(err, "did you mean %s%.*s.%s?", known ? dot : "", known, path, nearest);
	return error_hint(err, "%s%.*s lists those that exist", known ? dot : ".", known, path);
}

int oci_explain(const char *path, FILE *out, struct error *err)
{
	char allowed[1024];
	const struct schema *schema;
	const struct property *p = schema_find(&oci_config_schema, path, &schema);
	if (!p && !schema)
		return fail_unknown(path, err);
	if (!p) {
		fputs(".: object\n  the configuration, config.json\n\n", out);
		print_members(schema, out);
		return 0;
	}
	fprintf(out, "%s%s: ", *path == '.' ? "" : ".", path);
	print_kind(p, out);
	fprintf(out, "\n  %s\n", p->doc);
	allowed_text(p, allowed, sizeof(allowed));
	if (*allowed)
		fprintf(out, "  %s\n", allowed);
	if (schema) {
		fputc('\n', out);
		print_members(schema, out);
	}
	return 0;
}

void oci_explain_below(
	const char *path, void (*each)(void *data, const char *path, const char *doc, bool has_members), void *data)
{
	char below[256];
	const struct schema *schema = &oci_config_schema;
	const char *dot = strrchr(path, '.');
	int len = dot ? (int)(dot - path) + 1 : 0;
	if (len >= (int)sizeof(below))
		return;
	(void)snprintf(below, sizeof(below), "%.*s", len > 1 ? len - 1 : 0, path);
	if (*below && !schema_find(&oci_config_schema, below, &schema))
		return;
	if (!schema)
		return;
	EACH_PROPERTY (schema, p) {
		(void)snprintf(below, sizeof(below), "%.*s%s%s", len, path, *path ? "" : ".", p->name);
		each(data, below, p->doc, p->object != NULL);
	}
}

/*
 * The reference in mdoc(7). mandoc(1) wants a new line after each sentence, and lines of at most 80 bytes.
 */

enum { MDOC_WIDTH = 78, MAX_SECTIONS = 64 };

/* A section describes one kind of object. Its title is the path of the first property that holds such an object. */
struct section {
	const struct schema *schema;
	char path[128];
};

struct reference {
	struct section sections[MAX_SECTIONS];
	size_t count;
};

static void write_byte(FILE *out, const char *byte, bool is_first)
{
	if (*byte == '\\')
		fputs("\\e", out);
	else
		fputc(is_first ? toupper((unsigned char)*byte) : *byte, out);
	if (str_starts(byte, "FreeBSD")) /* lint wants a macro that prints more than the name */
		fputs("\\&", out);
}

/* Writes one sentence as filled text: with a capital, unless it begins with a quote, and a full stop. No line looks
 * like a request. */
static void write_sentence(FILE *out, const char *text)
{
	size_t column = 0;
	for (const char *word = text; *word;) {
		size_t len = strcspn(word, " ");
		if (column && column + 1 + len > MDOC_WIDTH) {
			fputc('\n', out);
			column = 0;
		} else if (column) {
			fputc(' ', out);
			column++;
		}
		if (!column && (*word == '.' || *word == '\''))
			fputs("\\&", out);
		for (size_t i = 0; i < len; i++)
			write_byte(out, word + i, word == text && i == 0);
		column += len;
		word += len;
		word += *word == ' ';
	}
	fputs(".\n", out);
}

static const char *section_path(const struct reference *ref, const struct schema *schema)
{
	for (size_t i = 0; i < ref->count; i++)
		if (ref->sections[i].schema == schema)
			return ref->sections[i].path;
	return NULL;
}

/* An object's section follows that of the object which holds it. */
static void collect_sections(struct reference *ref, const char *path, const struct schema *schema)
{
	if (section_path(ref, schema) || ref->count == MAX_SECTIONS)
		return;
	struct section *section = &ref->sections[ref->count++];
	section->schema = schema;
	(void)snprintf(section->path, sizeof(section->path), "%s", path);
	EACH_PROPERTY (schema, p) {
		char below[sizeof(section->path)];
		if (!p->object)
			continue;
		(void)snprintf(below, sizeof(below), "%s.%s", path, p->name);
		collect_sections(ref, below, p->object);
	}
}

static void write_row(const struct reference *ref, const struct property *p, FILE *out)
{
	char text[1024];
	fprintf(out, ".It Cm %s Pq ", p->name);
	print_kind(p, out);
	fputc('\n', out);
	write_sentence(out, p->doc);
	allowed_text(p, text, sizeof(text));
	if (*text)
		write_sentence(out, text);
	if (p->object)
		fprintf(out, "See\n.Sx %s .\n", section_path(ref, p->object));
}

void oci_reference_mdoc(FILE *out)
{
	struct reference ref = { .count = 0 };
	collect_sections(&ref, "", &oci_config_schema);
	for (size_t i = 0; i < ref.count; i++) {
		if (i > 0)
			fprintf(out, ".Ss %s\n", ref.sections[i].path);
		fputs(".Bl -tag -width Ds\n", out);
		EACH_PROPERTY (ref.sections[i].schema, p)
			write_row(&ref, p, out);
		fputs(".El\n", out);
	}
}
