#include "reduced.h"

#include "rng.h"

#include <stdlib.h>
#include <string.h>

#define MAGNITUDE UINT32_C(0x7fffffff)

static uint32_t weight_of(enum weights_kind kind, size_t i, struct rng *r)
{
    const uint32_t bits = (uint32_t)rng_u64(r);
    const unsigned at = kind < WEIGHTS_BINADES ? 0 : (unsigned)(kind - WEIGHTS_BINADES);
    const unsigned width = at / WEIGHTS_PLACES;
    const unsigned places[WEIGHTS_PLACES] = {1, 100, 254 - width};
    switch (kind) {
    case WEIGHTS_ANY:
        return bits;
    case WEIGHTS_USUAL:
        return (bits & 0x83ffffff) | 0x3a000000;
    case WEIGHTS_TIED:
        return (bits & 0x80400000) | 0x3f800000;
    case WEIGHTS_ZERO:
        return bits & 0x80000000;
    case WEIGHTS_SUBNORMAL:
        return bits & 0x80000007;
    case WEIGHTS_LARGE:
        return (bits & 0x80ffffff) | 0x7e000000;
    case WEIGHTS_FEW_FINITE:
        return i % 97 == 5 ? bits & 0xbfffffff : (bits & 0x80000003) | 0x7f800000;
    default:
        return (bits & 0x807fffff) | (uint32_t)(places[at % WEIGHTS_PLACES] + i % (width + 1))
                                         << 23;
    }
}

void weights_make(enum weights_kind kind, uint32_t *out, size_t n)
{
    struct rng r = {(uint64_t)kind * 31 + n};
    for (size_t i = 0; i < n; i++)
        out[i] = weight_of(kind, i, &r);
}

static unsigned exponent_of(uint32_t magnitude)
{
    return magnitude >> 23 > 0 ? magnitude >> 23 : 1;
}

unsigned weights_width(const uint32_t *weights, size_t n)
{
    unsigned first = 255;
    unsigned last = 1;
    for (size_t i = 0; i < n; i++) {
        const uint32_t magnitude = weights[i] & MAGNITUDE;
        const unsigned exponent = exponent_of(magnitude);
        if (magnitude == 0 || exponent == 255)
            continue;
        first = exponent < first ? exponent : first;
        last = exponent > last ? exponent : last;
    }
    return first > last ? 0 : last - first;
}

static bool same_float(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

bool stats_are_equal(const struct dq_stats *a, const struct dq_stats *b)
{
    return a->n_weights == b->n_weights && a->n_nan == b->n_nan && a->n_pinf == b->n_pinf &&
           a->n_ninf == b->n_ninf && a->n_pzero == b->n_pzero && a->n_nzero == b->n_nzero &&
           a->n_subnormal == b->n_subnormal &&
           memcmp(a->octaves, b->octaves, sizeof a->octaves) == 0 &&
           memcmp(&a->sum, &b->sum, sizeof a->sum) == 0 &&
           memcmp(&a->squares, &b->squares, sizeof a->squares) == 0 &&
           (dq_stats_n_finite(a) == 0 ||
               (same_float(a->min, b->min) && same_float(a->max, b->max) &&
                   a->first_min == b->first_min && a->first_max == b->first_max));
}

/* Where some weights are outside of the window, how many, and what extremes all of them have. */
static bool is_outside_right(
    const struct dq_reduction *r, const struct dq_stats *wanted, const uint32_t *weights, size_t n)
{
    struct dq_reduced_extremes x = {0};
    uint64_t n_outside = 0;
    uint32_t least = MAGNITUDE + 1;
    for (size_t i = 0; i < n; i++) {
        const uint32_t magnitude = weights[i] & MAGNITUDE;
        if (magnitude == 0 || exponent_of(magnitude) == 255)
            continue;
        n_outside += exponent_of(magnitude) - r->lowest > DQ_WINDOW;
        least = magnitude < least ? magnitude : least;
    }
    return r->stats[DQ_FIELD_n_outside] == n_outside &&
           r->stats[DQ_FIELD_least] == MAGNITUDE + UINT64_C(1) - least &&
           dq_reduction_extremes(r->stats, &x) == (dq_stats_n_finite(wanted) > 0) &&
           x.first_min == wanted->first_min && x.first_max == wanted->first_max;
}

static bool is_stats_right(
    const void *written, const uint32_t *weights, size_t n, uint64_t parameter)
{
    struct dq_reduction r = {.lowest = (unsigned)parameter};
    struct dq_stats got = {.n_weights = 0};
    struct dq_stats wanted = {.n_weights = 0};
    dq_reduction_fold_stats(written, r.stats);
    dq_stats_add(&wanted, dq_cpu_levels[0], weights, n, 0);
    dq_stats_add_reduced(&got, &r, n, 0);
    return is_outside_right(&r, &wanted, weights, n) &&
           (r.stats[DQ_FIELD_n_outside] > 0 || stats_are_equal(&got, &wanted));
}

static bool is_fit_right(const void *written, const uint32_t *weights, size_t n, uint64_t parameter)
{
    struct dq_reduction r = {.wanted = 0};
    struct dq_fit got = {0};
    struct dq_fit wanted = {0};
    (void)parameter;
    dq_reduction_fold_fit(written, r.fit);
    dq_fit_add_reduced(&got, &r);
    dq_fit_add(&wanted, dq_cpu_levels[0], weights, n);
    return memcmp(&got, &wanted, sizeof got) == 0;
}

static bool is_bins_right(
    const void *written, const uint32_t *weights, size_t n, uint64_t parameter)
{
    uint64_t *counts = calloc(2, DQ_BINS * sizeof *counts);
    (void)parameter;
    if (!counts)
        return false;
    dq_bins_add_reduced(counts, written);
    dq_bins_add(counts + DQ_BINS, weights, n);
    const bool is_right = memcmp(counts, counts + DQ_BINS, DQ_BINS * sizeof *counts) == 0;
    free(counts);
    return is_right;
}

static bool are_leaves_right(
    const void *written, const uint32_t *weights, size_t n, uint64_t parameter)
{
    bool are_right = true;
    for (size_t i = 0; i < n / DQ_LEAF_WEIGHTS; i++) {
        uint8_t cv[DQ_BLAKE3_CV];
        const struct dq_blake3_inputs in = {.bytes = (const uint8_t *)weights + i * DQ_BLAKE3_CHUNK,
            .n = 1,
            .n_blocks = DQ_BLAKE3_CHUNK / DQ_BLAKE3_BLOCK,
            .last_len = DQ_BLAKE3_BLOCK,
            .counter = parameter + i};
        dq_cpu_levels[0]->blake3(&in, cv);
        are_right &= memcmp((const uint8_t *)written + i * DQ_BLAKE3_CV, cv, sizeof cv) == 0;
    }
    return are_right;
}

bool reduced_is_right(enum dq_reduction_kind kind, const void *written, const uint32_t *weights,
    size_t n, uint64_t parameter)
{
    static bool (*const are_right[])(const void *, const uint32_t *, size_t, uint64_t) = {
        [DQ_REDUCE_stats] = is_stats_right,
        [DQ_REDUCE_fit] = is_fit_right,
        [DQ_REDUCE_bins] = is_bins_right,
        [DQ_REDUCE_leaves] = are_leaves_right};
    return are_right[kind](written, weights, n, parameter);
}
