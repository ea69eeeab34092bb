/* Lanes: a lane decodes blocks into weights, on the CPU or on a GPU. It owns a buffer for blocks and a
 * buffer for weights. One thread at a time uses it. */
#ifndef DQ_LANE_H
#define DQ_LANE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cpu/cpu.h"
#include "engine/reduction.h"
#include "type/type.h"

enum { DQ_LANES_MAX = 64 }; /* per engine */

struct dq_lane {
    const struct dq_lane_ops *ops;
    const char *device;            /* "cpu", "cuda:0" */
    const struct dq_cpu *cpu;      /* the level of what the host computes: decoding, rounding */
    uint8_t *in;                   /* blocks, written by the caller; any alignment */
    size_t in_len;                 /* bytes */
    uint8_t *out;                  /* decoded weights, aligned for any type */
    size_t out_len;                /* bytes */
    uint8_t *scratch;              /* for values in another order; NULL until dq_lane_scratch */
    size_t scratch_len;            /* bytes */
    size_t gather_len;             /* bytes of values that are gathered at once; 0: out_len */
    struct dq_reduction reduction; /* of what it decoded last */
};

struct dq_lane_ops {
    const char *name; /* "cpu" */

    /* Decodes nblocks blocks from lane->in into lane->out as dtype, which is not native. The caller
     * makes sure that both fit. Adds to *n_overflow the number of finite weights that became
     * infinite. DQ_ERR_GPU; the CPU cannot fail. */
    int (*decode)(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
        uint64_t *n_overflow, struct dq_error *e);
    /* As dq_lane_reduce. NULL: it can reduce nothing. */
    int (*reduce)(
        struct dq_lane *lane, enum dq_type type, size_t nblocks, bool *is_done, struct dq_error *e);
    /* Fills the first len bytes of decode's output with a pattern, so that weights that it fails to
     * write are not mistaken for those of an earlier call. NULL: decode writes to lane->out. */
    int (*poison)(struct dq_lane *lane, size_t len, struct dq_error *e);
    void (*free)(struct dq_lane *lane);
};

/* Creates a lane that decodes on the CPU with the functions of one level. The lengths of its buffers
 * are in bytes. The caller frees it with dq_lane_free. DQ_ERR_MEMORY. */
int dq_lane_new_cpu(const struct dq_cpu *cpu, size_t in_len, size_t out_len, struct dq_lane **out,
    struct dq_error *e);

/* Returns how many weights of a type a lane decodes at once as dtype: whole blocks and, if the buffers
 * are large enough, a multiple of 256. type is NULL if it is unknown; its weights are bytes. */
uint64_t dq_lane_weights(
    const struct dq_lane *lane, const struct dq_type_info *type, enum dq_dtype dtype);

/* Decodes nblocks blocks from lane->in as dtype. *values points to the result: the weights in
 * lane->out or, with dtype native, the blocks in lane->in. type is ignored for native. */
int dq_lane_decode(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
    uint8_t **values, uint64_t *n_overflow, struct dq_error *e);

/* Decodes nblocks blocks from lane->in as f32, and reduces the weights to what lane->reduction.wanted says. *is_done is
 * false if the lane cannot reduce them: then they are in lane->out. */
int dq_lane_reduce(
    struct dq_lane *lane, enum dq_type type, size_t nblocks, bool *is_done, struct dq_error *e);

/* Fills the first len bytes of the output of the next decode with a pattern. */
int dq_lane_poison(struct dq_lane *lane, size_t len, struct dq_error *e);

/* Counts the finite weights of nblocks blocks that become infinite in dtype. */
uint64_t dq_count_overflows(const struct dq_cpu *cpu, enum dq_type type, enum dq_dtype dtype,
    const uint8_t *blocks, size_t nblocks);

/* Makes sure that lane->scratch, which is aligned for any type, has at least len bytes. */
int dq_lane_scratch(struct dq_lane *lane, size_t len, struct dq_error *e);

/* Frees a lane of any kind, or NULL. */
void dq_lane_free(struct dq_lane *lane);

#endif
