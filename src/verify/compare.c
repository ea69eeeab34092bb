#include "verify/compare.h"

#include "type/half.h"

#include <math.h>
#include <string.h>

static const char *const words[DQ_PATTERN_COUNT] = {
    [DQ_PATTERN_NONE] = "no known pattern",
    [DQ_PATTERN_UNSTABLE] = "different on a second run: memory, a race or a card at fault",
    [DQ_PATTERN_ZERO_SIGN] = "the sign of zero: integers were folded before the scale was applied",
    [DQ_PATTERN_FLUSHED] = "subnormals flushed to zero: the kernel was built with that",
    [DQ_PATTERN_FROM_32] =
        "all at elements from the 32nd of a block on: a wave of 32 taken for granted",
    [DQ_PATTERN_FROM_2G] = "all at weights from the 2^31st on: an index of 32 bits",
};

static const uint64_t TWO_G = (uint64_t)1 << 31;

enum { TELLING = 8 }; /* mismatches that are hardly there by chance */

enum { AT_ONCE = 1024 }; /* weights whose bits are compared at once; equal ones cost nothing more */

/* What differs between f32 and the 16-bit types. */
struct layout {
    uint32_t sign;
    uint32_t infinity;
    uint32_t least_normal;
};

static const struct layout layouts[] = {
    [DQ_DTYPE_f32] = {0x80000000, 0x7f800000, 0x00800000},
    [DQ_DTYPE_f16] = {0x8000, 0x7c00, 0x0400},
    [DQ_DTYPE_bf16] = {0x8000, 0x7f80, 0x0080},
};

void dq_compare_init(struct dq_comparison *c, enum dq_type type, enum dq_dtype dtype, uint32_t ulp)
{
    *c = (struct dq_comparison){.type = type, .dtype = dtype, .ulp = ulp};
}

double dq_value_of_bits(uint32_t bits, enum dq_dtype dtype)
{
    if (dtype == DQ_DTYPE_f16)
        return (double)dq_f16_to_f32((uint16_t)bits);
    return (double)dq_f32_of_bits(dtype == DQ_DTYPE_bf16 ? bits << 16 : bits);
}

static uint32_t bits_at(const void *weights, size_t i, enum dq_dtype dtype)
{
    uint32_t wide;
    uint16_t narrow;
    if (dtype == DQ_DTYPE_f32) {
        memcpy(&wide, (const uint8_t *)weights + 4 * i, 4);
        return wide;
    }
    memcpy(&narrow, (const uint8_t *)weights + 2 * i, 2);
    return narrow;
}

/* The distance of two numbers on the line of all numbers of their type; both zeros are one place.
 */
static uint64_t ulps(uint32_t a, uint32_t b, const struct layout *l)
{
    const int64_t x = a & l->sign ? -(int64_t)(a & ~l->sign) : (int64_t)a;
    const int64_t y = b & l->sign ? -(int64_t)(b & ~l->sign) : (int64_t)b;
    return (uint64_t)(x < y ? y - x : x - y);
}

static void note(struct dq_comparison *c, uint32_t got, uint32_t want, uint64_t weight)
{
    const struct layout *l = &layouts[c->dtype];
    const uint32_t got_size = got & ~l->sign;
    const uint32_t want_size = want & ~l->sign;
    c->n_zero_sign += got_size == 0 && want_size == 0;
    c->n_flushed += got_size == 0 && want_size != 0 && want_size < l->least_normal;
    c->n_from_32 += weight % dq_types[c->type].weights >= 32;
    c->n_from_2g += weight >= TWO_G;
}

static bool is_nan(uint32_t bits, const struct layout *l)
{
    return (bits & ~l->sign) > l->infinity;
}

/* Whether two bit patterns count as different; raises the largest distances. */
static bool differ(struct dq_comparison *c, uint32_t got, uint32_t want)
{
    const struct layout *l = &layouts[c->dtype];
    const double abs = fabs(dq_value_of_bits(got, c->dtype) - dq_value_of_bits(want, c->dtype));
    if (is_nan(got, l) || is_nan(want, l)) {
        if (is_nan(got, l) && is_nan(want, l))
            return false;
        c->max_ulp = UINT64_MAX;
        c->max_abs = HUGE_VAL;
        return true;
    }
    if (!(abs <= c->max_abs)) /* also for the difference of two infinities */
        c->max_abs = isnan(abs) ? 0 : abs;
    const uint64_t distance = ulps(got, want, l);
    if (distance > c->max_ulp)
        c->max_ulp = distance;
    /* Two zeros of different sign are no unit apart and differ all the same, unless that is let
     * pass. */
    return distance > c->ulp || (distance == 0 && c->ulp == 0);
}

/* Keeps the mismatch with the lowest number; of two of one number, as of a block that a slice takes
 * twice, one that does not depend on their order. */
static void keep_first(struct dq_comparison *c, const struct dq_mismatch *m)
{
    if (c->n_mismatches == 0 || m->weight < c->first.weight ||
        (m->weight == c->first.weight && m->got < c->first.got))
        c->first = *m;
}

/* Looks at n weights, from the i-th of these blocks on, of which some have other bits. */
static void look_closely(struct dq_comparison *c, const void *got, const void *want,
    const uint8_t *blocks, uint64_t first_weight, size_t i, size_t n)
{
    const struct dq_type_info *f = &dq_types[c->type];
    for (const size_t end = i + n; i < end; i++) {
        const uint32_t g = bits_at(got, i, c->dtype);
        const uint32_t w = bits_at(want, i, c->dtype);
        if (g == w || !differ(c, g, w))
            continue;
        const uint64_t weight = first_weight + i;
        struct dq_mismatch m = {weight, g, w, weight / f->weights, c->device, {0}};
        memcpy(m.bytes, blocks + i / f->weights * f->bytes, f->bytes);
        keep_first(c, &m);
        c->n_mismatches++;
        note(c, g, w, weight);
    }
}

uint64_t dq_compare(struct dq_comparison *c, const void *got, const void *want,
    const uint8_t *blocks, uint64_t first_block, size_t nblocks)
{
    const struct dq_type_info *f = &dq_types[c->type];
    const size_t item_len = dq_dtype_len(c->dtype);
    const size_t n = nblocks * f->weights;
    const uint64_t first_weight = first_block * f->weights;
    const uint64_t before = c->n_mismatches;
    c->n_weights += n;
    if (first_weight < TWO_G)
        c->has_before_2g = true;
    for (size_t i = 0; i < n; i += AT_ONCE) {
        const size_t some = n - i < AT_ONCE ? n - i : AT_ONCE;
        if (memcmp((const uint8_t *)got + i * item_len, (const uint8_t *)want + i * item_len,
                some * item_len) != 0)
            look_closely(c, got, want, blocks, first_weight, i, some);
    }
    return c->n_mismatches - before;
}

void dq_compare_merge(struct dq_comparison *c, const struct dq_comparison *other)
{
    if (other->n_mismatches > 0)
        keep_first(c, &other->first);
    c->n_weights += other->n_weights;
    c->n_mismatches += other->n_mismatches;
    c->max_ulp = c->max_ulp > other->max_ulp ? c->max_ulp : other->max_ulp;
    c->max_abs = c->max_abs > other->max_abs ? c->max_abs : other->max_abs;
    c->unstable = c->unstable || other->unstable;
    c->has_before_2g = c->has_before_2g || other->has_before_2g;
    c->n_zero_sign += other->n_zero_sign;
    c->n_flushed += other->n_flushed;
    c->n_from_32 += other->n_from_32;
    c->n_from_2g += other->n_from_2g;
}

enum dq_pattern dq_compare_pattern(const struct dq_comparison *c)
{
    const uint64_t n = c->n_mismatches;
    if (n == 0)
        return DQ_PATTERN_NONE;
    if (c->unstable)
        return DQ_PATTERN_UNSTABLE;
    if (c->n_zero_sign == n)
        return DQ_PATTERN_ZERO_SIGN;
    if (c->n_flushed == n)
        return DQ_PATTERN_FLUSHED;
    /* Chance alone puts a few mismatches into one part of a block, and a slice puts all into one
     * part of the tensor. */
    if (c->n_from_2g == n && c->has_before_2g)
        return DQ_PATTERN_FROM_2G;
    if (c->n_from_32 == n && n >= TELLING)
        return DQ_PATTERN_FROM_32;
    return DQ_PATTERN_NONE;
}

const char *dq_pattern_words(enum dq_pattern pattern)
{
    return words[pattern];
}
