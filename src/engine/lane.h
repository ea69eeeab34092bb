/* Where blocks become weights. A lane owns a buffer for blocks and one for weights, and what it
 * needs to get from one to the other; one worker uses it at a time. */
#ifndef DQ_LANE_H
#define DQ_LANE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cpu/cpu.h"
#include "type/type.h"

enum { DQ_LANES_MAX = 64 }; /* that work side by side */

struct dq_lane {
    const struct dq_lane_ops *ops;
    const char *device; /* "cpu", "cuda:0" */
    uint8_t *in;        /* the caller puts blocks here */
    size_t in_len;
    uint8_t *out; /* weights come out here, aligned for any type */
    size_t out_len;
};

struct dq_lane_ops {
    const char *name; /* "cpu" */

    /* Decodes nblocks blocks from lane->in into lane->out as dtype (not native). The caller sees to
     * it that both fit. *n_overflow is raised by the finite weights that became infinite. */
    int (*decode)(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
        uint64_t *n_overflow, struct dq_error *e);
    /* Spoils the first len bytes that decode is to write, so that weights which it does not write
     * cannot pass for those of the last time. NULL: that is lane->out itself, for the caller. */
    int (*poison)(struct dq_lane *lane, size_t len, struct dq_error *e);
    void (*free)(struct dq_lane *lane);
};

/* Makes a lane that decodes on the CPU, with the functions of one level. dq_lane_free frees it. */
int dq_lane_new_cpu(const struct dq_cpu *cpu, size_t in_len, size_t out_len, struct dq_lane **out,
    struct dq_error *e);

/* Rounds n floats to dtype (f16 or bf16), as every lane does; returns how many finite ones became
 * infinite. */
size_t dq_round_to(enum dq_dtype dtype, const float *src, uint16_t *dst, size_t n);

/* Counts the finite weights of nblocks blocks that become infinite in dtype. */
uint64_t dq_count_overflows(
    enum dq_type type, enum dq_dtype dtype, const uint8_t *blocks, size_t nblocks);

/* Does what ops->spoil says, on a lane of any kind. */
int dq_lane_poison(struct dq_lane *lane, size_t len, struct dq_error *e);

/* Frees a lane of any kind, or NULL. */
void dq_lane_free(struct dq_lane *lane);

#endif
