/* Weights that are worked out from decoded ones. */
#ifndef DQ_DERIVED_H
#define DQ_DERIVED_H

#include <math.h>
#include <stdint.h>

#include "type/half.h"

/* Returns a weight that was worked out from another one, with the one NaN that decoders write; counts it
 * if it became infinite. */
static inline float dq_derived_weight(float weight, float from, uint64_t *n_overflow)
{
    *n_overflow += isinf(weight) && !isinf(from);
    return dq_one_nan(weight);
}

#endif
