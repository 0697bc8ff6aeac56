/*
 * libseccomp's own header. Ours has the same name and is found first, so the search goes on behind src/.
 *
 *	#include <libseccomp.h>
 */
#pragma once

#include_next <seccomp.h>
