/*
 * The standard streams that the caller lends to the container's process.
 *
 *	int streams[STREAMS] = { -1, -1, -1 };
 *	streams_open(mappings, streams, &err);     parent, before clone3
 *	streams_take(streams, &err);               init
 *
 * A process could change the mode and owner of the host's file through such a descriptor. Terminals and memory devices
 * such as /dev/null are therefore opened again through a read-only mount, which allows reading and writing of devices,
 * but no change of their inodes. Files of the container are not used, since it may have put anything in their place.
 */
#pragma once

#include "base/error.h"
#include "oci/config.h"

enum { STREAMS = 3 };

/* Opens replacements for those of the descriptors 0 to 2 that are such devices, where the container could change them.
 * `uids` are the mappings of the container's own user namespace, or NULL if it has none. */
int streams_open(const oci_id_mappings *uids, int ret_fds[STREAMS], struct error *err);

/* Puts the replacements in the place of the descriptors 0 to 2. Those that are -1 stay as they are. */
int streams_take(const int fds[STREAMS], struct error *err);
