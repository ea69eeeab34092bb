#include "run/decode.h"

#include "base/clock.h"
#include "run/derived.h"
#include "run/gather.h"
#include "type/block_fields.h"

#include <math.h>
#include <string.h>

static bool is_infinite_32(uint32_t weight)
{
    return (weight & 0x7fffffff) == 0x7f800000;
}

static bool is_infinite_16(uint16_t weight, enum dq_dtype dtype)
{
    return (weight & 0x7fff) == (dtype == DQ_DTYPE_f16 ? 0x7c00 : 0x7f80);
}

/* Counts the infinite ones of the first n weights; the loops are simple enough to become vectors. */
static uint64_t count_infinite(const struct dq_values *v, size_t n)
{
    const enum dq_dtype dtype = v->plan->dtype;
    const uint32_t *words = (const uint32_t *)(const void *)v->bytes;
    const uint16_t *halves = (const uint16_t *)(const void *)v->bytes;
    uint32_t found = 0;
    for (size_t i = 0; dtype == DQ_DTYPE_f32 && i < n; i++)
        found += is_infinite_32(words[i]);
    for (size_t i = 0; dtype != DQ_DTYPE_f32 && i < n; i++)
        found += is_infinite_16(halves[i], dtype);
    return found;
}

/* The same of those whose block is finite as stored: what overflows of a type that is stored with a
 * wider range than f32 has. */
static uint64_t count_overflows(const struct dq_values *v)
{
    const struct dq_plan *p = v->plan;
    const struct dq_type_info *type = p->tensor->type;
    uint64_t n = 0;
    if (count_infinite(v, v->chunk->n_items) == 0)
        return 0;
    for (size_t i = 0; i < v->chunk->n_items; i++) {
        const uint8_t *block = v->lane->in + dq_plan_block(p, v->chunk, i) * type->bytes;
        const struct dq_values one = {.plan = p, .bytes = v->bytes + i * p->item_len};
        struct dq_nonfinite unused;
        n += count_infinite(&one, 1) > 0 && dq_find_nonfinite(type->type, block, 1, &unused) == 0;
    }
    return n;
}

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

/* Multiplies n weights by a factor. Returns how many finite ones became infinite. */
static uint64_t multiply(float *w, size_t n, float factor)
{
    uint64_t n_overflow = 0;
    for (size_t i = 0; i < n; i++) {
        w[i] = dq_derived_weight(w[i] * factor, w[i], &n_overflow);
    }
    return n_overflow;
}

/* Multiplies the selected weights of a chunk by their factors. */
static uint64_t scale(const struct dq_plan *p, const struct dq_chunk *c, float *w)
{
    const struct dq_scaling *s = p->scaling;
    const size_t n = c->seg_items;
    uint64_t n_overflow = 0;
    for (size_t i = 0; i < c->n_segments; i++, w += n) {
        const uint64_t first = dq_plan_index(p, c, i, 0) / s->n_weights;
        const uint64_t last = dq_plan_index(p, c, i, n - 1) / s->n_weights;
        if (first == last) {
            n_overflow += multiply(w, n, s->factors[first]);
            continue;
        }
        for (size_t k = 0; k < n; k++)
            n_overflow += multiply(w + k, 1, s->factors[dq_plan_index(p, c, i, k) / s->n_weights]);
    }
    return n_overflow;
}

/* Whether a lane may reduce the weights of the blocks of a chunk in place of the values: they are the same. */
static bool may_reduce(const struct dq_values *v, size_t nblocks)
{
    const struct dq_plan *p = v->plan;
    return v->wanted != 0 && p->dtype == DQ_DTYPE_f32 && !p->scaling && p->inner.step == 1 &&
           nblocks * p->block_items == v->chunk->n_items && !p->tensor->type->overflows_f32;
}

/* Decodes a chunk and, if the lane can, reduces it. */
static int reduce(struct dq_values *v, size_t nblocks, struct dq_error *e)
{
    struct dq_lane *lane = v->lane;
    bool is_done;
    lane->reduction = (struct dq_reduction){
        .wanted = v->wanted, .first_leaf = v->chunk->first_item / DQ_LEAF_WEIGHTS};
    const int rc = dq_lane_reduce(lane, v->plan->tensor->type->type, nblocks, &is_done, e);
    v->bytes = is_done ? NULL : lane->out;
    v->reduction = is_done ? &lane->reduction : NULL;
    return rc;
}

/* Decodes a chunk and gathers the selected values. If they are scaled, or a slice leaves out some weights
 * of their blocks, they are rounded to 16 bits after that, so that only overflows of selected weights
 * are counted. */
static int decode_selected(struct dq_values *v, size_t nblocks, struct dq_error *e)
{
    const struct dq_plan *p = v->plan;
    const struct dq_chunk *c = v->chunk;
    const struct dq_type_info *info = p->tensor->type;
    const enum dq_type type = info ? info->type : DQ_TYPE_COUNT;
    const bool is_16_bit = p->dtype == DQ_DTYPE_f16 || p->dtype == DQ_DTYPE_bf16;
    const bool round_later = is_16_bit && (p->scaling || nblocks * p->block_items != c->n_items);
    uint8_t *values;
    const int rc = dq_lane_decode(
        v->lane, type, round_later ? DQ_DTYPE_f32 : p->dtype, nblocks, &values, &v->n_overflow, e);
    if (rc != 0)
        return rc;
    values = dq_plan_gather(p, c, values, round_later ? sizeof(float) : p->item_len);
    if (p->scaling)
        v->n_overflow += scale(p, c, (float *)(void *)values);
    if (round_later)
        v->n_overflow += dq_cpu_round_in_place(v->lane->cpu, p->dtype, values, c->n_items);
    v->bytes = values;
    if (p->dtype != DQ_DTYPE_native && info && info->overflows_f32)
        v->n_overflow = count_overflows(v);
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
    if (checks_decoder)
        return decode_blocks(v, nblocks, e);
    return may_reduce(v, nblocks) ? reduce(v, nblocks, e) : decode_selected(v, nblocks, e);
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
