/* How far a tensor may be from its reference. */
#ifndef DQ_COMPARE_LIMITS_H
#define DQ_COMPARE_LIMITS_H

#include "cli/args.h"
#include "reduce/difference.h"

enum dq_compare_limit {
    DQ_LIMIT_EQUAL,
    DQ_LIMIT_MAX_NMSE,
    DQ_LIMIT_MIN_SNR,
    DQ_LIMIT_MAX_ABS,
    DQ_LIMIT_AGAINST, /* compare_against.h */
    DQ_LIMITS
};

/* Returns the name of its option, without the hyphens. */
const char *dq_compare_limit_name(enum dq_compare_limit limit);

/* Returns which limits of the command line a tensor is beyond, a bit for each, without --against. Where a number stands against NaN or an
 * infinity, it is beyond every limit; where a figure is not defined, if there is a difference. */
unsigned dq_compare_limits_beyond(
    const struct dq_args *a, const struct dq_difference *d, const struct dq_difference_figures *f);

#endif
