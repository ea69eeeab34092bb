/* Runs a kernel that reduces weights in the interpreter and compares what it writes. */
#ifndef CHECK_REDUCTION_H
#define CHECK_REDUCTION_H

#include "amd_launch.h"
#include "engine/reduction.h"

/* Parses the name of a kernel of hip/reduce.h. DQ_ERR_USAGE: there is no such kernel. */
int reduction_of_name(const char *name, enum dq_reduction_kind *kind);

/* Runs a kernel on weights of all kinds, in memory that holds exactly what it may touch. Adds to *counts what it ran, and
 * to *n_weights how many it reduced. DQ_ERR_MISMATCH, DQ_ERR_MALFORMED as check_kernel. */
int check_reduction(struct amd_memory *m, const struct amd_code *c, const struct amd_kernel *k,
    struct amd_counts *counts, uint64_t *n_weights, struct dq_error *e);

#endif
