#include "cmd/command-line.h"

#include <string.h>

static const char blanks[] = " \t\n";

/* The characters that a backslash quotes within double quotes; before others it stands for itself. */
static const char quotable[] = "\"\\$`";

/* Copies the text enclosed by the quote at *text to *end, and moves both behind it. False if the quote is not
 * closed. */
static bool copy_quoted(const char **text, char **end)
{
	char quote = *(*text)++;
	for (; **text && **text != quote; (*text)++) {
		if (quote == '"' && **text == '\\' && (*text)[1] && strchr(quotable, (*text)[1]))
			(*text)++;
		*(*end)++ = **text;
	}
	return **text && *(*text)++ == quote;
}

int command_line_split(struct arena *arena, const char *text, oci_strings *list, struct error *err)
{
	/* the blank after a word leaves room for its NUL */
	char *end = arena_alloc(arena, strlen(text) + 1);
	while (*(text += strspn(text, blanks))) {
		const char *word = end;
		while (*text && !strchr(blanks, *text)) {
			char quote = *text;
			if (quote == '\'' || quote == '"') {
				if (!copy_quoted(&text, &end))
					return fail(err, 0, "the quote %c is not closed", quote);
				continue;
			}
			if (quote == '\\' && !*++text)
				return fail(err, 0, "nothing follows the backslash at the end");
			*end++ = *text++;
		}
		*list_add(arena, list) = word;
		end++;
	}
	return 0;
}
