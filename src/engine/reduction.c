#include "engine/reduction.h"

enum { MANTISSA_BITS = 23, SPARE = 2 /* binades above the largest weight */ };

#define SIGN_BIT UINT32_C(0x80000000)

const struct dq_reduction_info dq_reductions[DQ_REDUCE_KINDS] = {
    [DQ_REDUCE_stats] = {"dq_reduce_stats", DQ_THREAD_WEIGHTS,
        .len = DQ_STATS_FIELDS * DQ_SLOTS * sizeof(uint64_t)},
    [DQ_REDUCE_fit] = {"dq_reduce_fit", DQ_THREAD_WEIGHTS,
        .len = DQ_FIT_FIELDS * DQ_SLOTS * sizeof(uint64_t)},
    [DQ_REDUCE_bins] = {"dq_reduce_bins", DQ_THREAD_WEIGHTS,
        .len = DQ_REDUCE_BINS * sizeof(uint32_t)},
    [DQ_REDUCE_leaves] = {"dq_reduce_leaves", DQ_LEAF_WEIGHTS,
        .thread_len = DQ_LEAF_WORDS * sizeof(uint32_t)},
};

uint64_t dq_reduction_threads(enum dq_reduction_kind kind, uint64_t n)
{
    const uint64_t most = dq_reductions[kind].thread_weights;
    return (n + most - 1) / most;
}

size_t dq_reduction_len(enum dq_reduction_kind kind, uint64_t n)
{
    return dq_reductions[kind].len +
           (size_t)dq_reduction_threads(kind, n) * dq_reductions[kind].thread_len;
}

static uint64_t sum_of(const uint64_t *slots)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < DQ_SLOTS; i++)
        sum += slots[i];
    return sum;
}

static uint64_t largest_of(const uint64_t *slots)
{
    uint64_t largest = 0;
    for (size_t i = 0; i < DQ_SLOTS; i++)
        largest = slots[i] > largest ? slots[i] : largest;
    return largest;
}

void dq_reduction_fold_stats(const uint64_t *slots, uint64_t stats[DQ_STATS_FIELDS])
{
    for (size_t i = 0; i < DQ_STATS_FIELDS; i++, slots += DQ_SLOTS)
        stats[i] = i < DQ_FIELDS_SUMMED ? sum_of(slots) : largest_of(slots);
}

void dq_reduction_fold_fit(const uint64_t *slots, uint64_t fit[DQ_FIT_FIELDS])
{
    for (size_t i = 0; i < DQ_FIT_FIELDS; i++)
        fit[i] = sum_of(slots + i * DQ_SLOTS);
}

/* The order of the bits as unsigned integers is that of the weights. */
static uint32_t bits_of_order(uint32_t order)
{
    return order >= SIGN_BIT ? order ^ SIGN_BIT : ~order;
}

bool dq_reduction_extremes(const uint64_t stats[DQ_STATS_FIELDS], struct dq_reduced_extremes *out)
{
    const uint64_t min = ~stats[DQ_FIELD_min];
    const uint64_t max = stats[DQ_FIELD_max];
    if (max == 0)
        return false;
    *out = (struct dq_reduced_extremes){.min = bits_of_order((uint32_t)(min >> 32)),
        .max = bits_of_order((uint32_t)(max >> 32)),
        .first_min = (uint32_t)min,
        .first_max = ~(uint32_t)max};
    return true;
}

/* That of subnormals is 1, as that of the smallest other weights, because their units are the same. */
static unsigned exponent_of(uint32_t magnitude)
{
    return magnitude >> MANTISSA_BITS > 0 ? magnitude >> MANTISSA_BITS : 1;
}

bool dq_reduction_window(const uint64_t stats[DQ_STATS_FIELDS], unsigned *lowest)
{
    struct dq_reduced_extremes x;
    if (!dq_reduction_extremes(stats, &x) || stats[DQ_FIELD_least] == 0)
        return true;
    const uint32_t low = x.min & ~SIGN_BIT;
    const uint32_t high = x.max & ~SIGN_BIT;
    const unsigned first = exponent_of(SIGN_BIT - (uint32_t)stats[DQ_FIELD_least]);
    const unsigned last = exponent_of(low > high ? low : high);
    unsigned begin = last + SPARE > DQ_WINDOW + 1 ? last + SPARE - DQ_WINDOW : 1;
    if (last - first > DQ_WINDOW)
        return false;
    begin = begin < first ? begin : first;
    *lowest = begin < DQ_WINDOW_LAST ? begin : DQ_WINDOW_LAST;
    return true;
}
