/* A lane decodes blocks into weights, on the CPU or on a GPU. It owns a buffer for blocks, one for
 * weights and what it needs to get from one to the other. One thread at a time uses it. */
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
    const char *device;       /* "cpu", "cuda:0" */
    const struct dq_cpu *cpu; /* the level of all that the host does: decoding, rounding */
    uint8_t *in;              /* the caller puts blocks here; any alignment */
    size_t in_len;            /* bytes */
    uint8_t *out;             /* decoded weights, aligned for any type */
    size_t out_len;           /* bytes */
};

struct dq_lane_ops {
    const char *name; /* "cpu" */

    /* Decodes nblocks blocks from lane->in into lane->out as dtype, which is not native. Both fit.
     * *n_overflow is raised by the number of finite weights that became infinite. */
    int (*decode)(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
        uint64_t *n_overflow, struct dq_error *e);
    /* Fills the first len bytes that decode is going to write with a pattern, so that weights which
     * it does not write cannot pass for those of an earlier call. NULL: those are lane->out itself. */
    int (*poison)(struct dq_lane *lane, size_t len, struct dq_error *e);
    void (*free)(struct dq_lane *lane);
};

/* Makes a lane that decodes on the CPU with the functions of one level. dq_lane_free frees it. */
int dq_lane_new_cpu(const struct dq_cpu *cpu, size_t in_len, size_t out_len, struct dq_lane **out,
    struct dq_error *e);

/* Returns how many weights of a type (NULL: unknown, whose weights are bytes) a lane takes at once
 * for output as dtype: whole blocks, and of one size for all types where the buffers allow it. */
uint64_t dq_lane_weights(
    const struct dq_lane *lane, const struct dq_type_info *type, enum dq_dtype dtype);

/* Decodes nblocks blocks from lane->in as dtype. *values is where the weights are: in lane->out, or
 * with dtype native the blocks themselves, in lane->in. type does not matter for native. */
int dq_lane_decode(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
    uint8_t **values, uint64_t *n_overflow, struct dq_error *e);

/* Does what ops->poison says, on a lane of any kind. */
int dq_lane_poison(struct dq_lane *lane, size_t len, struct dq_error *e);

/* Counts the finite weights of nblocks blocks that become infinite in dtype. */
uint64_t dq_count_overflows(const struct dq_cpu *cpu, enum dq_type type, enum dq_dtype dtype,
    const uint8_t *blocks, size_t nblocks);

/* Frees a lane of any kind, or NULL. */
void dq_lane_free(struct dq_lane *lane);

#endif
