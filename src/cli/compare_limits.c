#include "cli/compare_limits.h"

#include <math.h>

const char *dq_compare_limit_name(enum dq_compare_limit limit)
{
    static const char *const names[DQ_LIMITS] = {
        [DQ_LIMIT_EQUAL] = "equal",
        [DQ_LIMIT_MAX_NMSE] = "max-nmse",
        [DQ_LIMIT_MIN_SNR] = "min-snr",
        [DQ_LIMIT_MAX_ABS] = "max-abs",
        [DQ_LIMIT_AGAINST] = "against",
    };
    return names[limit];
}

unsigned dq_compare_limits_beyond(
    const struct dq_args *a, const struct dq_difference *d, const struct dq_difference_figures *f)
{
    const bool is_unlike = dq_difference_n_unlike(d) > 0;
    const bool is_undefined = isnan(f->nmse) && d->max_abs > 0;
    const bool all = is_unlike || is_undefined;
    unsigned beyond = 0;
    if (a->equal && d->n_equal_bits < d->n_weights)
        beyond |= 1u << DQ_LIMIT_EQUAL;
    if (a->max_nmse >= 0 && (all || f->nmse > a->max_nmse))
        beyond |= 1u << DQ_LIMIT_MAX_NMSE;
    if (!isnan(a->min_snr) && (all || f->snr < a->min_snr))
        beyond |= 1u << DQ_LIMIT_MIN_SNR;
    if (a->max_abs >= 0 && (is_unlike || (double)d->max_abs > a->max_abs))
        beyond |= 1u << DQ_LIMIT_MAX_ABS;
    return beyond;
}
