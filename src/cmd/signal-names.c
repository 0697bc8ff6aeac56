#include "cmd/signal-names.h"

#include <signal.h>
#include <strings.h>

/* clang-format off */
#define ROW(name) { #name, SIG##name }

const struct word signal_words[] = {
	ROW(ABRT), ROW(ALRM), ROW(BUS), ROW(CHLD), ROW(CONT), ROW(FPE), ROW(HUP), ROW(ILL),
	ROW(INT), ROW(IO), ROW(KILL), ROW(PIPE), ROW(PROF), ROW(PWR), ROW(QUIT), ROW(SEGV),
	ROW(STOP), ROW(SYS), ROW(TERM), ROW(TRAP), ROW(TSTP), ROW(TTIN), ROW(TTOU), ROW(URG),
	ROW(USR1), ROW(USR2), ROW(VTALRM), ROW(WINCH), ROW(XCPU), ROW(XFSZ), { "CLD", SIGCHLD },
	{ "IOT", SIGABRT }, { "POLL", SIGIO }, { NULL },
};
/* clang-format on */

/* RTMIN, RTMIN+N, RTMAX, RTMAX-N: 0 if it is none of them. */
static int parse_realtime(const char *text)
{
	uint64_t offset = 0;
	bool from_min = strncasecmp(text, "RTMIN", 5) == 0;
	if (!from_min && strncasecmp(text, "RTMAX", 5) != 0)
		return 0;
	if (text[5] && (text[5] != (from_min ? '+' : '-') || !str_to_u64(text + 6, 30, &offset)))
		return 0;
	return from_min ? SIGRTMIN + (int)offset : SIGRTMAX - (int)offset;
}

int signal_parse(const char *text, struct error *err)
{
	uint64_t number;
	if (str_to_u64(text, (uint64_t)SIGRTMAX, &number)) /* 0 only tests whether the process exists */
		return (int)number;
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	for (const struct word *w = signal_words; w->name; w++)
		if (strcasecmp(w->name, name) == 0)
			return (int)w->value;
	int realtime = parse_realtime(name);
	if (realtime)
		return realtime;
	(void)fail(err, 0, "unknown signal \"%.32s\"", text);
	const char *nearest = word_nearest(signal_words, name);
	return nearest ? error_hint(err, "did you mean %s?", nearest) :
			 error_hint(err, "a name as kill -l lists them, or a number up to %d", SIGRTMAX);
}

const char *signal_name(struct arena *arena, int sig)
{
	const char *name = word_name(signal_words, sig);
	if (name)
		return arena_printf(arena, "SIG%s", name);
	return sig >= SIGRTMIN && sig <= SIGRTMAX ? arena_printf(arena, "SIGRTMIN+%d", sig - SIGRTMIN) :
						    arena_printf(arena, "signal %d", sig);
}
