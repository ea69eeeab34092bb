#include "reduce/stats.h"

#include "reduce/sums.h"

#include <math.h>
#include <string.h>

enum { MANTISSA_BITS = 23 };

#define INFINITY_BITS UINT32_C(0x7f800000)
#define SIGN_BIT UINT32_C(0x80000000)

/* What some weights are. */
struct found {
    struct dq_extremes finite; /* min_key is INT32_MAX if none is finite */
    uint32_t n_pinf;
    uint32_t n_ninf;
    bool is_finite; /* all are */
};

static float float_of_key(int32_t key)
{
    const uint32_t bits = (uint32_t)dq_f32_key((uint32_t)key);
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static int32_t key_of_float(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return dq_f32_key(bits);
}

/* Returns the bits of a weight, of any alignment. */
static uint32_t bits_at(const uint8_t *weights, size_t i)
{
    uint32_t bits;
    memcpy(&bits, weights + i * sizeof bits, sizeof bits);
    return bits;
}

/* Counts infinities, and finds the extremes of the others. */
static void find_nonfinite(struct found *f, const uint8_t *weights, size_t n)
{
    struct dq_extremes *x = &f->finite;
    x->min_key = INT32_MAX;
    x->max_key = INT32_MIN;
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = bits_at(weights, i);
        const int32_t key = dq_f32_key(bits);
        f->n_pinf += bits == INFINITY_BITS;
        f->n_ninf += bits == (INFINITY_BITS | SIGN_BIT);
        if ((bits & ~SIGN_BIT) >= INFINITY_BITS)
            continue;
        x->min_key = key < x->min_key ? key : x->min_key;
        x->max_key = key > x->max_key ? key : x->max_key;
    }
}

static void find(const struct dq_cpu *cpu, const uint8_t *weights, size_t n, struct found *out)
{
    *out = (struct found){.n_pinf = 0};
    cpu->sums->find_extremes(weights, n, &out->finite);
    out->is_finite = out->finite.min_key > dq_f32_key(INFINITY_BITS | SIGN_BIT) &&
                     out->finite.max_key < dq_f32_key(INFINITY_BITS);
    if (!out->is_finite)
        find_nonfinite(out, weights, n);
}

/* Returns the largest magnitude of weights that are all finite. */
static uint32_t max_magnitude(const struct dq_extremes *x)
{
    const uint32_t low = (uint32_t)dq_f32_key((uint32_t)x->min_key) & ~SIGN_BIT;
    const uint32_t high = (uint32_t)dq_f32_key((uint32_t)x->max_key) & ~SIGN_BIT;
    return low > high ? low : high;
}

static void add_sums(struct dq_stats *s, const struct dq_cpu *cpu, const struct found *f,
    const uint8_t *weights, size_t n)
{
    const unsigned highest =
        f->is_finite ? max_magnitude(&f->finite) >> MANTISSA_BITS : DQ_OCTAVES - 1;
    const unsigned lowest = f->finite.min_bits >> MANTISSA_BITS; /* beyond any if all are 0 */
    dq_sums_add(&s->sum, &s->squares, cpu, weights, n,
        f->is_finite ? dq_sums_top(max_magnitude(&f->finite), f->finite.min_bits) : 0);
    cpu->sums->count_octaves(weights, n, lowest < highest ? lowest : highest, highest, s->octaves);
}

/* Returns the number of the first weight with a key, which there is. */
static size_t find_key(const uint8_t *weights, int32_t key)
{
    size_t i = 0;
    while (dq_f32_key(bits_at(weights, i)) != key)
        i++;
    return i;
}

/* Whether an extreme is beyond another one, or as far and of an earlier weight; sign is 1 for the maximum and -1 for
 * the minimum. */
static bool is_beyond(int32_t key, uint64_t place, float other, uint64_t other_place, int sign)
{
    const int64_t difference = sign * ((int64_t)key - key_of_float(other));
    return difference > 0 || (difference == 0 && place < other_place);
}

static void add_some(
    struct dq_stats *s, const struct dq_cpu *cpu, const uint8_t *weights, size_t n, uint64_t first)
{
    const bool is_first = dq_stats_n_finite(s) == 0;
    struct found f;
    const struct dq_extremes *x = &f.finite;
    find(cpu, weights, n, &f);
    add_sums(s, cpu, &f, weights, n);
    s->n_weights += n;
    s->n_pinf += f.n_pinf;
    s->n_ninf += f.n_ninf;
    s->n_pzero += x->n_pzero;
    s->n_nzero += x->n_nzero;
    s->n_nan = s->octaves[DQ_OCTAVES - 1] - s->n_pinf - s->n_ninf;
    s->n_subnormal = s->octaves[0] - s->n_pzero - s->n_nzero;
    if (x->min_key == INT32_MAX)
        return;
    if (is_first || is_beyond(x->min_key, first, s->min, s->first_min, -1)) {
        s->min = float_of_key(x->min_key);
        s->first_min = first + find_key(weights, x->min_key);
    }
    if (is_first || is_beyond(x->max_key, first, s->max, s->first_max, 1)) {
        s->max = float_of_key(x->max_key);
        s->first_max = first + find_key(weights, x->max_key);
    }
}

void dq_stats_add(
    struct dq_stats *s, const struct dq_cpu *cpu, const void *weights, size_t n, uint64_t first)
{
    const uint8_t *bytes = weights;
    for (size_t done = 0; done < n; done += DQ_SUMS_MOST)
        add_some(s, cpu, bytes + done * sizeof(float),
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
        if (is_beyond(key_of_float(other->min), other->first_min, s->min, s->first_min, -1)) {
            s->min = other->min;
            s->first_min = other->first_min;
        }
        if (is_beyond(key_of_float(other->max), other->first_max, s->max, s->first_max, 1)) {
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
