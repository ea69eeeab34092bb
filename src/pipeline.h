/* The way of a tensor: read blocks, decode them, hand the weights to a sink; chunk by chunk, so
 * that memory does not depend on the tensor's size. */
#ifndef DQ_PIPELINE_H
#define DQ_PIPELINE_H

#include "backend.h"
#include "plan.h"
#include "sink.h"

/* A lane's buffers: enough that a call costs nothing beside the work, little enough for the cache.
 */
/* The first is at least half of the second: see pipeline.c. */
enum { DQ_LANE_IN = 1 << 20, DQ_LANE_OUT = 1 << 20 };

struct dq_job {
    const struct dq_model *model;
    struct dq_plan *plan;
    struct dq_sink *sink;
    uint64_t sink_off; /* where in the sink the items begin */
    void (*progress)(
        void *arg, uint64_t n_bytes); /* bytes written since the last call; may be NULL */
    void *arg;
};

/* Runs a plan from where it stands to its end. *n_overflow is raised by the number of finite
 * weights that became infinite in a smaller type. */
int dq_pipeline_run(
    struct dq_lane *lane, const struct dq_job *job, uint64_t *n_overflow, struct dq_error *e);

#endif
