#include "reduce/stats.h"

#include <math.h>
#include <string.h>

/* A finite f32 is m * 2^(e - 1) units of 2^-149, with m < 2^24, its biased exponent e, and 1 for that of
 * subnormals.
 *
 * Most tensors have weights whose exponents are close to one another. Then a double can be added to each that is so
 * large that its last bits are what the weight is in units of the smallest bit that any of them has: nothing is
 * rounded, and the bit patterns of the sums are added up as integers. Squares, which have twice as many bits, are
 * split into two such doubles. Other weights are added up by exponent. */
enum {
    MANTISSA_BITS = 23,
    BINADES = 27, /* below the highest in a window: 51 bits, with the 24 of a weight */
    EXPONENT_MIN = BINADES + 1, /* of the highest binade of a window, which shifts to bit 0 */
};

/* The sum of weights in a window is less than 2^62. */
_Static_assert(24 + BINADES + 11 == 62 && DQ_SUMS_MOST == 1 << 11,
    "bits of a weight, of a window, of a number");

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

static uint64_t bits_of_double(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static void add_signed(struct dq_wide *w, uint64_t value, unsigned shift)
{
    const bool is_negative = value >> 63 != 0;
    dq_wide_add_shifted(w, is_negative ? -value : value, is_negative, shift);
}

/* Adds weights whose exponents are at most `top`, and at least top - BINADES or that of 0. */
static void add_window(
    struct dq_stats *s, const struct dq_cpu *cpu, const uint8_t *weights, size_t n, unsigned top)
{
    const int t = (int)top;
    const double unit = ldexp(1.5, t - 125);          /* its last bit is 2^(top - 177) */
    const double high_unit = ldexp(1.5, 2 * t - 251); /* 2^(2 top - 303) */
    const double low_unit = ldexp(1.5, 2 * t - 302);  /* 2^(2 top - 354), the square of the first */
    uint64_t sums[3];
    cpu->sums->add_window(weights, n, (const double[]){unit, high_unit, low_unit}, sums);
    add_signed(&s->sum, sums[0] - n * bits_of_double(unit), top - EXPONENT_MIN);
    add_signed(&s->squares, sums[1] - n * bits_of_double(high_unit), 2 * top - 5);
    add_signed(&s->squares, sums[2] - n * bits_of_double(low_unit), 2 * (top - EXPONENT_MIN));
}

/* Adds any weights, but those that are not finite: first those of each exponent, whose sums fit because there are at
 * most DQ_SUMS_MOST. */
static void add_by_exponent(struct dq_stats *s, const uint8_t *weights, size_t n)
{
    uint64_t sums[DQ_OCTAVES] = {0}; /* in two's complement */
    uint64_t squares[DQ_OCTAVES] = {0};
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = bits_at(weights, i);
        const unsigned exponent = bits >> MANTISSA_BITS & (DQ_OCTAVES - 1);
        const uint64_t m = (bits & ((1u << MANTISSA_BITS) - 1)) | (uint64_t)(exponent > 0)
                                                                      << MANTISSA_BITS;
        sums[exponent] += bits >= SIGN_BIT ? -m : m;
        squares[exponent] += m * m;
    }
    for (unsigned exponent = 0; exponent < DQ_OCTAVES - 1; exponent++) {
        const unsigned shift = exponent > 0 ? exponent - 1 : 0;
        if (squares[exponent] == 0)
            continue;
        add_signed(&s->sum, sums[exponent], shift);
        dq_wide_add_shifted(&s->squares, squares[exponent], false, 2 * shift);
    }
}

static void add_sums(struct dq_stats *s, const struct dq_cpu *cpu, const struct found *f,
    const uint8_t *weights, size_t n)
{
    const unsigned highest =
        f->is_finite ? max_magnitude(&f->finite) >> MANTISSA_BITS : DQ_OCTAVES - 1;
    const unsigned lowest = f->finite.min_bits >> MANTISSA_BITS; /* beyond any if all are 0 */
    const unsigned top = highest > EXPONENT_MIN ? highest : EXPONENT_MIN;
    if (f->is_finite && top - BINADES <= lowest)
        add_window(s, cpu, weights, n, top);
    else
        add_by_exponent(s, weights, n);
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
