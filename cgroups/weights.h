/*
 * Weights of cgroup v1 on the scales of cgroup v2. Pure.
 */
#pragma once

#include <stdint.h>

/* config-linux.md "CPU": shares, 2 to 262144 with 1024 as the default, to cpu.weight, 1 to 10000 with 100 as the
 * default. */
uint64_t cpu_weight_of(uint64_t shares);
/* blockIO.weight, 10 to 1000, to io.weight, 1 to 10000. */
uint64_t io_weight_of(uint64_t weight);
