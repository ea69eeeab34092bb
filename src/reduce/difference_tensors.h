/* How far tensors are from those of a reference. */
#ifndef DQ_DIFFERENCE_TENSORS_H
#define DQ_DIFFERENCE_TENSORS_H

#include "reduce/difference.h"
#include "run/run.h"

/* Bytes of the buffers that each lane needs for the reference: what an engine has to leave free. */
enum { DQ_DIFFERENCE_LEN = 384 << 10 };

/* The plans of a tensor and of its reference, as f32 and of as many weights. */
struct dq_plan_pair {
    struct dq_plan model;
    struct dq_plan reference; /* not gathered */
};

struct dq_difference_job {
    size_t n_pairs;
    /* Returns the plans of a pair, which must not change before its end. Called for each in order, as in struct
     * dq_consumer. */
    const struct dq_plan_pair *(*plan)(void *arg, size_t pair);
    /* Called after each chunk, by several threads at once, with the bytes of the model's weights. */
    void (*progress)(void *arg, uint64_t n_bytes);
    /* Called for each pair in order, by one thread at a time, with its result. An error ends the run. */
    int (*end)(void *arg, size_t pair, const struct dq_difference *d, struct dq_error *e);
    void *arg;
};

/* Compares tensors that can be decoded. Those of the reference are decoded on the CPU. The results do not depend on
 * the lanes. Returns the errors of reading and of the lanes, of end, or DQ_ERR_MEMORY. */
int dq_difference_tensors(struct dq_lane *const *lanes, size_t n_lanes,
    const struct dq_difference_job *job, struct dq_error *e);

#endif
