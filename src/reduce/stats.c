#include "reduce/stats.h"

#include <math.h>
#include <string.h>

/* A finite f32 is m * 2^(e - 1) units of 2^-149, with m < 2^24, its biased exponent e, and 1 for that of
 * subnormals. So magnitudes with one exponent are added up as 64-bit integers, and their sums are shifted into place
 * after some thousand weights. */
enum {
    MANTISSA_BITS = 23,
    EXPONENT_NONFINITE = 255,
    MOST = 1 << 15 /* squares, of less than 2^48 each, whose sum fits 64 bits */
};

/* The sums of the weights with each exponent. */
struct sums {
    int64_t sum[DQ_OCTAVES];
    uint64_t squares[DQ_OCTAVES];
    uint32_t n[DQ_OCTAVES];
};

/* The order of all f32 but NaN, as integers: -0 is just below +0. */
static int32_t key_of(uint32_t bits)
{
    return (int32_t)(bits ^ ((uint32_t) - (int32_t)(bits >> 31) >> 1));
}

static uint32_t bits_of(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* Merges an extreme and its place: sign is 1 for the maximum and -1 for the minimum. */
static void merge_extreme(
    float *extreme, uint64_t *place, float other, uint64_t other_place, int sign)
{
    const int64_t difference = sign * ((int64_t)key_of(bits_of(other)) - key_of(bits_of(*extreme)));
    if (difference > 0 || (difference == 0 && other_place < *place)) {
        *extreme = other;
        *place = other_place;
    }
}

static void add_some(struct dq_stats *s, const uint8_t *weights, size_t n, uint64_t first)
{
    const bool is_first = dq_stats_n_finite(s) == 0;
    struct sums sums;
    uint32_t min = 0;
    uint32_t max = 0;
    size_t at_min = 0;
    size_t at_max = 0;
    bool has_any = false;
    memset(&sums, 0, sizeof sums);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, weights + i * sizeof bits, sizeof bits);
        const uint32_t exponent = bits >> MANTISSA_BITS & EXPONENT_NONFINITE;
        const uint32_t fraction = bits & ((1u << MANTISSA_BITS) - 1);
        const bool is_negative = bits >> 31 != 0;
        sums.n[exponent]++;
        if (exponent == EXPONENT_NONFINITE) {
            s->n_nan += fraction != 0;
            s->n_pinf += fraction == 0 && !is_negative;
            s->n_ninf += fraction == 0 && is_negative;
            continue;
        }
        const int64_t m = fraction | (uint32_t)(exponent > 0) << MANTISSA_BITS;
        sums.sum[exponent] += is_negative ? -m : m;
        sums.squares[exponent] += (uint64_t)(m * m);
        if (exponent == 0) {
            s->n_pzero += fraction == 0 && !is_negative;
            s->n_nzero += fraction == 0 && is_negative;
            s->n_subnormal += fraction != 0;
        }
        if (!has_any || key_of(bits) < key_of(min)) {
            min = bits;
            at_min = i;
        }
        if (!has_any || key_of(bits) > key_of(max)) {
            max = bits;
            at_max = i;
        }
        has_any = true;
    }
    if (has_any && is_first) {
        s->min = float_of(min);
        s->max = float_of(max);
        s->first_min = first + at_min;
        s->first_max = first + at_max;
    } else if (has_any) {
        merge_extreme(&s->min, &s->first_min, float_of(min), first + at_min, -1);
        merge_extreme(&s->max, &s->first_max, float_of(max), first + at_max, 1);
    }
    for (unsigned e = 0; e < DQ_OCTAVES; e++) {
        const unsigned shift = e > 0 ? e - 1 : 0;
        s->octaves[e] += sums.n[e];
        if (sums.squares[e] == 0)
            continue;
        const bool is_negative = sums.sum[e] < 0;
        dq_wide_add_shifted(&s->sum, is_negative ? -(uint64_t)sums.sum[e] : (uint64_t)sums.sum[e],
            is_negative, shift);
        dq_wide_add_shifted(&s->squares, sums.squares[e], false, 2 * shift);
    }
    s->n_weights += n;
}

void dq_stats_add(struct dq_stats *s, const void *weights, size_t n, uint64_t first)
{
    for (size_t done = 0; done < n; done += MOST)
        add_some(s, (const uint8_t *)weights + done * sizeof(float),
            n - done < MOST ? n - done : MOST, first + done);
}

void dq_stats_merge(struct dq_stats *s, const struct dq_stats *other)
{
    if (dq_stats_n_finite(s) == 0) {
        s->min = other->min;
        s->max = other->max;
        s->first_min = other->first_min;
        s->first_max = other->first_max;
    } else if (dq_stats_n_finite(other) > 0) {
        merge_extreme(&s->min, &s->first_min, other->min, other->first_min, -1);
        merge_extreme(&s->max, &s->first_max, other->max, other->first_max, 1);
    }
    s->n_weights += other->n_weights;
    s->n_nan += other->n_nan;
    s->n_pinf += other->n_pinf;
    s->n_ninf += other->n_ninf;
    s->n_pzero += other->n_pzero;
    s->n_nzero += other->n_nzero;
    s->n_subnormal += other->n_subnormal;
    for (unsigned e = 0; e < DQ_OCTAVES; e++)
        s->octaves[e] += other->octaves[e];
    dq_wide_add(&s->sum, &other->sum);
    dq_wide_add(&s->squares, &other->squares);
}

uint64_t dq_stats_n_finite(const struct dq_stats *s)
{
    return s->n_weights - s->n_nan - s->n_pinf - s->n_ninf;
}

void dq_stats_figures(const struct dq_stats *s, struct dq_stats_figures *out)
{
    const uint64_t n_finite = dq_stats_n_finite(s);
    const double n = (double)n_finite;
    if (n_finite == 0) {
        *out = (struct dq_stats_figures){
            (double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
        return;
    }
    const struct dq_wide square = dq_wide_square(&s->sum);
    struct dq_wide spread = s->squares; /* n times the squares of the differences to the mean */
    dq_wide_scale(&spread, n_finite);
    dq_wide_subtract(&spread, &square);
    out->mean = dq_wide_round(&s->sum, -149) / n;
    out->rms = sqrt(dq_wide_round(&s->squares, -298) / n);
    out->std = sqrt(dq_wide_round(&spread, -298) / n / n);
    out->absmax = fmax(fabs((double)s->min), fabs((double)s->max));
    out->crest = out->std > 0 ? out->absmax / out->std : (double)NAN;
}
