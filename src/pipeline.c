#include "pipeline.h"

#include "stop.h"

#include <assert.h>

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

/* Decodes a chunk and gathers the wanted items, which come to stand at *items.
 *
 * Where only some weights of the blocks are wanted, 16-bit types are rounded after gathering, so
 * that only overflows of wanted weights are counted. */
static int decode_chunk(struct dq_lane *lane, const struct dq_plan *p, const struct dq_chunk *c,
    uint8_t **items, uint64_t *n_overflow, struct dq_error *e)
{
    const size_t nblocks = c->n_segments * c->seg_blocks;
    const enum dq_format format = p->tensor->format->format;
    const bool all_wanted = nblocks * p->block_items == c->n_items;
    const bool round_later = !all_wanted && p->dtype != DQ_DTYPE_f32;
    const int rc = lane->ops->decode(
        lane, format, round_later ? DQ_DTYPE_f32 : p->dtype, nblocks, n_overflow, e);
    if (rc != 0)
        return rc;
    if (!round_later) {
        *items = dq_plan_gather(p, c, lane->out, p->item_len);
        return 0;
    }
    const uint8_t *floats = dq_plan_gather(p, c, lane->out, sizeof(float));
    *items = lane->in; /* its blocks are decoded */
    assert(c->n_items * sizeof(uint16_t) <= lane->in_len);
    *n_overflow += dq_narrow(
        p->dtype, (const float *)(const void *)floats, (uint16_t *)(void *)lane->in, c->n_items);
    return 0;
}

int dq_pipeline_run(
    struct dq_lane *lane, const struct dq_job *job, uint64_t *n_overflow, struct dq_error *e)
{
    struct dq_plan *p = job->plan;
    struct dq_chunk c;
    const bool native = p->dtype == DQ_DTYPE_native;
    /* Room for floats even where halves come out, and for the halves where the blocks were. */
    const size_t room = native ? lane->in_len : lane->out_len / sizeof(float) * p->item_len;
    while (dq_plan_next(p, lane->in_len, room, &c)) {
        uint8_t *items;
        int rc = dq_stop_check(e);
        if (rc == 0)
            rc = read_chunk(job, &c, lane->in, e);
        if (rc == 0 && native)
            items = dq_plan_gather(p, &c, lane->in, p->item_len);
        else if (rc == 0)
            rc = decode_chunk(lane, p, &c, &items, n_overflow, e);
        if (rc != 0)
            return rc;
        const size_t len = c.n_items * p->item_len;
        rc = job->sink->ops->put(
            job->sink, items, len, job->sink_off + c.first_item * p->item_len, e);
        if (rc != 0)
            return rc;
        if (job->progress)
            job->progress(job->arg, len);
    }
    return 0;
}
