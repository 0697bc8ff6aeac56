/*
 * Checks a configuration: the tables of properties, and the rules that they cannot say, such as those that span
 * properties (config.md and config-linux.md of runtime-spec 1.3 and main).
 *
 *	if (oci_config_check(config, OCI_CHECK_PROCESS, &err) < 0) ...
 *	if (oci_process_check(process, "", &err) < 0) ...              exec --process
 *	if (oci_resources_check(resources, "", &err) < 0) ...          update --resources
 *
 * Whoever plans or performs a configuration trusts that it has passed. The check is pure: it reads no file and asks no
 * host, and is about linear in the size of the configuration. The first violation is the error, and names the property
 * as jq(1) writes it. What depends on the host (a controller, an LSM, a capability's name) is checked elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "oci/config.h"

enum {
	OCI_CHECK_PROCESS = 1, /* .process and what start needs of it must be there: create, run */
};

/* Checks a whole configuration. */
int oci_config_check(const struct oci_config *config, unsigned flags, struct error *err);

/* Reports every violation of a rule to the sink, for a configuration whose reader has reported those of the tables. */
void oci_config_check_all(const struct oci_config *config, unsigned flags, const struct error_sink *sink);

/* Checks a process alone; `where` is its path: ".process", or "" for a file that holds nothing else. */
int oci_process_check(const struct oci_process *process, const char *where, struct error *err);

/* Checks resources alone; `where` is ".linux.resources" or "". */
int oci_resources_check(const struct oci_resources *resources, const char *where, struct error *err);

/* Checks mappings that stand somewhere else; `where` is the path of the array. */
int oci_mappings_check(const oci_id_mappings *mappings, const char *where, struct error *err);

/* Writes the path below /proc/sys of a sysctl name to ret: sysctl(8)'s two ways of writing it,
 * where the first separator decides and "." and "/" swap ("net.ipv4.conf.eth0/1.forwarding" is
 * net/ipv4/conf/eth0.1/forwarding). False if the name is empty, too long, or has an empty, "."
 * or ".." component. */
bool oci_sysctl_path(const char *name, char *ret, size_t size);

/* The type (CLONE_NEW*) of the namespace to which that parameter belongs, or 0. */
int64_t oci_sysctl_namespace(const char *name);

/* True if the kernel would take it as the name of a network device: 1 to 15 bytes, no "/", ":",
 * "%" nor white space, not "." or "..". */
bool oci_net_name_is_valid(const char *name);
