/*
 * Device nodes and links: config-linux.md "Devices", "Default Devices"; runtime-linux.md "Dev symbolic links".
 *
 *	device_open(&op, &err);               parent, where nodes must be bound from the host
 *	devices_make(root, ops, len, &err);   child
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct device_op {
	const char *where; /* ".linux.devices[0]", or "/dev/null" for a default device */
	const char *path;
	mode_t mode; /* type and permissions */
	dev_t number;
	uid_t uid;
	gid_t gid;
	bool is_default; /* where one is there already, it may stay as it is */
	bool bind;       /* in a user namespace, which may make no nodes */
	bool given;      /* in a /dev of the host's: looked at, and left as it is */
	bool differs;    /* the host's node, when bound, has not the mode and owner that were asked for */
	int tree;        /* the host's node, when bound; or -1 */
	const struct oci_device *asked; /* NULL for a default device */
};

/* The default devices and then those of the configuration; a default that the configuration lists too is the
 * configuration's. given_dev: a directory of the host is bound on /dev. Pure. */
int devices_plan(struct arena *arena, const struct oci_linux *config, bool bind, bool given_dev,
	struct device_op **ret_ops, size_t *ret_len, struct error *err);

/* Opens the host's node of the same path, and sees that it is that device. Does nothing unless op->bind. */
int device_open(struct device_op *op, struct error *err);

/* Makes them below root, and the links /dev/fd, stdin, stdout, stderr and ptmx, of which those that are there already
 * stay. In a given /dev nothing is made: it is the host's. Umask must be 0. */
int devices_make(int root, struct device_op *ops, size_t len, struct error *err);

/* Exchanges those of the descriptors 0 to 2 that are the host's null device for the container's own, where it has one:
 * by a descriptor the host's node could be given another mode. */
int devices_own_null(int root, struct error *err);
