#include "run/decode.h"

#include "base/clock.h"
#include "run/gather.h"

/* Decodes all blocks of a chunk, for a consumer that checks decoders. */
static int decode_blocks(struct dq_values *v, size_t nblocks, struct dq_error *e)
{
    const struct dq_plan *p = v->plan;
    uint8_t *values;
    const int rc = dq_lane_poison(v->lane, nblocks * p->block_items * p->item_len, e);
    if (rc != 0)
        return rc;
    v->bytes = v->lane->out;
    return dq_lane_decode(
        v->lane, p->tensor->type->type, p->dtype, nblocks, &values, &v->n_overflow, e);
}

/* Decodes a chunk and gathers the selected values. If a slice leaves out some weights of its blocks,
 * they are rounded to 16 bits after gathering, so that only overflows of selected weights are
 * counted. */
static int decode_selected(struct dq_values *v, size_t nblocks, struct dq_error *e)
{
    const struct dq_plan *p = v->plan;
    const struct dq_chunk *c = v->chunk;
    const enum dq_type type = p->tensor->type ? p->tensor->type->type : DQ_TYPE_COUNT;
    const bool is_16_bit = p->dtype == DQ_DTYPE_f16 || p->dtype == DQ_DTYPE_bf16;
    const bool round_later = is_16_bit && nblocks * p->block_items != c->n_items;
    uint8_t *values;
    const int rc = dq_lane_decode(
        v->lane, type, round_later ? DQ_DTYPE_f32 : p->dtype, nblocks, &values, &v->n_overflow, e);
    if (rc != 0)
        return rc;
    values = dq_plan_gather(p, c, values, round_later ? sizeof(float) : p->item_len);
    if (round_later)
        v->n_overflow = dq_cpu_round_in_place(v->lane->cpu, p->dtype, values, c->n_items);
    v->bytes = values;
    return 0;
}

/* Reads and decodes the blocks of a chunk that is not gathered. */
static int read_and_decode(struct dq_values *v, bool checks_decoder, struct dq_error *e)
{
    const size_t nblocks = v->chunk->n_segments * v->chunk->seg_blocks;
    const double start = dq_clock_seconds();
    const int rc = dq_plan_read(v->plan, v->chunk, v->lane->in, e);
    v->read_seconds = dq_clock_seconds() - start;
    if (rc != 0)
        return rc;
    return checks_decoder ? decode_blocks(v, nblocks, e) : decode_selected(v, nblocks, e);
}

int dq_chunk_decode(struct dq_values *v, bool checks_decoder, struct dq_error *e)
{
    const double start = dq_clock_seconds();
    const int rc = v->plan->gather ? dq_gather_decode(v, e) : read_and_decode(v, checks_decoder, e);
    v->len = v->chunk->n_items * v->plan->item_len;
    v->offset = v->chunk->first_item * v->plan->item_len;
    v->decode_seconds = dq_clock_seconds() - start - v->read_seconds;
    return rc;
}

uint64_t dq_chunk_capacity(const struct dq_plan *p, const struct dq_lane *lane)
{
    if (p->gather)
        return (lane->gather_len > 0 ? lane->gather_len : lane->out_len) /
               (p->item_len > sizeof(float) ? p->item_len : sizeof(float));
    return dq_lane_weights(lane, p->tensor->type, p->dtype);
}
