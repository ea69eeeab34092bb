/* Walking two arrays side by side: for consumers that compare. The runner decodes chunks of one array; the weights
 * with the same numbers in another one are decoded beside each, whatever the types of both. */
#ifndef DQ_BESIDE_H
#define DQ_BESIDE_H

#include "run/run.h"

/* Weights of both arrays with the same numbers, the first of which is `first`; f32 of any alignment. */
struct dq_pairs {
    const uint8_t *chunk;
    const uint8_t *beside;
    size_t n;
    uint64_t first;
};

/* Decodes the weights beside a chunk on a lane of their own, piece by piece, and calls take for each piece. Both
 * plans are of f32 and have as many items; the other one is not gathered. Returns the errors of reading and of the
 * lane. */
int dq_run_beside(const struct dq_values *v, const struct dq_plan *other, struct dq_lane *lane,
    void (*take)(void *arg, const struct dq_pairs *pairs), void *arg, struct dq_error *e);

#endif
