/* The statistics of tensors. */
#ifndef DQ_STATS_TENSORS_H
#define DQ_STATS_TENSORS_H

#include "reduce/stats.h"
#include "run/run.h"

struct dq_stats_job {
    size_t n_tensors;
    /* Returns the plan of a tensor, as f32, which must not change before its
     * end; NULL leaves the tensor out. Called for each in order, as in struct dq_consumer. */
    const struct dq_plan *(*plan)(void *arg, size_t tensor);
    /* Called after each chunk, by several threads at once, with the bytes of weights. May be NULL. */
    void (*progress)(void *arg, uint64_t n_bytes);
    /* Called for each tensor in order, by one thread at a time, with its result. An error ends the
     * run. */
    int (*end)(void *arg, size_t tensor, const struct dq_stats *s, struct dq_error *e);
    void *arg;
};

/* Reduces tensors that can be decoded. The results do not depend on the lanes. Returns the errors of reading and of
 * the lanes, of end, or DQ_ERR_MEMORY. */
int dq_stats_tensors(struct dq_lane *const *lanes, size_t n_lanes, const struct dq_stats_job *job,
    struct dq_error *e);

#endif
