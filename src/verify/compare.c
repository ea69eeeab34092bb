#include "verify/compare.h"

#include "type/half.h"

#include <math.h>
#include <string.h>

static const char *const descriptions[DQ_PATTERN_COUNT] = {
    [DQ_PATTERN_NONE] = "no known pattern",
    [DQ_PATTERN_UNSTABLE] =
        "the result differs on a second run: faulty memory, a race, or a faulty card",
    [DQ_PATTERN_ZERO_SIGN] =
        "only the signs of zeros differ: integers were combined before the scale was applied",
    [DQ_PATTERN_FLUSHED] =
        "subnormals are flushed to zero: the kernel was built with flush-to-zero",
    [DQ_PATTERN_FROM_32] =
        "all mismatches are at weights 32 and up of a block: the kernel assumes a wave of 32",
    [DQ_PATTERN_FROM_2G] =
        "all mismatches are at weights 2^31 and up: the kernel uses a 32-bit index",
};

static const uint64_t TWO_G = (uint64_t)1 << 31;

enum { MIN_FROM_32 = 8 }; /* fewer mismatches can be at weights 32 and up by chance */

enum { MEMCMP_WEIGHTS = 1024 }; /* weights that one memcmp covers; only unequal ones are decoded */

/* The bit patterns of a floating-point type. */
struct float_layout {
    uint32_t sign;
    uint32_t infinity;
    uint32_t min_normal;
};

static const struct float_layout layouts[] = {
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

/* Returns how many representable numbers apart a and b are. +0 and -0 are the same number. */
static uint64_t ulp_distance(uint32_t a, uint32_t b, const struct float_layout *l)
{
    const int64_t x = a & l->sign ? -(int64_t)(a & ~l->sign) : (int64_t)a;
    const int64_t y = b & l->sign ? -(int64_t)(b & ~l->sign) : (int64_t)b;
    return (uint64_t)(x < y ? y - x : x - y);
}

/* Counts the patterns that a mismatch belongs to. */
static void count_patterns(struct dq_comparison *c, uint32_t got, uint32_t want, uint64_t weight)
{
    const struct float_layout *l = &layouts[c->dtype];
    const uint32_t got_abs = got & ~l->sign;
    const uint32_t want_abs = want & ~l->sign;
    c->n_zero_sign += got_abs == 0 && want_abs == 0;
    c->n_flushed += got_abs == 0 && want_abs != 0 && want_abs < l->min_normal;
    c->n_from_32 += weight % dq_types[c->type].weights >= 32;
    c->n_from_2g += weight >= TWO_G;
}

static bool is_nan(uint32_t bits, const struct float_layout *l)
{
    return (bits & ~l->sign) > l->infinity;
}

/* Whether two different bit patterns are a mismatch; updates max_ulp and max_abs. */
static bool is_mismatch(struct dq_comparison *c, uint32_t got, uint32_t want)
{
    const struct float_layout *l = &layouts[c->dtype];
    const double abs = fabs(dq_value_of_bits(got, c->dtype) - dq_value_of_bits(want, c->dtype));
    if (is_nan(got, l) || is_nan(want, l)) {
        if (is_nan(got, l) && is_nan(want, l))
            return false;
        c->max_ulp = UINT64_MAX;
        c->max_abs = HUGE_VAL;
        return true;
    }
    if (abs > c->max_abs)
        c->max_abs = abs;
    const uint64_t distance = ulp_distance(got, want, l);
    if (distance > c->max_ulp)
        c->max_ulp = distance;
    /* Zeros of different sign have distance 0, but count as a mismatch unless differences are
     * tolerated. */
    return distance > c->ulp || (distance == 0 && c->ulp == 0);
}

/* Keeps the mismatch with the lowest number. If a slice takes a block twice, there can be two with the
 * same number: the choice must not depend on their order. */
static void keep_first(struct dq_comparison *c, const struct dq_mismatch *m)
{
    if (c->n_mismatches == 0 || m->weight < c->first.weight ||
        (m->weight == c->first.weight && m->got < c->first.got))
        c->first = *m;
}

/* Compares n weights one by one, starting with weight i of these blocks. */
static void compare_each(struct dq_comparison *c, const void *got, const void *want,
    const uint8_t *blocks, uint64_t first_weight, size_t i, size_t n)
{
    const struct dq_type_info *info = &dq_types[c->type];
    for (const size_t end = i + n; i < end; i++) {
        const uint32_t g = bits_at(got, i, c->dtype);
        const uint32_t w = bits_at(want, i, c->dtype);
        if (g == w || !is_mismatch(c, g, w))
            continue;
        const uint64_t weight = first_weight + i;
        struct dq_mismatch m = {weight, g, w, weight / info->weights, c->device, {0}};
        memcpy(m.bytes, blocks + i / info->weights * info->bytes, info->bytes);
        keep_first(c, &m);
        c->n_mismatches++;
        count_patterns(c, g, w, weight);
    }
}

uint64_t dq_compare(struct dq_comparison *c, const void *got, const void *want,
    const uint8_t *blocks, uint64_t first_block, size_t nblocks)
{
    const struct dq_type_info *info = &dq_types[c->type];
    const size_t item_len = dq_dtype_len(c->dtype);
    const size_t n = nblocks * info->weights;
    const uint64_t first_weight = first_block * info->weights;
    const uint64_t before = c->n_mismatches;
    c->n_weights += n;
    if (first_weight < TWO_G)
        c->has_before_2g = true;
    for (size_t i = 0; i < n; i += MEMCMP_WEIGHTS) {
        const size_t batch = n - i < MEMCMP_WEIGHTS ? n - i : MEMCMP_WEIGHTS;
        if (memcmp((const uint8_t *)got + i * item_len, (const uint8_t *)want + i * item_len,
                batch * item_len) != 0)
            compare_each(c, got, want, blocks, first_weight, i, batch);
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
    /* A slice may have only weights of 2^31 and up, and a few mismatches may all be at 32 and up of
     * their block by chance: neither is a pattern. */
    if (c->n_from_2g == n && c->has_before_2g)
        return DQ_PATTERN_FROM_2G;
    if (c->n_from_32 == n && n >= MIN_FROM_32)
        return DQ_PATTERN_FROM_32;
    return DQ_PATTERN_NONE;
}

const char *dq_pattern_description(enum dq_pattern pattern)
{
    return descriptions[pattern];
}
