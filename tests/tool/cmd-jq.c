/*
 * jq: like jq(1), with the options that the tests use. config FILE: the same, and the result replaces the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "filter.h"
#include "tool.h"

/* The exit statuses of jq(1). */
enum { EXIT_FALSE = 1, EXIT_USAGE = 2, EXIT_FILTER = 3, EXIT_NOTHING = 4, EXIT_FAILED = 5 };

enum { INPUT_LIMIT = 256 * 1024 * 1024 };

struct invocation {
	struct arena *arena;
	struct filter_run run;
	bool raw_output, raw_input, no_input, slurp, by_last, positional_follow;
	unsigned how;
	const char *filter;
	value_list positional;
	LIST(const char *) files;
};

static int complain(const char *command, const struct error *err, int status)
{
	char line[1024];
	(void)fprintf(stderr, "test-tool %s: %s\n", command, error_line(err, line, sizeof(line)));
	return status;
}

static void bind(struct invocation *v, const char *name, const struct value *value)
{
	struct binding *b = arena_new(v->arena, struct binding);
	b->up = v->run.bindings;
	b->name = name;
	b->value = value;
	v->run.bindings = b;
}

/* --arg, --argjson and --rawfile. */
static int bind_option(
	struct invocation *v, const char *option, const char *name, const char *operand, struct error *err)
{
	value_list all = { NULL };
	char *text;
	if (str_eq(option, "--arg")) {
		bind(v, name, value_string(v->arena, operand, strlen(operand)));
		return 0;
	}
	if (str_eq(option, "--argjson")) {
		if (value_read(v->arena, operand, strlen(operand), &all, err) < 0 || all.len != 1)
			return fail(err, 0, "--argjson %s: one value of JSON is expected, not \"%s\"", name, operand);
		bind(v, name, all.items[0]);
		return 0;
	}
	ssize_t len = read_file_at(v->arena, AT_FDCWD, operand, INPUT_LIMIT, &text, err);
	if (len < 0)
		return -1;
	bind(v, name, value_string(v->arena, text, (size_t)len));
	return 0;
}

static int set_letters(struct invocation *v, const char *option, struct error *err)
{
	for (const char *c = option + 1; *c; c++)
		switch (*c) {
		case 'c':
			v->how &= ~(unsigned)VALUE_PRETTY;
			break;
		case 'S':
			v->how |= VALUE_SORTED;
			break;
		case 'r':
			v->raw_output = true;
			break;
		case 'R':
			v->raw_input = true;
			break;
		case 'n':
			v->no_input = true;
			break;
		case 's':
			v->slurp = true;
			break;
		case 'e':
			v->by_last = true;
			break;
		default:
			return fail(err, 0, "option \"%s\" is not known", option);
		}
	return 0;
}

static void take_operand(struct invocation *v, const char *operand)
{
	if (!v->filter)
		v->filter = operand;
	else if (v->positional_follow)
		*list_add(v->arena, &v->positional) = value_string(v->arena, operand, strlen(operand));
	else
		*list_add(v->arena, &v->files) = operand;
}

static int read_options(struct invocation *v, int argc, char **argv, struct error *err)
{
	bool ended = false;
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		if (ended || word[0] != '-' || !word[1]) {
			take_operand(v, word);
		} else if (str_eq(word, "--")) {
			ended = true;
		} else if (str_eq(word, "--args")) {
			v->positional_follow = true;
		} else if (str_eq(word, "--arg") || str_eq(word, "--argjson") || str_eq(word, "--rawfile")) {
			if (argc - i < 3)
				return fail(err, 0, "%s wants a name and a value", word);
			if (bind_option(v, word, argv[i + 1], argv[i + 2], err) < 0)
				return -1;
			i += 2;
		} else if (set_letters(v, word, err) < 0) {
			return -1;
		}
	}
	if (!v->filter)
		return fail(err, 0, "no filter is given");
	value_list keys = { NULL }, items = { NULL };
	*list_add(v->arena, &keys) = value_string(v->arena, "positional", strlen("positional"));
	*list_add(v->arena, &items) = value_array(v->arena, &v->positional);
	bind(v, "ARGS", value_object(v->arena, &keys, &items));
	return 0;
}

static int add_input(struct invocation *v, const char *text, size_t len, value_list *inputs, struct error *err)
{
	if (!v->raw_input)
		return value_read(v->arena, text, len, inputs, err);
	if (v->slurp) {
		*list_add(v->arena, inputs) = value_string(v->arena, text, len);
		return 0;
	}
	for (const char *end; len > 0; len -= (size_t)(end - text), text = end) {
		const char *newline = memchr(text, '\n', len);
		end = newline ? newline + 1 : text + len;
		*list_add(v->arena, inputs) = value_string(v->arena, text, (size_t)((newline ? newline : end) - text));
	}
	return 0;
}

static int read_inputs(struct invocation *v, value_list *inputs, struct error *err)
{
	char *text;
	ssize_t len;
	if (v->files.len == 0) {
		len = read_fd(v->arena, STDIN_FILENO, "standard input", INPUT_LIMIT, &text, err);
		if (len < 0 || add_input(v, text, (size_t)len, inputs, err) < 0)
			return -1;
	}
	LIST_EACH (&v->files, file) {
		len = read_file_at(v->arena, AT_FDCWD, *file, INPUT_LIMIT, &text, err);
		if (len < 0 || add_input(v, text, (size_t)len, inputs, err) < 0)
			return error_prefix(err, "%s", *file);
	}
	if (!v->slurp || v->raw_input)
		return 0;
	const struct value *all = value_array(v->arena, inputs);
	*inputs = (value_list){ NULL };
	*list_add(v->arena, inputs) = all;
	return 0;
}

static void print(const struct invocation *v, FILE *out, const struct value *value)
{
	size_t len = value->len;
	const char *text =
		v->raw_output && value->kind == VALUE_STRING ? value->text : value_write(v->arena, value, v->how, &len);
	(void)fwrite(text, 1, len, out);
	(void)fputc('\n', out);
}

int cmd_jq(int argc, char **argv)
{
	ARENA(arena);
	struct invocation v = { .arena = &arena, .run.arena = &arena, .how = VALUE_PRETTY };
	struct error err = { 0 };
	const struct node *filter;
	value_list inputs = { NULL };
	if (read_options(&v, argc, argv, &err) < 0)
		return complain(argv[0], &err, EXIT_USAGE);
	if (filter_parse(&arena, v.filter, &filter, &err) < 0)
		return complain(argv[0], &err, EXIT_FILTER);
	/* A filter whose caller says that it reads nothing may read it all the same. */
	if ((!v.no_input || strstr(v.filter, "input")) && read_inputs(&v, &inputs, &err) < 0)
		return complain(argv[0], &err, EXIT_USAGE);
	if (v.no_input) {
		v.run.inputs = inputs;
		inputs = (value_list){ NULL };
		*list_add(&arena, &inputs) = &value_null;
	}
	const struct value *last = NULL;
	int status = 0;
	LIST_EACH (&inputs, input) {
		value_list results = { NULL };
		if (filter_apply(&v.run, filter, *input, &results, &err) < 0)
			status = complain(argv[0], &err, EXIT_FAILED);
		LIST_EACH (&results, r) {
			print(&v, stdout, *r);
			last = *r;
		}
	}
	if (fflush(stdout) != 0) {
		perror("test-tool: standard output");
		return EXIT_USAGE;
	}
	if (status == 0 && v.by_last)
		return !last ? EXIT_NOTHING : value_holds(last) ? 0 : EXIT_FALSE;
	return status;
}

/* One value becomes one: anything else is a mistake of the test's. The file keeps its inode, since others may have it
 * open. */
int cmd_config(int argc, char **argv)
{
	ARENA(arena);
	struct invocation v = { .arena = &arena, .run.arena = &arena, .how = VALUE_PRETTY };
	struct error err = { 0 };
	const struct node *filter;
	value_list inputs = { NULL }, results = { NULL };
	if (argc < 3) {
		(void)fail(&err, 0, "a file and a filter are wanted");
		return complain(argv[0], &err, EXIT_USAGE);
	}
	*list_add(&arena, &v.files) = argv[1];
	if (read_options(&v, argc - 1, argv + 1, &err) < 0)
		return complain(argv[0], &err, EXIT_USAGE);
	if (filter_parse(&arena, v.filter, &filter, &err) < 0)
		return complain(argv[0], &err, EXIT_FILTER);
	if (v.files.len != 1 || read_inputs(&v, &inputs, &err) < 0 || inputs.len != 1)
		return complain(argv[0], &err, EXIT_USAGE);
	if (filter_apply(&v.run, filter, inputs.items[0], &results, &err) < 0)
		return complain(argv[0], &err, EXIT_FAILED);
	if (results.len != 1) {
		(void)fail(&err, 0, "%s: the filter gives %zu configurations", v.filter, results.len);
		return complain(argv[0], &err, EXIT_FAILED);
	}
	FILE *out = fopen(argv[1], "we");
	if (out)
		print(&v, out, results.items[0]);
	if (!out || fclose(out) != 0) {
		perror(argv[1]);
		return EXIT_USAGE;
	}
	return 0;
}
