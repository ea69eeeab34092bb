/* The value checks of check --values: scans tensors for numbers that are not finite, for weights that
 * are all zero, and for runs of zero bytes. */
#ifndef DQ_SCAN_H
#define DQ_SCAN_H

#include <stdbool.h>

#include "reduce/zeros.h"
#include "run/run.h"
#include "type/block_fields.h"

/* The result for one tensor. */
struct dq_scan {
    uint64_t n_bad;            /* blocks with a number that is not finite */
    uint64_t first_block;      /* the number of the first such block in the tensor */
    struct dq_nonfinite first; /* its first such number */
    bool all_zero;             /* the tensor has weights, and all of them are zero */
    struct dq_zero_runs zeros; /* joined; valid during the call of end */
};

struct dq_scan_job {
    size_t n_tensors;
    /* Returns the plan of a tensor, whole and native, which must not change before its end; NULL leaves
     * the tensor out. Called for each in order, as in struct dq_consumer. */
    const struct dq_plan *(*plan)(void *arg, size_t tensor);
    /* Called after each chunk, by several threads at once, with the bytes scanned. May be NULL. */
    void (*progress)(void *arg, uint64_t n_bytes);
    /* Called for each tensor in order, by one thread at a time, with its result. An error ends the
     * run. */
    int (*end)(void *arg, size_t tensor, const struct dq_scan *s, struct dq_error *e);
    void *arg;
};

/* Scans tensors that can be decoded. The results do not depend on the number of lanes. Returns the
 * errors of reading, of end, or DQ_ERR_MEMORY. */
int dq_scan_tensors(struct dq_lane *const *lanes, size_t n_lanes, const struct dq_scan_job *job,
    struct dq_error *e);

#endif
