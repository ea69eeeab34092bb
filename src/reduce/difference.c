#include "reduce/difference.h"

#include "reduce/stats.h"

#include <math.h>
#include <string.h>

/* Sums are made as in stats.c: if the exponents of some weights are close to one another, as in doubles that are so
 * large that nothing is rounded; else by exponent. */
enum {
    MANTISSA_BITS = 23,
    EXPONENTS = 256,
    BINADES = 27,
    EXPONENT_MIN = BINADES + 1, /* of the highest binade of a window, which shifts to bit 0 */
    MOST = 1 << 11,             /* pairs at once: their sums in a window are less than 2^62 */
};

#define INFINITY_BITS UINT32_C(0x7f800000)
#define SIGN_BIT UINT32_C(0x80000000)

/* Some finite pairs. */
struct some {
    const uint8_t *a; /* of the reference */
    const uint8_t *b;
    size_t n;
    const uint16_t *numbers; /* of the pairs among those that were given; NULL: 0, 1, 2, ... */
};

/* The magnitudes of some weights, as bits. */
struct extent {
    uint32_t max;
    uint32_t min; /* but 0; UINT32_MAX if there is no other */
};

static uint32_t bits_at(const uint8_t *weights, size_t i)
{
    uint32_t bits;
    memcpy(&bits, weights + i * sizeof bits, sizeof bits);
    return bits;
}

static float float_at(const uint8_t *weights, size_t i)
{
    float f;
    memcpy(&f, weights + i * sizeof f, sizeof f);
    return f;
}

static uint32_t bits_of(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* Finds the extent of any weights, and adds up their bits. Compilers use vectors for this and the next loops. */
static void look_at(struct dq_side *side, struct extent *x, const uint8_t *weights, size_t n)
{
    uint32_t max = 0;
    uint32_t min = UINT32_MAX;
    uint64_t sum = 0;
    uint64_t squares = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = bits_at(weights, i);
        const uint32_t magnitude = bits & ~SIGN_BIT;
        const uint32_t below = magnitude - 1; /* of 0, the largest */
        max = magnitude > max ? magnitude : max;
        min = below < min ? below : min;
        sum += bits;
        squares += (uint64_t)bits * bits;
    }
    side->bits[0] += sum;
    side->bits[1] += squares;
    x->max = max;
    x->min = min == UINT32_MAX ? min : min + 1;
}

static void count_pairs(struct dq_difference *d, const struct some *s)
{
    uint32_t n_equal_bits = 0;
    uint32_t n_equal_values = 0;
    uint32_t n_sign_flips = 0;
    uint32_t n_to_zero = 0;
    uint32_t n_from_zero = 0;
    for (size_t i = 0; i < s->n; i++) {
        const uint32_t a = bits_at(s->a, i);
        const uint32_t b = bits_at(s->b, i);
        const uint32_t a_is_zero = (a & ~SIGN_BIT) == 0;
        const uint32_t b_is_zero = (b & ~SIGN_BIT) == 0;
        const uint32_t is_equal = a == b;
        n_equal_bits += is_equal;
        n_equal_values += is_equal | (a_is_zero & b_is_zero);
        n_sign_flips += (a ^ b) >> 31 & ~(a_is_zero | b_is_zero);
        n_to_zero += ~a_is_zero & b_is_zero;
        n_from_zero += a_is_zero & ~b_is_zero;
    }
    d->n_equal_bits += n_equal_bits;
    d->n_equal_values += n_equal_values;
    d->n_sign_flips += n_sign_flips;
    d->n_to_zero += n_to_zero;
    d->n_from_zero += n_from_zero;
}

/* Keeps the largest distance and, of equal ones, the one with the lower number. */
static void keep_max(
    struct dq_difference *d, float distance, uint64_t number, float reference, float model)
{
    if (distance == 0 || distance < d->max_abs ||
        (distance == d->max_abs && number >= d->first_max))
        return;
    d->max_abs = distance;
    d->first_max = number;
    d->max_reference = reference;
    d->max_model = model;
}

static void keep_steps(struct dq_difference *d, float min, float max, bool is_first)
{
    d->min_step = is_first || min < d->min_step ? min : d->min_step;
    d->max_step = is_first || max > d->max_step ? max : d->max_step;
}

static void find_distances(struct dq_difference *d, const struct some *s, uint64_t first)
{
    float min = INFINITY;
    float max = -INFINITY;
    for (size_t i = 0; i < s->n; i++) {
        const float step = float_at(s->b, i) - float_at(s->a, i);
        min = step < min ? step : min;
        max = step > max ? step : max;
    }
    const float distance = max > -min ? max : -min;
    size_t i = 0;
    if (distance > d->max_abs || (distance > 0 && distance == d->max_abs && first < d->first_max)) {
        while (fabsf(float_at(s->b, i) - float_at(s->a, i)) != distance)
            i++;
        keep_max(d, distance, first + (s->numbers ? s->numbers[i] : i), float_at(s->a, i),
            float_at(s->b, i));
    }
    keep_steps(d, min, max, dq_difference_n_finite(d) == 0);
}

/* ---- exact sums ---- */

static uint64_t bits_of_double(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void add_signed(struct dq_wide *w, uint64_t value, unsigned shift)
{
    const bool is_negative = value >> 63 != 0;
    dq_wide_add_shifted(w, is_negative ? -value : value, is_negative, shift);
}

/* Products of two weights whose exponents are at most, together, `top`, on two grids. */
struct grids {
    double high_unit; /* its last bit is 2^(top - 303) */
    double low_unit;  /* 2^(top - 354) */
    uint64_t high;    /* the sum of the bits */
    uint64_t low;
};

static struct grids grids_of(unsigned top)
{
    return (struct grids){
        .high_unit = ldexp(1.5, (int)top - 251), .low_unit = ldexp(1.5, (int)top - 302)};
}

static inline void add_product(struct grids *g, double product)
{
    const double rounded = product + g->high_unit;
    g->high += bits_of_double(rounded);
    g->low += bits_of_double(product - (rounded - g->high_unit) + g->low_unit);
}

static void take_products(struct dq_wide *w, const struct grids *g, size_t n, unsigned top)
{
    add_signed(w, g->high - n * bits_of_double(g->high_unit), top - 5);
    add_signed(w, g->low - n * bits_of_double(g->low_unit), top - 2 * EXPONENT_MIN);
}

/* Adds pairs in which each side has exponents of at most its top, and at least top - BINADES or that of 0. */
static void add_window(
    struct dq_difference *d, const struct some *s, unsigned top_a, unsigned top_b)
{
    const double unit_a = ldexp(1.5, (int)top_a - 125); /* its last bit is 2^(top_a - 177) */
    const double unit_b = ldexp(1.5, (int)top_b - 125);
    struct grids aa = grids_of(2 * top_a);
    struct grids bb = grids_of(2 * top_b);
    struct grids ab = grids_of(top_a + top_b);
    uint64_t sum_a = 0;
    uint64_t sum_b = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double a = (double)float_at(s->a, i);
        const double b = (double)float_at(s->b, i);
        sum_a += bits_of_double(a + unit_a);
        sum_b += bits_of_double(b + unit_b);
        add_product(&aa, a * a); /* exact: 48 bits */
        add_product(&bb, b * b);
        add_product(&ab, a * b);
    }
    add_signed(&d->reference.sum, sum_a - s->n * bits_of_double(unit_a), top_a - EXPONENT_MIN);
    add_signed(&d->model.sum, sum_b - s->n * bits_of_double(unit_b), top_b - EXPONENT_MIN);
    take_products(&d->reference.squares, &aa, s->n, 2 * top_a);
    take_products(&d->model.squares, &bb, s->n, 2 * top_b);
    take_products(&d->products, &ab, s->n, top_a + top_b);
}

/* Returns what a finite weight is, times 2^(149 - shift). */
static uint64_t mantissa_of(uint32_t bits, unsigned *shift)
{
    const unsigned exponent = bits >> MANTISSA_BITS & (EXPONENTS - 1);
    *shift = exponent > 0 ? exponent - 1 : 0;
    return (bits & ((1u << MANTISSA_BITS) - 1)) | (uint64_t)(exponent > 0) << MANTISSA_BITS;
}

static void add_side(struct dq_side *side, const uint8_t *weights, size_t n)
{
    struct dq_stats stats = {0};
    dq_stats_add(&stats, dq_cpu_best(), weights, n, 0);
    dq_wide_add(&side->sum, &stats.sum);
    dq_wide_add(&side->squares, &stats.squares);
}

/* Adds any pairs: first the products of each exponent, whose sums fit because there are at most MOST. */
static void add_by_exponent(struct dq_difference *d, const struct some *s)
{
    uint64_t products[2 * EXPONENTS] = {0}; /* in two's complement */
    for (size_t i = 0; i < s->n; i++) {
        const uint32_t a = bits_at(s->a, i);
        const uint32_t b = bits_at(s->b, i);
        unsigned shift_a;
        unsigned shift_b;
        const uint64_t product = mantissa_of(a, &shift_a) * mantissa_of(b, &shift_b);
        products[shift_a + shift_b] += (a ^ b) >= SIGN_BIT ? -product : product;
    }
    for (unsigned shift = 0; shift < 2 * EXPONENTS; shift++) {
        if (products[shift] != 0)
            add_signed(&d->products, products[shift], shift);
    }
    add_side(&d->reference, s->a, s->n);
    add_side(&d->model, s->b, s->n);
}

/* Returns the highest exponent of a window for some weights; 0 if none holds them. */
static unsigned window_top(const struct extent *x)
{
    const unsigned highest = x->max >> MANTISSA_BITS;
    const unsigned lowest = x->min >> MANTISSA_BITS;
    const unsigned top = highest > EXPONENT_MIN ? highest : EXPONENT_MIN;
    return top - BINADES <= lowest ? top : 0;
}

static void add_finite(struct dq_difference *d, const struct some *s, const struct extent *a,
    const struct extent *b, uint64_t first)
{
    const unsigned top_a = window_top(a);
    const unsigned top_b = window_top(b);
    if (s->n == 0)
        return;
    count_pairs(d, s);
    find_distances(d, s, first);
    if (top_a > 0 && top_b > 0)
        add_window(d, s, top_a, top_b);
    else
        add_by_exponent(d, s);
    d->kinds[DQ_NUMBER][DQ_NUMBER] += s->n;
}

static enum dq_weight_kind kind_of(uint32_t bits)
{
    const uint32_t magnitude = bits & ~SIGN_BIT;
    if (magnitude < INFINITY_BITS)
        return DQ_NUMBER;
    if (magnitude > INFINITY_BITS)
        return DQ_NAN;
    return bits == magnitude ? DQ_PINF : DQ_NINF;
}

/* Adds pairs of which some are not finite: counts these, and takes the others together. */
static void add_mixed(struct dq_difference *d, const struct some *s, uint64_t first)
{
    uint32_t a[MOST];
    uint32_t b[MOST];
    uint16_t numbers[MOST];
    struct extent extent_a;
    struct extent extent_b;
    struct dq_side unused = {{{0}}, {{0}}, {0}};
    struct some finite = {(const uint8_t *)a, (const uint8_t *)b, 0, numbers};
    for (size_t i = 0; i < s->n; i++) {
        const uint32_t x = bits_at(s->a, i);
        const uint32_t y = bits_at(s->b, i);
        const enum dq_weight_kind kind_x = kind_of(x);
        const enum dq_weight_kind kind_y = kind_of(y);
        if (kind_x == DQ_NUMBER && kind_y == DQ_NUMBER) {
            a[finite.n] = x;
            b[finite.n] = y;
            numbers[finite.n++] = (uint16_t)i;
            continue;
        }
        d->kinds[kind_x][kind_y]++;
        d->n_equal_bits += x == y;
        d->n_equal_other += x == y;
        d->n_equal_values += x == y && kind_x != DQ_NAN;
    }
    look_at(&unused, &extent_a, finite.a, finite.n);
    look_at(&unused, &extent_b, finite.b, finite.n);
    add_finite(d, &finite, &extent_a, &extent_b, first);
}

static void add_some(struct dq_difference *d, const struct some *s, uint64_t first)
{
    struct extent a;
    struct extent b;
    look_at(&d->reference, &a, s->a, s->n);
    look_at(&d->model, &b, s->b, s->n);
    d->n_weights += s->n;
    if (a.max < INFINITY_BITS && b.max < INFINITY_BITS)
        add_finite(d, s, &a, &b, first);
    else
        add_mixed(d, s, first);
}

void dq_difference_add(
    struct dq_difference *d, const void *reference, const void *model, size_t n, uint64_t first)
{
    for (size_t done = 0; done < n; done += MOST) {
        const struct some s = {.a = (const uint8_t *)reference + done * sizeof(float),
            .b = (const uint8_t *)model + done * sizeof(float),
            .n = n - done < MOST ? n - done : MOST};
        add_some(d, &s, first + done);
    }
}

static void merge_side(struct dq_side *side, const struct dq_side *other)
{
    dq_wide_add(&side->sum, &other->sum);
    dq_wide_add(&side->squares, &other->squares);
    side->bits[0] += other->bits[0];
    side->bits[1] += other->bits[1];
}

void dq_difference_merge(struct dq_difference *d, const struct dq_difference *other)
{
    if (dq_difference_n_finite(other) > 0)
        keep_steps(d, other->min_step, other->max_step, dq_difference_n_finite(d) == 0);
    keep_max(d, other->max_abs, other->first_max, other->max_reference, other->max_model);
    d->n_weights += other->n_weights;
    for (size_t i = 0; i < DQ_WEIGHT_KINDS; i++) {
        for (size_t k = 0; k < DQ_WEIGHT_KINDS; k++)
            d->kinds[i][k] += other->kinds[i][k];
    }
    d->n_equal_bits += other->n_equal_bits;
    d->n_equal_other += other->n_equal_other;
    d->n_equal_values += other->n_equal_values;
    d->n_sign_flips += other->n_sign_flips;
    d->n_to_zero += other->n_to_zero;
    d->n_from_zero += other->n_from_zero;
    merge_side(&d->reference, &other->reference);
    merge_side(&d->model, &other->model);
    dq_wide_add(&d->products, &other->products);
}

uint64_t dq_difference_n_unlike(const struct dq_difference *d)
{
    uint64_t n = d->n_weights;
    for (size_t i = 0; i < DQ_WEIGHT_KINDS; i++)
        n -= d->kinds[i][i];
    return n;
}

/* ---- figures ---- */

static double ratio(double x, double y)
{
    return y > 0 ? x / y : (double)NAN;
}

void dq_difference_figures(const struct dq_difference *d, struct dq_difference_figures *out)
{
    const double n = (double)dq_difference_n_finite(d);
    struct dq_wide error = d->reference.squares; /* P - 2 C + P' */
    struct dq_wide shift = d->model.sum;
    dq_wide_subtract(&error, &d->products);
    dq_wide_subtract(&error, &d->products);
    dq_wide_add(&error, &d->model.squares);
    dq_wide_subtract(&shift, &d->reference.sum);
    const double squared = dq_wide_round(&error, -298);
    const double p = dq_wide_round(&d->reference.squares, -298);
    const double p_model = dq_wide_round(&d->model.squares, -298);
    const double c = dq_wide_round(&d->products, -298);
    out->mse = ratio(squared, n);
    out->rmse = sqrt(out->mse);
    out->nmse = ratio(squared, p);
    out->rel = sqrt(out->nmse);
    out->snr = out->nmse > 0 ? nearbyint(-1000 * log10(out->nmse)) / 100 + 0.0
                             : ratio((double)INFINITY, p);
    out->cosine = ratio(c, sqrt(p * p_model));
    out->gain = ratio(c, p_model);
    out->bias = ratio(dq_wide_round(&shift, -149), n);
}

/* ---- patterns ---- */

enum {
    /* Fewer pairs are too easily on one line. */
    MIN_PAIRS = 3,
};

/* Whether the model's weights are those of the reference times a number, each rounded to f32: what is left at the
 * best gain is not more than rounding gives, and much less than without it. */
static bool is_scaled(const struct dq_difference *d)
{
    static const double rounding =
        0x1p-45; /* of f32, squared, is 2^-48, and 1 - cosine^2 has 2^-52 */
    struct dq_difference_figures f;
    dq_difference_figures(d, &f);
    return 1 - f.cosine * f.cosine < rounding && f.nmse > 0x1p10 * rounding;
}

static bool is_same_side(const struct dq_side *a, const struct dq_side *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool is_zero(const struct dq_side *s)
{
    static const struct dq_wide zero;
    return memcmp(&s->squares, &zero, sizeof zero) == 0;
}

enum dq_difference_pattern dq_difference_pattern(const struct dq_difference *d)
{
    const uint64_t n = d->n_weights;
    const uint64_t n_finite = dq_difference_n_finite(d);
    if (d->n_equal_bits == n)
        return DQ_DIFFERENCE_EQUAL;
    if (n - n_finite != d->n_equal_other) /* what is not finite has to be equal */
        return DQ_DIFFERENCE_NONE;
    if (d->max_abs == 0)
        return DQ_DIFFERENCE_ZERO_SIGNS;
    if (is_zero(&d->model))
        return DQ_DIFFERENCE_ALL_ZERO;
    if (n_finite >= MIN_PAIRS && bits_of(d->min_step) == bits_of(d->max_step))
        return DQ_DIFFERENCE_OFFSET;
    if (n_finite >= MIN_PAIRS && is_scaled(d))
        return DQ_DIFFERENCE_SCALED;
    if (is_same_side(&d->reference, &d->model))
        return DQ_DIFFERENCE_REORDERED;
    return DQ_DIFFERENCE_NONE;
}

const char *dq_difference_description(enum dq_difference_pattern pattern)
{
    static const char *const descriptions[DQ_DIFFERENCE_PATTERNS] = {
        [DQ_DIFFERENCE_NONE] = NULL,
        [DQ_DIFFERENCE_EQUAL] = "equal",
        [DQ_DIFFERENCE_ZERO_SIGNS] = "equal but for the signs of zeros",
        [DQ_DIFFERENCE_ALL_ZERO] = "all zero",
        [DQ_DIFFERENCE_OFFSET] = "b = a + c",
        [DQ_DIFFERENCE_SCALED] = "b = g a",
        [DQ_DIFFERENCE_REORDERED] = "same values in another order",
    };
    return descriptions[pattern];
}
