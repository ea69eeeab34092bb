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
    uint32_t first_group; /* only these groups are run: first_group to first_group + n_run - 1; */
    uint32_t n_run;       /* 0: all */
};

/* What was executed; amd_launch adds to it. */
struct amd_counts {
    uint64_t waves;
    uint64_t insns;      /* instructions, counted once a wave */
    uint64_t lane_insns; /* vector instructions, counted once for each lane that took part */
    uint64_t loaded;     /* bytes, by vector instructions */
    uint64_t stored;
    uint64_t watched; /* set by the caller: the address of an instruction, or 0 */
    uint64_t digest;  /* of the registers of waves, each time before they run that one */
};

/* DQ_ERR_MALFORMED: the code did something wrong; the text names kernel, offset, instruction and
 * fault. DQ_ERR_USAGE: the launch itself is not possible (size of the group, of a grid). */
int amd_launch(struct amd_memory *m, const struct amd_code *c, const struct amd_launch *launch,
    struct amd_counts *counts, struct dq_error *e);

#endif
