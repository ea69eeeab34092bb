#include "reduce/stats.h"

#include "reduce/sums.h"
#include "reduce/weights.h"

#include <math.h>

enum { MANTISSA_BITS = 23 };

#define INFINITY_BITS UINT32_C(0x7f800000)
#define SIGN_BIT UINT32_C(0x80000000)

/* Returns the largest magnitude; that of NaN if it is there. */
static uint32_t max_magnitude(const struct dq_extremes *x)
{
    const uint32_t low = (uint32_t)dq_f32_key((uint32_t)x->min_key) & ~SIGN_BIT;
    const uint32_t high = (uint32_t)dq_f32_key((uint32_t)x->max_key) & ~SIGN_BIT;
    return low > high ? low : high;
}

/* Returns what dq_sums_add takes. */
static unsigned top_of(const struct dq_extremes *x)
{
    const uint32_t max = max_magnitude(x);
    return max < INFINITY_BITS ? dq_sums_top(max, x->min_bits) : 0;
}

/* Returns the number of the first weight with a key, which there is. */
static size_t find_key(const uint8_t *weights, int32_t key)
{
    size_t i = 0;
    while (dq_f32_key(dq_bits_at(weights, i)) != key)
        i++;
    return i;
}

/* Whether an extreme is beyond another one, or as far and of an earlier weight; sign is 1 for the maximum and -1 for
 * the minimum. */
static bool is_beyond(int32_t key, uint64_t place, float other, uint64_t other_place, int sign)
{
    const int64_t difference = sign * ((int64_t)key - dq_key_of_f32(other));
    return difference > 0 || (difference == 0 && place < other_place);
}

/* Adds at most DQ_SUMS_MOST weights, of which x are the extremes. */
static void add_some(struct dq_stats *s, const struct dq_cpu *cpu, const struct dq_extremes *x,
    const uint8_t *weights, size_t n, uint64_t first)
{
    const bool is_first = dq_stats_n_finite(s) == 0;
    const unsigned highest = max_magnitude(x) >> MANTISSA_BITS;
    const unsigned lowest = x->min_bits >> MANTISSA_BITS; /* beyond any if all are 0 */
    struct dq_finite_extremes f = {.min_key = x->min_key, .max_key = x->max_key};
    if (highest == DQ_OCTAVES - 1)
        cpu->sums->find_finite_extremes(weights, n, &f);
    dq_sums_add(&s->sum, &s->squares, cpu, weights, n, top_of(x));
    cpu->sums->count_octaves(weights, n, lowest < highest ? lowest : highest, highest, s->octaves);
    s->n_weights += n;
    s->n_pinf += f.n_pinf;
    s->n_ninf += f.n_ninf;
    s->n_pzero += x->n_pzero;
    s->n_nzero += x->n_nzero;
    s->n_nan = s->octaves[DQ_OCTAVES - 1] - s->n_pinf - s->n_ninf;
    s->n_subnormal = s->octaves[0] - s->n_pzero - s->n_nzero;
    if (f.min_key == INT32_MAX)
        return;
    if (is_first || is_beyond(f.min_key, first, s->min, s->first_min, -1)) {
        s->min = dq_f32_of_key(f.min_key);
        s->first_min = first + find_key(weights, f.min_key);
    }
    if (is_first || is_beyond(f.max_key, first, s->max, s->first_max, 1)) {
        s->max = dq_f32_of_key(f.max_key);
        s->first_max = first + find_key(weights, f.max_key);
    }
}

/* Adds at most DQ_SUMS_MOST weights, in parts if they do not fit a window but most parts do: each block has a scale of
 * its own. */
static void add_chunk(
    struct dq_stats *s, const struct dq_cpu *cpu, const uint8_t *weights, size_t n, uint64_t first)
{
    enum { PART = 256, PARTS = DQ_SUMS_MOST / PART };
    struct dq_extremes whole;
    struct dq_extremes parts[PARTS];
    size_t n_parts = 0;
    size_t n_fit = 0;
    cpu->sums->find_extremes(weights, n, &whole);
    if (top_of(&whole) == 0) {
        for (size_t done = 0; done < n; done += PART, n_parts++) {
            cpu->sums->find_extremes(
                weights + done * sizeof(float), n - done < PART ? n - done : PART, &parts[n_parts]);
            n_fit += top_of(&parts[n_parts]) > 0;
        }
    }
    if (2 * n_fit <= n_parts) {
        add_some(s, cpu, &whole, weights, n, first);
        return;
    }
    for (size_t i = 0; i < n_parts; i++) {
        const size_t done = i * PART;
        add_some(s, cpu, &parts[i], weights + done * sizeof(float),
            n - done < PART ? n - done : PART, first + done);
    }
}

void dq_stats_add(
    struct dq_stats *s, const struct dq_cpu *cpu, const void *weights, size_t n, uint64_t first)
{
    const uint8_t *bytes = weights;
    for (size_t done = 0; done < n; done += DQ_SUMS_MOST)
        add_chunk(s, cpu, bytes + done * sizeof(float),
            n - done < DQ_SUMS_MOST ? n - done : DQ_SUMS_MOST, first + done);
}

void dq_fit_add(struct dq_fit *f, const struct dq_cpu *cpu, const void *weights, size_t n)
{
    const uint8_t *bytes = weights;
    for (size_t done = 0; done < n; done += DQ_SUMS_MOST)
        cpu->sums->add_fit(
            bytes + done * sizeof(float), n - done < DQ_SUMS_MOST ? n - done : DQ_SUMS_MOST, f);
}

void dq_fit_merge(struct dq_fit *f, const struct dq_fit *other)
{
    f->f16_exact += other->f16_exact;
    f->f16_overflow += other->f16_overflow;
    f->f16_zero += other->f16_zero;
    f->f16_subnormal += other->f16_subnormal;
    f->bf16_exact += other->bf16_exact;
    f->bf16_overflow += other->bf16_overflow;
}

void dq_stats_merge(struct dq_stats *s, const struct dq_stats *other)
{
    if (dq_stats_n_finite(s) == 0) {
        s->min = other->min;
        s->max = other->max;
        s->first_min = other->first_min;
        s->first_max = other->first_max;
    } else if (dq_stats_n_finite(other) > 0) {
        if (is_beyond(dq_key_of_f32(other->min), other->first_min, s->min, s->first_min, -1)) {
            s->min = other->min;
            s->first_min = other->first_min;
        }
        if (is_beyond(dq_key_of_f32(other->max), other->first_max, s->max, s->first_max, 1)) {
            s->max = other->max;
            s->first_max = other->first_max;
        }
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

/* The sums are in units of the last bit that a weight of the window has. */
static void add_reduced_sums(struct dq_stats *s, const struct dq_reduction *r)
{
    enum { PART_BITS = 32 };
    const unsigned unit = r->lowest - 1;
    const uint64_t high = r->stats[DQ_FIELD_sum + 1];
    const bool is_negative = high >> 63 != 0;
    dq_wide_add_shifted(&s->sum, r->stats[DQ_FIELD_sum], false, unit);
    dq_wide_add_shifted(&s->sum, is_negative ? -high : high, is_negative, unit + PART_BITS);
    for (unsigned i = 0; i < DQ_FIELD_n_pzero - DQ_FIELD_squares; i++)
        dq_wide_add_shifted(
            &s->squares, r->stats[DQ_FIELD_squares + i], false, 2 * unit + i * PART_BITS);
}

void dq_stats_add_reduced(
    struct dq_stats *s, const struct dq_reduction *r, size_t n, uint64_t first)
{
    struct dq_stats part = {.n_weights = n,
        .n_nan = r->stats[DQ_FIELD_n_nan],
        .n_pinf = r->stats[DQ_FIELD_n_pinf],
        .n_ninf = r->stats[DQ_FIELD_n_ninf],
        .n_pzero = r->stats[DQ_FIELD_n_pzero],
        .n_nzero = r->stats[DQ_FIELD_n_nzero]};
    struct dq_reduced_extremes x;
    for (unsigned i = 0; i < DQ_FIELDS_SUMMED - DQ_FIELD_octaves; i++)
        part.octaves[r->lowest - 1 + i] += r->stats[DQ_FIELD_octaves + i];
    part.n_subnormal = part.octaves[0];
    part.octaves[0] += part.n_pzero + part.n_nzero;
    part.octaves[DQ_OCTAVES - 1] = part.n_nan + part.n_pinf + part.n_ninf;
    add_reduced_sums(&part, r);
    if (dq_reduction_extremes(r->stats, &x)) {
        part.min = dq_f32_of_bits(x.min);
        part.max = dq_f32_of_bits(x.max);
        part.first_min = first + x.first_min;
        part.first_max = first + x.first_max;
    }
    dq_stats_merge(s, &part);
}

void dq_fit_add_reduced(struct dq_fit *f, const struct dq_reduction *r)
{
    dq_fit_merge(f, &(struct dq_fit){.f16_exact = r->fit[DQ_FIELD_f16_exact],
                        .f16_overflow = r->fit[DQ_FIELD_f16_overflow],
                        .f16_zero = r->fit[DQ_FIELD_f16_zero],
                        .f16_subnormal = r->fit[DQ_FIELD_f16_subnormal],
                        .bf16_exact = r->fit[DQ_FIELD_bf16_exact],
                        .bf16_overflow = r->fit[DQ_FIELD_bf16_overflow]});
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
