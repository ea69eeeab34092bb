#include "pipeline.h"

#include "stop.h"

/* Reads the blocks of a chunk, those of each segment behind those of the last. */
static int read_chunk(
    const struct dq_job *job, const struct dq_chunk *c, uint8_t *in, struct dq_error *e)
{
    const struct dq_plan *p = job->plan;
    const size_t seg_len = c->seg_blocks * p->block_len;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->n_segments; i++)
        rc = dq_tensor_read(
            job->model, p->tensor, dq_plan_offset(p, c, i), in + i * seg_len, seg_len, e);
    return rc;
}

int dq_pipeline_run(
    struct dq_lane *lane, const struct dq_job *job, uint64_t *n_overflow, struct dq_error *e)
{
    struct dq_plan *p = job->plan;
    struct dq_chunk c;
    while (dq_plan_next(p, lane->in_len, lane->out_len, &c)) {
        uint8_t *items = lane->in;
        int rc = dq_stop_check(e);
        if (rc == 0)
            rc = read_chunk(job, &c, lane->in, e);
        if (rc == 0 && p->dtype != DQ_DTYPE_native) {
            items = lane->out;
            rc = lane->ops->decode(lane, p->tensor->format->format, p->dtype,
                c.n_segments * c.seg_blocks, n_overflow, e);
        }
        if (rc != 0)
            return rc;
        const size_t len = c.n_items * p->item_len;
        rc = job->sink->ops->put(job->sink, dq_plan_gather(p, &c, items), len,
            job->sink_off + c.first_item * p->item_len, e);
        if (rc != 0)
            return rc;
        if (job->progress)
            job->progress(job->arg, len);
    }
    return 0;
}
