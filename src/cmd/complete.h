/*
 * What may be typed at the cursor of a command line, by the tables of commands and options.
 *
 *	complete(ctx, (char *[]){ "kill", "--all", "" }, 3);
 *
 * prints a line for each word that fits: the word and, after a tab, a description. A line that begins with a colon asks
 * the shell for what it knows itself: ":files", ":directories", ":programs" or ":users", which a space and "--config="
 * may follow, what comes before each in the word; or ":open": no space follows, for the word may go on.
 */
#pragma once

#include "cmd/cmd.h"

/* words: those after "hull", of which the last is the one at the cursor, perhaps empty. The words are offered whatever
 * is typed of the last one: the shells know several ways to match. */
void complete(struct context *ctx, char **words, int count);
