/*
 * Tells for `hull check` whether this host can honour a configuration, without running anything.
 *
 *	struct error_sink errors = { say_error, data }, warnings = { say_warning, data };
 *	advise(&arena, config, &options, &host, &errors, &warnings);
 */
#pragma once

#include "base/error.h"
#include "oci/config.h"
#include "plan/host.h"
#include "plan/plan.h"

/* Reports everything that would make `run` fail as an error, and slips that `run` accepts as warnings. The
 * configuration may break the rules of oci/check.h: what they require and is missing is skipped. The arena holds
 * intermediate results. */
void advise(struct arena *arena, const struct oci_config *config, const struct plan_options *options,
	const struct host *host, const struct error_sink *errors, const struct error_sink *warnings);
