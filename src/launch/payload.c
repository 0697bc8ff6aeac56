#include "launch/payload.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "launch/init.h"
#include "process/executable.h"

static bool claims_all(const struct oci_config *config, int root)
{
	(void)config;
	(void)root;
	return true;
}

/* Init has found the program as root. The user of the process may be barred from that file, but not from one of the
 * same name in a later directory of $PATH: execvp(3). */
static void execute_further(struct init *init, char *const *args)
{
	const char *path, *rest = init->search_rest;
	while (rest && executable_find(init->arena, args[0], rest, &path, &rest, NULL) == 0)
		(void)execve(path, args, (char *const *)init->plan->env);
}

static int execute(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	char *const *args = (char *const *)plan->config->process->args.items;
	(void)execve(init->executable, args, (char *const *)plan->env);
	int errnum = errno;
	if (errnum == EACCES)
		execute_further(init, args);
	return executable_explain(init->executable, args[0], errnum, err);
}

static const struct payload execve_payload = {
	.name = "execve",
	.claims = claims_all,
	.execute = execute,
};

static const struct payload *const payloads[] = { &execve_payload };

const struct payload *payload_find(const struct oci_config *config, int root)
{
	size_t i = 0; /* the last one takes what no other claims */
	while (i + 1 < sizeof(payloads) / sizeof(payloads[0]) && !payloads[i]->claims(config, root))
		i++;
	log_debug("payload: %s", payloads[i]->name);
	return payloads[i];
}
