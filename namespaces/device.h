/*
 * Device nodes and links: config-linux.md "Devices", "Default Devices"; runtime-linux.md "Dev symbolic links".
 *
 *	device_open(&op, dirfd, config->linux, &err);   parent, where nodes must be bound from the host
 *	devices_make(&anchors, ops, len, &err);   child
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct anchors;

struct device_op {
	const char *where; /* ".linux.devices[0]", or "/dev/null" for a default device */
	const char *path;
	mode_t mode; /* type and permissions */
	dev_t number;
	uid_t uid;
	gid_t gid;
	bool is_default;                /* an existing node stays as it is */
	bool bind;                      /* bound from the host, since a user namespace cannot make nodes */
	bool given;                     /* in a /dev of the host: checked and left as it is */
	bool differs;                   /* the bound node has another mode or owner than configured */
	int tree;                       /* the bound node, or -1 */
	char made[24];                  /* its name in the directory for those that the host lacks, or "" */
	const struct oci_device *asked; /* NULL for a default device */
};

/* Lists the default devices, then those of the configuration, which replace defaults of the same path. given_dev says
 * that a directory of the host is bound on /dev. Pure. */
void devices_plan(struct arena *arena, const struct oci_linux *config, bool bind, bool given_dev,
	struct device_op **ret_ops, size_t *ret_len);

/* Opens the host's node of the same path and checks that it is the same device. If the host has none, it makes one in
 * `dir`, with the owner on the host, where it may. dir is a directory of ours, or -1. Does nothing unless op->bind. */
int device_open(struct device_op *op, int dir, const struct oci_linux *config, struct error *err);

/* Removes from that directory the nodes that were made, once they are bound or not needed. */
void devices_forget(struct device_op *ops, size_t len, int dir);

/* Makes the devices, and the links /dev/fd, stdin, stdout, stderr and ptmx unless they exist. Nothing is
 * made in a /dev that is bound from the host. The umask must be 0. */
int devices_make(const struct anchors *anchors, struct device_op *ops, size_t len, struct error *err);
