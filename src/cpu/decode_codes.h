/* For the decoder sources: types whose weights are
 *
 *   w[i] = d * q[i]    or    w[i] = d * q[i] + m
 *
 * with codes q that are small integers, and factors d and m that a group of weights shares. This
 * gives the same bits as the formula of the type where that has a - b (which is a + -b) or
 * multiplies by a sign.
 *
 * A decoder defines how one block is unpacked into codes and factors. A run of blocks is unpacked
 * first, and its codes become weights afterwards: both loops vectorise, and they are far enough
 * apart that no load waits for a store of another width. Nearly always the factors of a run are so
 * small that no weight can be NaN or overflow; then the fast path applies, which does not test
 * weights. */
#ifndef DQ_DECODE_CODES_H
#define DQ_DECODE_CODES_H

#include <float.h>

#include "cpu/decode_bits.h"
#include "cpu/decode_impl.h"
#include "cpu/decode_simd.h"

enum { DQ_RUN_WEIGHTS = 1024, DQ_MIN_GROUP = 16 };
static_assert(DQ_RUN_WEIGHTS / DQ_BLOCK_WEIGHTS_MAX > 0, "a run holds at least one block");

/* What a block is unpacked into: one code per weight, factors per group, and for types that have
 * them one bit per weight. */
struct dq_codes {
    int8_t *restrict q;
    float *restrict d;
    float *restrict m;
    uint8_t *restrict bits;
};

typedef void (*dq_unpack_fn)(const void *restrict block, struct dq_codes c);

/* Returns the code that q and its bit stand for; set is -1 if the bit is set, else 0. */
typedef int8_t (*dq_bit_fn)(int8_t q, int8_t set);

DQ_INLINE int8_t dq_negate(int8_t q, int8_t set)
{
    return (int8_t)((q ^ set) - set);
}

/* Values of lookup tables: signed and unsigned 4-bit codes, and signed 3-bit codes, twice. */
static const int8_t dq_signed4[16] = {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1};
static const int8_t dq_unsigned4[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const int8_t dq_signed3[16] = {0, 1, 2, 3, -4, -3, -2, -1, 0, 1, 2, 3, -4, -3, -2, -1};

/* Stores sixteen factors, d times each of sixteen integers. d and m of a block of 256 weights have
 * room for sixteen even if only eight are used. */
DQ_INLINE void dq_put_factors(float *dst, uint64_t low, uint64_t high, float d)
{
    dq_x16_to_f32(dst, dq_x16_times(dq_x16_of_words(low, high), d));
}

/* The facts about a type. They are constants in its decoder. */
struct dq_shape {
    size_t bytes;         /* of a block */
    size_t weights;       /* in a block */
    size_t group;         /* weights that share d and m: 16, or a multiple of 32 */
    int has_m;            /* otherwise m is not set */
    const int8_t *values; /* the sixteen values that codes stand for; NULL: codes are values */
    dq_bit_fn use_bit;    /* how a bit changes its code; NULL: there are no bits */
    struct dq_lut lut;    /* for groups with at most sixteen different weights */
};

/* The slow path, for weights that may be NaN or overflow: decodes n of them, rounds to dtype, and
 * returns how many overflowed. */
size_t DQ_AT_LEVEL(dq_decode_slow)(const struct dq_codes *c, void *restrict dst, size_t n,
    size_t group, int has_m, enum dq_dtype dtype);

/* Applies their bits to n codes. */
DQ_INLINE void dq_use_bits(int8_t *restrict q, const uint8_t *bits, size_t n, dq_bit_fn use)
{
    for (size_t i = 0; i < n; i += 32) {
        int8_t set[32];

        dq_bits32(set, bits + i / 8);
        for (size_t k = 0; k < 32; k++)
            q[i + k] = use(q[i + k], set[k]);
    }
}

/* Sixteen weights of group g; for bf16 deinterleaved, as dq_x16_deinterleaved_to_bf16 takes them. */
DQ_INLINE struct dq_x16 dq_weights16(const struct dq_codes *c, const int8_t *codes, size_t g,
    struct dq_shape shape, enum dq_dtype dtype)
{
    const struct dq_x16 q =
        dtype == DQ_DTYPE_bf16 ? dq_x16_of_codes_deinterleaved(codes) : dq_x16_of_codes(codes);
    const struct dq_x16 dq = dq_x16_times(q, c->d[g]);

    return shape.has_m ? dq_x16_plus(dq, c->m[g]) : dq;
}

/* Takes the arrays by value: compilers would load their addresses anew after each store. */
DQ_INLINE void dq_decode_fast(
    struct dq_codes c, void *restrict dst, size_t n, struct dq_shape shape, enum dq_dtype dtype)
{
    for (size_t i = 0; i < n; i += 32) {
        const int8_t *q = c.q + i;
        const size_t g = i / shape.group;
        const struct dq_x16 a = dq_weights16(&c, q, g, shape, dtype);
        const struct dq_x16 b =
            dq_weights16(&c, q + 16, shape.group == 16 ? g + 1 : g, shape, dtype);

        if (dtype == DQ_DTYPE_f32) {
            dq_x16_to_f32((float *)dst + i, a);
            dq_x16_to_f32((float *)dst + i + 16, b);
        } else if (dtype == DQ_DTYPE_f16) {
            dq_x16_pair_to_f16((uint16_t *)dst + i, a, b);
        } else {
            dq_x16_deinterleaved_to_bf16((uint16_t *)dst + i, a, b);
        }
    }
}

#ifdef DQ_HAS_TABLES
/* Computes and rounds the at most sixteen different weights of a group (or eight each of two
 * groups) once, and looks up the n weights in that table. */
DQ_INLINE void dq_decode_lut(
    struct dq_codes c, uint16_t *restrict dst, size_t n, struct dq_shape shape, enum dq_dtype dtype)
{
    const struct dq_x16 values = dq_x16_of_codes(shape.lut.values);
    const size_t n_groups = shape.lut.two_groups ? 2 : 1;

    for (size_t i = 0, g = 0; i < n; g += n_groups) {
        struct dq_x16 w;

        if (shape.lut.two_groups) {
            w = dq_x16_times_two(values, c.d + g);
            w = shape.has_m ? dq_x16_plus_two(w, c.m + g) : w;
        } else {
            w = dq_x16_times(values, c.d[g]);
            w = shape.has_m ? dq_x16_plus(w, c.m[g]) : w;
        }
        const struct dq_table table = dtype == DQ_DTYPE_f16 ? dq_table_f16(w) : dq_table_bf16(w);
        for (size_t end = i + n_groups * shape.group; i < end; i += 32)
            dq_table_lookup32(dst + i, &table, c.q + i, c.bits + i / 8, shape.lut);
    }
}
#endif

/* Turns n codes into weights of dtype, which is a constant here, as is its largest number. */
DQ_INLINE size_t dq_decode_codes_to(const struct dq_codes *c, void *restrict dst, size_t n,
    struct dq_shape shape, enum dq_dtype dtype, float largest)
{
    /* Whether no weight can be NaN or overflow: the magnitude of a code is 128 at most. */
    const int is_fast = dq_all_within(c->d, shape.has_m ? c->m : NULL, n / shape.group, largest);

#ifdef DQ_HAS_TABLES
    if (is_fast && shape.lut.values && dtype != DQ_DTYPE_f32) {
        dq_decode_lut(*c, dst, n, shape, dtype);
        return 0;
    }
#endif
    if (shape.values) {
        for (size_t i = 0; i < n; i += 32)
            dq_lookup32(c->q + i, shape.values);
    }
    if (shape.use_bit)
        dq_use_bits(c->q, c->bits, n, shape.use_bit);
    if (!is_fast)
        return DQ_AT_LEVEL(dq_decode_slow)(c, dst, n, shape.group, shape.has_m, dtype);
    dq_decode_fast(*c, dst, n, shape, dtype);
    return 0;
}

DQ_INLINE size_t dq_decode_codes(const struct dq_codes *c, void *restrict dst, size_t n,
    struct dq_shape shape, enum dq_dtype dtype)
{
    if (dtype == DQ_DTYPE_f32)
        return dq_decode_codes_to(c, dst, n, shape, DQ_DTYPE_f32, FLT_MAX);
    if (dtype == DQ_DTYPE_f16)
        return dq_decode_codes_to(c, dst, n, shape, DQ_DTYPE_f16, 65504.0f);
    return dq_decode_codes_to(c, dst, n, shape, DQ_DTYPE_bf16, 0x1.fep127f);
}

DQ_INLINE size_t dq_decode_runs(const uint8_t *restrict src, uint8_t *restrict dst, size_t nblocks,
    enum dq_dtype dtype, struct dq_shape shape, dq_unpack_fn unpack)
{
    const size_t run = DQ_RUN_WEIGHTS / shape.weights;
    const size_t groups = shape.weights / shape.group;
    int8_t q[DQ_RUN_WEIGHTS];
    uint8_t bits[DQ_RUN_WEIGHTS / 8];
    float d[DQ_RUN_WEIGHTS / DQ_MIN_GROUP] = {0};
    float m[DQ_RUN_WEIGHTS / DQ_MIN_GROUP] = {0};
    const size_t dtype_len = dq_dtype_len(dtype);
    size_t overflows = 0;

    for (size_t first = 0; first < nblocks; first += run) {
        const size_t len = nblocks - first < run ? nblocks - first : run;
        const size_t n = len * shape.weights;

        for (size_t k = 0; k < len; k++, src += shape.bytes)
            unpack(src, (struct dq_codes){q + k * shape.weights, d + k * groups, m + k * groups,
                            bits + k * shape.weights / 8});
        overflows += dq_decode_codes(&(struct dq_codes){q, d, m, bits}, dst, n, shape, dtype);
        dst += n * dtype_len;
    }
    return overflows;
}

/* The body of a decoder; the arguments after unpack are the members of struct dq_shape after
 * bytes. */
#define DQ_DECODE_RUNS(token, unpack, ...)                                                         \
    dq_decode_runs(src, dst, nblocks, dtype,                                                       \
        (struct dq_shape){sizeof(struct dq_block_##token), __VA_ARGS__}, unpack)

#endif
