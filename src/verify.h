/* Decoding the same blocks twice, on the device in question and by the plainest code, and
 * comparing. */
#ifndef DQ_VERIFY_H
#define DQ_VERIFY_H

#include "compare.h"
#include "engine.h"
#include "plan.h"

/* Decodes the blocks of a plan on a lane and by the reference (a CPU lane at the lowest level, with
 * buffers of the same size), and compares all their weights. progress (may be NULL) is told the
 * bytes of weights compared. At a mismatch the device is asked a second time, to see whether it
 * agrees with itself. */
int dq_verify_plan(struct dq_lane *lane, struct dq_lane *reference, const struct dq_model *m,
    struct dq_plan *plan, struct dq_comparison *c, void (*progress)(void *arg, uint64_t n_bytes),
    void *arg, struct dq_error *e);

/* The built-in vectors of a format: blocks that cover all of its codes and scales, and the weights
 * that ggml's scalar decoder gives for them. */
struct dq_golden {
    const uint8_t *blocks;
    const uint8_t *weights; /* f32, not aligned */
    size_t nblocks;
};

void dq_golden_get(enum dq_format format, struct dq_golden *out);

/* What the self-test finds for a format and dtype. */
struct dq_selftest {
    struct dq_comparison device;    /* the device against the reference */
    struct dq_comparison reference; /* the reference against the built-in weights */
};

/* Runs the built-in vectors of a format through a lane and the reference. */
int dq_selftest_run(struct dq_lane *lane, struct dq_lane *reference, enum dq_format format,
    enum dq_dtype dtype, uint32_t ulp, struct dq_selftest *out, struct dq_error *e);

#endif
