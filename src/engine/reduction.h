/* Reductions: what a lane can find out about weights where it decodes them, so that they need not be copied. */
#ifndef DQ_ENGINE_REDUCTION_H
#define DQ_ENGINE_REDUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "type/reduction.h"

enum dq_reduction_kind {
    DQ_REDUCE_stats, /* the fields of enum dq_stats_field */
    DQ_REDUCE_fit,   /* those of enum dq_fit_field */
    DQ_REDUCE_bins,
    DQ_REDUCE_leaves, /* of a number of weights that is a multiple of DQ_LEAF_WEIGHTS; the last kind, and the only one
                         that does not add to zeros */
    DQ_REDUCE_KINDS
};

/* The kernel of each. */
struct dq_reduction_info {
    const char *kernel;
    uint32_t thread_weights; /* weights that a thread takes at most */
    size_t len;              /* bytes that it writes: in all, */
    size_t thread_len;       /* and for each thread */
};
extern const struct dq_reduction_info dq_reductions[DQ_REDUCE_KINDS];

/* Return how many threads reduce n weights, and how many bytes they write. */
uint64_t dq_reduction_threads(enum dq_reduction_kind kind, uint64_t n);
size_t dq_reduction_len(enum dq_reduction_kind kind, uint64_t n);

/* What is wanted of some weights, f32, and what they were reduced to. */
struct dq_reduction {
    unsigned wanted;     /* a bit, 1 << kind, for each */
    uint64_t first_leaf; /* its number in the message */

    uint64_t stats
        [DQ_STATS_FIELDS]; /* each made of all of its slots; no weight is outside of the window */
    unsigned lowest;       /* the exponent with which that begins */
    uint64_t fit[DQ_FIT_FIELDS];
    const uint32_t *bins; /* these are in the lane */
    uint8_t *leaves;
};

/* Makes fields of what kernels wrote. */
void dq_reduction_fold_stats(const uint64_t *slots, uint64_t stats[DQ_STATS_FIELDS]);
void dq_reduction_fold_fit(const uint64_t *slots, uint64_t fit[DQ_FIT_FIELDS]);

/* The smallest and the largest finite weight that fields tell of, as bits, and the number of the first of each. Returns
 * false if there is none. */
struct dq_reduced_extremes {
    uint32_t min;
    uint32_t max;
    uint32_t first_min;
    uint32_t first_max;
};
bool dq_reduction_extremes(const uint64_t stats[DQ_STATS_FIELDS], struct dq_reduced_extremes *out);

/* Chooses a window that has all exponents that fields tell of, if it can with room for larger weights, as they may
 * come next; *lowest stays as it is if all finite weights are 0. Returns false if no window has all. */
bool dq_reduction_window(const uint64_t stats[DQ_STATS_FIELDS], unsigned *lowest);

#endif
