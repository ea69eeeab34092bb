/* For the decoder sources: types whose weights are w[i] = d * q[i], or d * q[i] + m, with small
 * integers q and with d and m constant in groups of weights.
 *
 * Such an expression has the bits of the type's own formula also where that writes a - b (which is
 * a + -b) or a sign as a factor.
 *
 * A decoder says how to unpack one block into codes and factors. That is done for a run of blocks
 * before the codes of the run become weights: loops that each vectorise, far enough apart that no
 * load waits for a store of another width. A run is nearly always tame: its factors are so small
 * that no weight is NaN or overflows, and nothing needs to be looked at for each weight. */
#ifndef DQ_DECODE_CODES_H
#define DQ_DECODE_CODES_H

#include <float.h>

#include "cpu/decode_bits.h"
#include "cpu/decode_impl.h"
#include "cpu/decode_simd.h"

enum { DQ_RUN_WEIGHTS = 1024, DQ_MIN_GROUP = 16 };
static_assert(DQ_RUN_WEIGHTS / DQ_BLOCK_WEIGHTS_MAX > 0, "a run holds at least one block");

/* What is unpacked from one block: a code for each weight, factors for each group, and for the
 * types that have them a bit for each weight. */
struct dq_codes {
    int8_t *restrict q;
    float *restrict d;
    float *restrict m;
    uint8_t *restrict bits;
};

typedef void (*dq_unpack_fn)(const void *restrict block, struct dq_codes c);

/* A code that its bit has changed; set is 0 or -1. */
typedef int8_t (*dq_bit_fn)(int8_t q, int8_t set);

DQ_INLINE int8_t dq_negate(int8_t q, int8_t set)
{
    return (int8_t)((q ^ set) - set);
}

/* Values of keys: four bits with a sign and without, and three bits with a sign, twice. */
static const int8_t dq_signed4[16] = {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1};
static const int8_t dq_unsigned4[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const int8_t dq_signed3[16] = {0, 1, 2, 3, -4, -3, -2, -1, 0, 1, 2, 3, -4, -3, -2, -1};

/* Sixteen factors at once; d and m have room for sixteen of each 256 weights also where only eight
 * are of use. */
DQ_INLINE void dq_put_factors(float *dst, uint64_t low, uint64_t high, float d)
{
    dq_x16_to_f32(dst, dq_x16_times(dq_x16_of_words(low, high), d));
}

/* The facts about a type, constants in its decoder. */
struct dq_shape {
    size_t bytes;         /* of a block */
    size_t weights;       /* in a block */
    size_t group;         /* weights that share d and m, 16 or more */
    int has_m;            /* or m is not set */
    const int8_t *values; /* sixteen values that the codes stand for, or NULL: themselves */
    dq_bit_fn use_bit;    /* what the bits do to the codes, or NULL */
    struct dq_keys keys;  /* how codes index a table, if a group has few */
};

/* Makes n weights, with their factors in groups, where some are not finite or may overflow. */
size_t DQ_AT_LEVEL(dq_decode_slow)(const struct dq_codes *c, void *restrict dst, size_t n,
    size_t group, int has_m, enum dq_dtype dtype);

/* Does to n codes what their bits say. */
DQ_INLINE void dq_use_bits(int8_t *restrict q, const uint8_t *bits, size_t n, dq_bit_fn use)
{
    for (size_t i = 0; i < n; i += 32) {
        int8_t set[32];

        dq_bits32(set, bits + i / 8);
        for (size_t k = 0; k < 32; k++)
            q[i + k] = use(q[i + k], set[k]);
    }
}

/* Sixteen weights; for bf16 in the order that dq_x16_deinterleaved_to_bf16 puts right. */
DQ_INLINE struct dq_x16 dq_weights16(
    const struct dq_codes *c, size_t i, struct dq_shape shape, enum dq_dtype dtype)
{
    const size_t g = i / shape.group;
    const struct dq_x16 q = dtype == DQ_DTYPE_bf16 ? dq_x16_of_codes_deinterleaved(c->q + i)
                                                   : dq_x16_of_codes(c->q + i);
    const struct dq_x16 dq = dq_x16_times(q, c->d[g]);

    return shape.has_m ? dq_x16_plus(dq, c->m[g]) : dq;
}

DQ_INLINE void dq_decode_fast(const struct dq_codes *c, void *restrict dst, size_t n,
    struct dq_shape shape, enum dq_dtype dtype)
{
    for (size_t i = 0; i < n; i += 32) {
        const struct dq_x16 a = dq_weights16(c, i, shape, dtype);
        const struct dq_x16 b = dq_weights16(c, i + 16, shape, dtype);

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
/* Computes and rounds the few weights that a group can have, or two groups of sixteen, and looks
 * up each. */
DQ_INLINE void dq_decode_lut(const struct dq_codes *c, uint16_t *restrict dst, size_t n,
    struct dq_shape shape, enum dq_dtype dtype)
{
    const struct dq_x16 values = dq_x16_of_codes(shape.keys.values);
    const size_t groups = shape.keys.two ? 2 : 1;

    for (size_t i = 0, g = 0; i < n; g += groups) {
        struct dq_x16 w;

        if (shape.keys.two) {
            w = dq_x16_times_two(values, c->d + g);
            w = shape.has_m ? dq_x16_plus_two(w, c->m + g) : w;
        } else {
            w = dq_x16_times(values, c->d[g]);
            w = shape.has_m ? dq_x16_plus(w, c->m[g]) : w;
        }
        const struct dq_table table = dtype == DQ_DTYPE_f16 ? dq_table_f16(w) : dq_table_bf16(w);
        for (size_t end = i + groups * shape.group; i < end; i += 32)
            dq_table_lookup32(dst + i, &table, c->q + i, c->bits + i / 8, shape.keys);
    }
}
#endif

/* Codes to weights in dtype, which is known where this is compiled. */
DQ_INLINE size_t dq_decode_codes_to(const struct dq_codes *c, void *restrict dst, size_t n,
    struct dq_shape shape, enum dq_dtype dtype, float largest)
{
    /* Whether no weight can be NaN or overflow; codes are -128 or more. */
    const int tame = dq_all_within(c->d, shape.has_m ? c->m : NULL, n / shape.group, largest);

#ifdef DQ_HAS_TABLES
    if (tame && shape.keys.values && dtype != DQ_DTYPE_f32) {
        dq_decode_lut(c, dst, n, shape, dtype);
        return 0;
    }
#endif
    if (shape.values) {
        for (size_t i = 0; i < n; i += 32)
            dq_lookup32(c->q + i, shape.values);
    }
    if (shape.use_bit)
        dq_use_bits(c->q, c->bits, n, shape.use_bit);
    if (!tame)
        return DQ_AT_LEVEL(dq_decode_slow)(c, dst, n, shape.group, shape.has_m, dtype);
    dq_decode_fast(c, dst, n, shape, dtype);
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

/* What a decoder does and returns. The facts are those of struct dq_shape after bytes. */
#define DQ_DECODE_RUNS(token, unpack, ...)                                                         \
    dq_decode_runs(src, dst, nblocks, dtype,                                                       \
        (struct dq_shape){sizeof(struct dq_block_##token), __VA_ARGS__}, unpack)

#endif
