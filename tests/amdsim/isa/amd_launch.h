/* Runs kernels, one wave after the other. */
#ifndef AMD_LAUNCH_H
#define AMD_LAUNCH_H

#include "amd_code.h"

/* A grid of n_groups x group_size threads in one dimension. */
struct amd_launch {
    const struct amd_kernel *kernel;
    uint32_t n_groups;
    uint32_t group_size;
    const void *const
        *args; /* points to each explicit argument, in order, as in hipModuleLaunchKernel */
    uint32_t first_group; /* runs n_run groups from this one on */
    uint32_t n_run;       /* 0: all groups */
};

/* What was executed; amd_launch adds to these. */
struct amd_counts {
    uint64_t waves;
    uint64_t insns;      /* instructions, once per wave */
    uint64_t lane_insns; /* vector instructions, once per active lane */
    uint64_t loaded;     /* bytes, by vector instructions */
    uint64_t stored;
    uint64_t watched; /* set by the caller: the address of an instruction, or 0 */
    uint64_t digest;  /* of all registers, each time before a wave executes that one */
};

/* Runs a grid, one wave after the other. DQ_ERR_MALFORMED: the code has a fault; the text names
 * kernel, offset, instruction and fault. DQ_ERR_USAGE: the sizes of group and grid are
 * impossible. */
int amd_launch(struct amd_memory *m, const struct amd_code *c, const struct amd_launch *launch,
    struct amd_counts *counts, struct dq_error *e);

#endif
