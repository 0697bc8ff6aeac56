/*
 * What `hull check` says: whether this host can honour a configuration, without running anything.
 *
 *	struct error_sink errors = { say_error, data }, warnings = { say_warning, data };
 *	advise(&arena, config, &options, &host, &errors, &warnings);
 */
#pragma once

#include "base/error.h"
#include "oci/config.h"
#include "plan/host.h"
#include "plan/plan.h"

/* Looks at everything that a start would stumble over, and goes on after each finding. What `run` would refuse is an
 * error, a slip that it lets pass is a warning. The rules of oci/check.h may have been broken: what they demand and is
 * missing is passed over. The arena holds what the looking needs. */
void advise(struct arena *arena, const struct oci_config *config, const struct plan_options *options,
	const struct host *host, const struct error_sink *errors, const struct error_sink *warnings);
