/*
 * Lists the words that may be typed at the cursor of a command line, by the tables of commands and options.
 *
 *	complete(ctx, (char *[]){ "kill", "--all", "" }, 3);
 *
 * prints a line for each possible word: the word and, after a tab, a description. A line that begins with a colon asks
 * the shell to complete by itself: ":files", ":directories", ":programs" or ":users", perhaps with a space and the part
 * of the word that comes first, such as "--config=". The line ":open" means that no space follows the word.
 */
#pragma once

#include "cmd/cmd.h"

/* `words` are those after "hull"; the last one, perhaps empty, is at the cursor. All possible words are offered
 * whatever is typed of the last one, because shells have several ways to match. */
void complete(struct context *ctx, char **words, int count);
