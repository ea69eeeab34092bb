/* Scanning tensors for values that cannot be right, whatever they are for. */
#ifndef DQ_SCAN_H
#define DQ_SCAN_H

#include <stdbool.h>

#include "run/run.h"
#include "type/block_fields.h"

struct dq_scan {
    uint64_t n_bad;            /* blocks with a number that is not finite */
    uint64_t first_block;      /* the first of these, in the tensor */
    struct dq_nonfinite first; /* its number */
    bool all_zero;             /* the tensor has weights and each of them is zero */
};

struct dq_scan_job {
    const struct dq_plan *plans; /* whole tensors, native; a plan without a tensor is left out */
    size_t n_plans;
    void (*progress)(void *arg, uint64_t n_bytes); /* of blocks; may be NULL */
    /* Called for each plan in turn with what was found. An error ends the run. */
    int (*end)(void *arg, size_t plan, const struct dq_scan *s, struct dq_error *e);
    void *arg;
};

/* Scans tensors that can be decoded. The result does not depend on the number of lanes. */
int dq_scan_plans(struct dq_lane *const *lanes, size_t n_lanes, const struct dq_scan_job *job,
    struct dq_error *e);

#endif
