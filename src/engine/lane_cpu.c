#include "engine/lane.h"

#include "base/mem.h"

#include <string.h>

enum { POISON = 0xa5 };

/* Chunks are cut at multiples of this many weights, a multiple of every type's block. */
enum { CHUNK_ALIGNMENT = 256 };

static int decode(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
    uint64_t *n_overflow, struct dq_error *e)
{
    (void)e;
    *n_overflow += lane->cpu->decode[type](lane->in, lane->out, nblocks, dtype);
    return 0;
}

static void free_lane(struct dq_lane *lane)
{
    dq_mem_free(lane->in);
    dq_mem_free(lane->out);
    dq_mem_free(lane);
}

static const struct dq_lane_ops ops = {"cpu", decode, NULL, NULL, free_lane};

int dq_lane_new_cpu(const struct dq_cpu *cpu, size_t in_len, size_t out_len, struct dq_lane **out,
    struct dq_error *e)
{
    struct dq_lane *l = dq_mem_calloc(1, sizeof *l);
    if (!l)
        return dq_fail_nomem(e);
    *l = (struct dq_lane){.ops = &ops,
        .device = "cpu",
        .cpu = cpu,
        .in = dq_mem_alloc(in_len),
        .in_len = in_len,
        .out = dq_mem_alloc(out_len),
        .out_len = out_len};
    if (!l->in || !l->out) {
        free_lane(l);
        return dq_fail_nomem(e);
    }
    *out = l;
    return 0;
}

/* The output buffer must hold floats even for 16-bit types: if a slice leaves out some weights of a
 * block, the weights are decoded as f32 and rounded in place. */
uint64_t dq_lane_weights(
    const struct dq_lane *lane, const struct dq_type_info *type, enum dq_dtype dtype)
{
    const size_t block_weights = type ? type->weights : 1;
    const size_t by_in = lane->in_len / (type ? type->bytes : 1) * block_weights;
    const size_t by_out = lane->out_len / sizeof(float);
    const size_t n = dtype == DQ_DTYPE_native || by_in < by_out ? by_in : by_out;
    return n - n % (n < CHUNK_ALIGNMENT ? block_weights : CHUNK_ALIGNMENT);
}

int dq_lane_decode(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
    uint8_t **values, uint64_t *n_overflow, struct dq_error *e)
{
    *values = dtype == DQ_DTYPE_native ? lane->in : lane->out;
    return dtype == DQ_DTYPE_native ? 0
                                    : lane->ops->decode(lane, type, dtype, nblocks, n_overflow, e);
}

int dq_lane_reduce(
    struct dq_lane *lane, enum dq_type type, size_t nblocks, bool *is_done, struct dq_error *e)
{
    uint64_t n_overflow = 0;
    *is_done = false;
    return lane->ops->reduce ? lane->ops->reduce(lane, type, nblocks, is_done, e)
                             : lane->ops->decode(lane, type, DQ_DTYPE_f32, nblocks, &n_overflow, e);
}

int dq_lane_poison(struct dq_lane *lane, size_t len, struct dq_error *e)
{
    if (lane->ops->poison)
        return lane->ops->poison(lane, len, e);
    memset(lane->out, POISON, len);
    return 0;
}

uint64_t dq_count_overflows(const struct dq_cpu *cpu, enum dq_type type, enum dq_dtype dtype,
    const uint8_t *blocks, size_t nblocks)
{
    uint16_t weights[DQ_BLOCK_WEIGHTS_MAX];
    uint64_t n = 0;
    for (size_t i = 0; i < nblocks; i++, blocks += dq_types[type].bytes)
        n += cpu->decode[type](blocks, weights, 1, dtype);
    return n;
}

int dq_lane_scratch(struct dq_lane *lane, size_t len, struct dq_error *e)
{
    if (len <= lane->scratch_len)
        return 0;
    dq_mem_free(lane->scratch); /* its contents need not be copied */
    lane->scratch = dq_mem_alloc(len);
    lane->scratch_len = lane->scratch ? len : 0;
    return lane->scratch ? 0 : dq_fail_nomem(e);
}

void dq_lane_free(struct dq_lane *lane)
{
    if (!lane)
        return;
    dq_mem_free(lane->scratch);
    lane->ops->free(lane);
}
