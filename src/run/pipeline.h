/* The way of a tensor: read blocks, decode them, hand the weights to a sink; chunk by chunk, so
 * that memory does not depend on the tensor's size. */
#ifndef DQ_PIPELINE_H
#define DQ_PIPELINE_H

#include "engine/lane.h"
#include "run/plan.h"
#include "sink/sink.h"

struct dq_job {
    const struct dq_model *model;
    struct dq_plan *plan;
    struct dq_sink *sink;
    uint64_t sink_off; /* where in the sink the items begin */
    void (*progress)(
        void *arg, uint64_t n_bytes); /* bytes written since the last call; may be NULL */
    void *arg;
};

/* Runs a plan from where it stands to its end, on as many threads as there are lanes (all of one
 * size), or fewer for a small tensor; the sink gets its data in order, from one thread at a time,
 * while the others decode. A lane's buffers hold at least one decoded block as floats, and the one
 * for blocks is at least half as long as the other. *n_overflow is raised by the number of finite
 * weights that became infinite in a smaller type. Of several errors the first is told. */
int dq_pipeline_run(struct dq_lane *const *lanes, size_t n_lanes, const struct dq_job *job,
    uint64_t *n_overflow, struct dq_error *e);

#endif
