#include "engine/lane.h"

#include "base/mem.h"

#include <string.h>

enum { POISON = 0xa5 };

struct cpu_lane {
    struct dq_lane lane;
    const struct dq_cpu *cpu;
};

static int decode(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
    uint64_t *n_overflow, struct dq_error *e)
{
    struct cpu_lane *l = (struct cpu_lane *)lane;
    (void)e;
    *n_overflow += l->cpu->decode[type](lane->in, lane->out, nblocks, dtype);
    return 0;
}

static void free_lane(struct dq_lane *lane)
{
    dq_mem_free(lane->in);
    dq_mem_free(lane->out);
    dq_mem_free(lane);
}

static const struct dq_lane_ops ops = {"cpu", decode, NULL, free_lane};

int dq_lane_new_cpu(const struct dq_cpu *cpu, size_t in_len, size_t out_len, struct dq_lane **out,
    struct dq_error *e)
{
    struct cpu_lane *l = dq_mem_calloc(1, sizeof *l);
    if (!l)
        return dq_fail_nomem(e);
    l->lane.ops = &ops;
    l->lane.device = "cpu";
    l->cpu = cpu;
    l->lane.in = dq_mem_alloc(in_len);
    l->lane.in_len = in_len;
    l->lane.out = dq_mem_alloc(out_len);
    l->lane.out_len = out_len;
    if (!l->lane.in || !l->lane.out) {
        free_lane(&l->lane);
        return dq_fail_nomem(e);
    }
    *out = &l->lane;
    return 0;
}

size_t dq_round_to(enum dq_dtype dtype, const float *src, uint16_t *dst, size_t n)
{
    const struct dq_cpu *cpu = dq_cpu_best();
    return dtype == DQ_DTYPE_f16 ? cpu->to_f16(src, dst, n) : cpu->to_bf16(src, dst, n);
}

uint64_t dq_count_overflows(
    enum dq_type type, enum dq_dtype dtype, const uint8_t *blocks, size_t nblocks)
{
    uint16_t weights[DQ_BLOCK_WEIGHTS_MAX];
    uint64_t n = 0;
    for (size_t i = 0; i < nblocks; i++, blocks += dq_types[type].bytes)
        n += dq_cpu_best()->decode[type](blocks, weights, 1, dtype);
    return n;
}

int dq_lane_poison(struct dq_lane *lane, size_t len, struct dq_error *e)
{
    if (lane->ops->poison)
        return lane->ops->poison(lane, len, e);
    memset(lane->out, POISON, len);
    return 0;
}

void dq_lane_free(struct dq_lane *lane)
{
    if (lane)
        lane->ops->free(lane);
}
