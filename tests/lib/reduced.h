/* Weights that are hard to reduce, and whether what a kernel of hip/reduce.h wrote is what the CPU makes of them. */
#ifndef DQ_TEST_REDUCED_H
#define DQ_TEST_REDUCED_H

#include "engine/reduction.h"
#include "reduce/stats.h"

/* Kinds of weights. From the last one on, there are WEIGHTS_PLACES for each number of exponents: 1, 2, ..., as many as a
 * window has, and more. */
enum weights_kind {
    WEIGHTS_ANY,
    WEIGHTS_USUAL,
    WEIGHTS_TIED,      /* few different ones, so that there are several extremes */
    WEIGHTS_ZERO,      /* of both signs */
    WEIGHTS_SUBNORMAL, /* and zeros */
    WEIGHTS_LARGE,     /* up to the largest */
    WEIGHTS_FEW_FINITE,
    WEIGHTS_BINADES
};

/* Those of the last kind begin with the smallest exponent, in the middle, or so that they end with the largest. */
enum { WEIGHTS_PLACES = 3, WEIGHTS_KINDS = WEIGHTS_BINADES + WEIGHTS_PLACES * (DQ_WINDOW + 3) };

void weights_make(enum weights_kind kind, uint32_t *out, size_t n);

/* Returns how far apart the exponents are of finite weights but 0, where that of subnormals is 1. */
unsigned weights_width(const uint32_t *weights, size_t n);

/* Whether statistics are the same to the last bit. */
bool stats_are_equal(const struct dq_stats *a, const struct dq_stats *b);

/* Whether a kernel wrote what the CPU makes of n weights. */
bool reduced_is_right(enum dq_reduction_kind kind, const void *written, const uint32_t *weights,
    size_t n, uint64_t parameter);

#endif
