#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

/* A longer name is never near, since no known name is longer. */
enum { LONGEST = 63 };

static int least(int a, int b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* The Damerau-Levenshtein distance in which no letter is edited twice ("optimal string alignment"), in three rows. */
static int distance(const char *a, const char *b)
{
	int rows[3][LONGEST + 1];
	int m = (int)strlen(a), n = (int)strlen(b);
	for (int j = 0; j <= n; j++)
		rows[0][j] = j;
	for (int i = 1; i <= m; i++) {
		int *row = rows[i % 3];
		const int *above = rows[(i + 2) % 3], *above_that = rows[(i + 1) % 3];
		row[0] = i;
		for (int j = 1; j <= n; j++) {
			row[j] = least(above[j - 1] + !same(a[i - 1], b[j - 1]), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], above_that[j - 2] + 1);
		}
	}
	return rows[m % 3][n];
}

struct nearest nearest_to(const char *typed)
{
	size_t len = strlen(typed);
	return (struct nearest){ .typed = typed, .most = len > LONGEST ? -1 : len < 3 ? 0 : len < 6 ? 1 : 2 };
}

bool nearest_try_as(struct nearest *near, const char *spelling, const char *known)
{
	if (near->most < 0 || strlen(spelling) > LONGEST)
		return false;
	int edits = distance(near->typed, spelling);
	if (edits > near->most)
		return false;
	near->name = known;
	near->most = edits - 1;
	return true;
}

bool nearest_try(struct nearest *near, const char *known)
{
	return nearest_try_as(near, known, known);
}
