/* Arithmetic on sizes that come from a file. Functions with *out return false instead of wrapping, and
 * then leave *out unchanged. */
#ifndef DQ_CHECKED_H
#define DQ_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

static inline bool dq_add_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    if (b > UINT64_MAX - a)
        return false;
    *out = a + b;
    return true;
}

/* Saturating addition, for totals that are only displayed. */
static inline uint64_t dq_add_sat_u64(uint64_t a, uint64_t b)
{
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

static inline bool dq_mul_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    if (a != 0 && b > UINT64_MAX / a)
        return false;
    *out = a * b;
    return true;
}

/* Rounds a up to a multiple of alignment, a power of two. */
static inline bool dq_align_u64(uint64_t a, uint64_t alignment, uint64_t *out)
{
    uint64_t sum;
    if (!dq_add_u64(a, alignment - 1, &sum))
        return false;
    *out = sum & ~(alignment - 1);
    return true;
}

#endif
