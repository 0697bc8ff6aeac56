/*
 * The steps of the child, one function each. init.c has the tables that call them.
 *
 * steps-namespaces.c leads from a copy of the caller to a process in the container's namespaces; steps-root.c has the
 * root filesystem and what is in it; steps-process.c the process itself: descriptors, limits, ids, capabilities,
 * seccomp, hooks, and its program.
 */
#pragma once

#include "base/error.h"
#include "launch/init.h"

/* clang-format off */
#define STEP(name) int step_##name(struct init *init, struct error *err);
	STEP(begin) STEP(lead_session) STEP(open_procfs) STEP(open_time_offsets) STEP(join_namespaces)
	STEP(enter_container) STEP(enter_user_namespace) STEP(unshare_namespaces) STEP(set_time_offsets)
	STEP(clone_again) STEP(clone_last) STEP(raise_loopback) STEP(ask_for_network) STEP(set_hostname)
	STEP(open_mounts) STEP(attach_rootfs) STEP(perform_mounts) STEP(make_devices) STEP(open_console)
	STEP(take_console) STEP(write_sysctl) STEP(mask_paths) STEP(make_paths_readonly) STEP(pivot)
	STEP(change_root) STEP(enter_working_directory) STEP(finish_rootfs) STEP(take_streams)
	STEP(find_executable) STEP(ask_for_hooks) STEP(run_create_hooks) STEP(run_start_hooks)
	STEP(join_keyring) STEP(set_scheduling) STEP(set_final_affinity) STEP(reset_affinity) STEP(hand_over_listener)
	STEP(close_before_wait) STEP(report_ready) STEP(wait_for_start) STEP(set_label)
	STEP(close_descriptors) STEP(set_limits) STEP(set_late_limits) STEP(load_seccomp) STEP(drop_privileges)
	STEP(drop_kept_privileges) STEP(refuse_new_privileges) STEP(execute)
#undef STEP
/* clang-format on */

/* A step that is one call. */
#define STEP(name, call)                                      \
	int step_##name(struct init *init, struct error *err) \
	{                                                     \
		(void)init;                                   \
		return call;                                  \
	}
