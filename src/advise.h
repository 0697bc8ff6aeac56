/*
 * What `hull check` says: whether this host can honour a configuration, without running anything.
 *
 *	advise(&creation, say, data);
 */
#pragma once

#include "base/error.h"
#include "host.h"
#include "oci/config.h"
#include "plan.h"

/* Called for every finding. */
typedef void (*advise_fn)(void *data, const struct error *finding);

/* Looks at everything that a start would stumble over, and goes on after each finding. The arena holds what the looking needs. */
void advise(struct arena *arena, const struct oci_config *config, const struct plan_options *options,
	const struct host *host, advise_fn say, void *data);
