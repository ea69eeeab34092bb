#include "reduce/difference.h"

#include "reduce/sums.h"
#include "reduce/weights.h"

#include <math.h>
#include <string.h>

#define INFINITY_BITS UINT32_C(0x7f800000)
#define SIGN_BIT UINT32_C(0x80000000)

/* Some finite pairs. */
struct some {
    const uint8_t *a; /* of the reference */
    const uint8_t *b;
    size_t n;
    const uint16_t *numbers; /* of the pairs among those that were given; NULL: 0, 1, 2, ... */
};

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

static void take_steps(
    struct dq_difference *d, const struct some *s, float min, float max, uint64_t first)
{
    const float distance = max > -min ? max : -min;
    size_t i = 0;
    if (distance > d->max_abs || (distance > 0 && distance == d->max_abs && first < d->first_max)) {
        while (fabsf(dq_weight_at(s->b, i) - dq_weight_at(s->a, i)) != distance)
            i++;
        keep_max(d, distance, first + (s->numbers ? s->numbers[i] : i), dq_weight_at(s->a, i),
            dq_weight_at(s->b, i));
    }
    keep_steps(d, min, max, dq_difference_n_finite(d) == 0);
}

static void take_counts(struct dq_difference *d, const struct dq_pair_counts *c)
{
    d->n_equal_bits += c->n_equal_bits;
    d->n_equal_values += c->n_equal_values;
    d->n_sign_flips += c->n_sign_flips;
    d->n_to_zero += c->n_to_zero;
    d->n_from_zero += c->n_from_zero;
}

static void add_finite(struct dq_difference *d, const struct dq_cpu *cpu, const struct some *s,
    const struct dq_magnitudes *a, const struct dq_magnitudes *b, uint64_t first)
{
    const unsigned top_a = dq_sums_top(a->max, a->min);
    const unsigned top_b = dq_sums_top(b->max, b->min);
    struct dq_pair_counts counts;
    if (s->n == 0)
        return;
    cpu->sums->compare(s->a, s->b, s->n, &counts);
    take_counts(d, &counts);
    take_steps(d, s, dq_f32_of_key(counts.min_step_key), dq_f32_of_key(counts.max_step_key), first);
    dq_sums_add(&d->reference.sum, &d->reference.squares, cpu, s->a, s->n, top_a);
    dq_sums_add(&d->model.sum, &d->model.squares, cpu, s->b, s->n, top_b);
    dq_sums_add_products(&d->products, cpu, s->a, s->b, s->n, top_a, top_b);
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
static void add_mixed(
    struct dq_difference *d, const struct dq_cpu *cpu, const struct some *s, uint64_t first)
{
    uint32_t a[DQ_SUMS_MOST];
    uint32_t b[DQ_SUMS_MOST];
    uint16_t numbers[DQ_SUMS_MOST] = {0};
    struct dq_magnitudes of_a;
    struct dq_magnitudes of_b;
    struct some finite = {(const uint8_t *)a, (const uint8_t *)b, 0, numbers};
    for (size_t i = 0; i < s->n; i++) {
        const uint32_t x = dq_bits_at(s->a, i);
        const uint32_t y = dq_bits_at(s->b, i);
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
    cpu->sums->find_magnitudes(finite.a, finite.n, &of_a);
    cpu->sums->find_magnitudes(finite.b, finite.n, &of_b);
    add_finite(d, cpu, &finite, &of_a, &of_b, first);
}

/* Returns the magnitudes of one side. */
static struct dq_magnitudes look_at(
    struct dq_side *side, const struct dq_cpu *cpu, const uint8_t *weights, size_t n)
{
    struct dq_magnitudes m;
    cpu->sums->find_magnitudes(weights, n, &m);
    side->bits[0] += m.bits[0];
    side->bits[1] += m.bits[1];
    return m;
}

static void add_some(
    struct dq_difference *d, const struct dq_cpu *cpu, const struct some *s, uint64_t first)
{
    const struct dq_magnitudes a = look_at(&d->reference, cpu, s->a, s->n);
    const struct dq_magnitudes b = look_at(&d->model, cpu, s->b, s->n);
    d->n_weights += s->n;
    if (a.max < INFINITY_BITS && b.max < INFINITY_BITS)
        add_finite(d, cpu, s, &a, &b, first);
    else
        add_mixed(d, cpu, s, first);
}

void dq_difference_add(struct dq_difference *d, const struct dq_cpu *cpu, const void *reference,
    const void *model, size_t n, uint64_t first)
{
    for (size_t done = 0; done < n; done += DQ_SUMS_MOST) {
        const struct some s = {.a = (const uint8_t *)reference + done * sizeof(float),
            .b = (const uint8_t *)model + done * sizeof(float),
            .n = n - done < DQ_SUMS_MOST ? n - done : DQ_SUMS_MOST};
        add_some(d, cpu, &s, first + done);
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

/* The sum of (a - b)^2. */
static double squared_error(const struct dq_difference *d)
{
    struct dq_wide error = d->reference.squares; /* P - 2 C + P' */
    dq_wide_subtract(&error, &d->products);
    dq_wide_subtract(&error, &d->products);
    dq_wide_add(&error, &d->model.squares);
    return dq_wide_round(&error, -298);
}

double dq_difference_nmse(const struct dq_difference *d)
{
    return ratio(squared_error(d), dq_wide_round(&d->reference.squares, -298));
}

void dq_difference_figures(const struct dq_difference *d, struct dq_difference_figures *out)
{
    const double n = (double)dq_difference_n_finite(d);
    struct dq_wide shift = d->model.sum;
    dq_wide_subtract(&shift, &d->reference.sum);
    const double squared = squared_error(d);
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
    if (n_finite >= MIN_PAIRS && dq_bits_of_f32(d->min_step) == dq_bits_of_f32(d->max_step))
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
        [DQ_DIFFERENCE_IN_ROWS] = "another order in each row",
        [DQ_DIFFERENCE_ROWS] = "rows in another order",
    };
    return descriptions[pattern];
}
