/* The operations of decode_simd.h in plain C. */
#ifndef DQ_DECODE_SIMD_PLAIN_H
#define DQ_DECODE_SIMD_PLAIN_H

#include <math.h>

#include "cpu/decode_bits.h"
#include "cpu/decode_fields.h"
#include "cpu/decode_round.h"
#include "cpu/decode_rows.h"

struct dq_x16 {
    float v[16];
};

/* Nearly every scale is a normal number, which takes only a few instructions. */
DQ_INLINE float dq_f16_of(uint16_t h)
{
    const uint32_t widened = (uint32_t)(int16_t)h << 13 & 0x8fffe000;

    if ((h & 0x7fffu) - 0x0400 < 0x7800)
        return dq_f32_of_bits(widened + (112u << 23));
    return dq_f16_to_f32(h);
}

DQ_INLINE void dq_two_f16_at(float *first, float *second, const uint8_t *p)
{
    *first = dq_f16_of(dq_u16(p));
    *second = dq_f16_of(dq_u16(p + 2));
}

DQ_INLINE struct dq_x16 dq_x16_of_codes(const int8_t *q)
{
    struct dq_x16 x;

    for (int i = 0; i < 16; i++)
        x.v[i] = (float)q[i];
    return x;
}

DQ_INLINE struct dq_x16 dq_x16_of_words(uint64_t low, uint64_t high)
{
    int8_t q[16];

    dq_put8(q, low);
    dq_put8(q + 8, high);
    return dq_x16_of_codes(q);
}

DQ_INLINE struct dq_x16 dq_x16_of_f32(const float *p)
{
    struct dq_x16 x;

    memcpy(x.v, p, sizeof x.v);
    return x;
}

DQ_INLINE struct dq_x16 dq_x16_of_f16(const uint8_t *p)
{
    struct dq_x16 x;

    for (int i = 0; i < 16; i++)
        x.v[i] = dq_one_nan(dq_f16_to_f32(dq_u16(p + 2 * i)));
    return x;
}

DQ_INLINE struct dq_x16 dq_x16_times(struct dq_x16 x, float d)
{
    for (int i = 0; i < 16; i++)
        x.v[i] *= d;
    return x;
}

DQ_INLINE struct dq_x16 dq_x16_plus(struct dq_x16 x, float m)
{
    for (int i = 0; i < 16; i++)
        x.v[i] += m;
    return x;
}

DQ_INLINE void dq_x16_to_f32(float *dst, struct dq_x16 x)
{
    memcpy(dst, x.v, sizeof x.v);
}

DQ_INLINE void dq_x16_to_f16(uint16_t *dst, struct dq_x16 x)
{
    DQ_DO_NOT_UNROLL
    for (int i = 0; i < 16; i++)
        dst[i] = dq_finite_to_f16(x.v[i]);
}

DQ_INLINE void dq_x16_to_bf16(uint16_t *dst, struct dq_x16 x)
{
    for (int i = 0; i < 16; i++)
        dst[i] = dq_f32_to_bf16(x.v[i]);
}

#include "cpu/decode_pairs.h"

/* Byte i of b where byte i of mask is 0xff, of a where it is 0. */
static inline uint64_t pick8(uint64_t mask, uint64_t a, uint64_t b)
{
    return a ^ ((a ^ b) & mask);
}

static inline uint64_t one_of_4(uint64_t mask0, uint64_t mask1, const int8_t *values)
{
    const uint64_t low =
        pick8(mask0, DQ_SWAR_SPLAT8((uint8_t)values[0]), DQ_SWAR_SPLAT8((uint8_t)values[1]));
    const uint64_t high =
        pick8(mask0, DQ_SWAR_SPLAT8((uint8_t)values[2]), DQ_SWAR_SPLAT8((uint8_t)values[3]));

    return pick8(mask1, low, high);
}

/* The values of eight nibbles by bitwise selection: no compiler vectorises a lookup in a table of
 * bytes, and eight loads take longer than this does when vectorised. */
static inline uint64_t one_of_16(uint64_t nibbles, const int8_t *values)
{
    uint64_t mask[4];

    for (int i = 0; i < 4; i++) {
        const uint64_t bit = nibbles >> i & DQ_SWAR_SPLAT8(1);
        mask[i] = (bit << 8) - bit;
    }
    const uint64_t v0 = one_of_4(mask[0], mask[1], values);
    const uint64_t v4 = one_of_4(mask[0], mask[1], values + 4);
    const uint64_t v8 = one_of_4(mask[0], mask[1], values + 8);
    const uint64_t v12 = one_of_4(mask[0], mask[1], values + 12);
    return pick8(mask[3], pick8(mask[2], v0, v4), pick8(mask[2], v8, v12));
}

DQ_INLINE void dq_lookup32(int8_t *q, const int8_t *values)
{
    for (int i = 0; i < 32; i += 8)
        dq_put8(q + i, one_of_16(dq_u64((const uint8_t *)q + i), values));
}

DQ_INLINE int dq_all_within(const float *d, const float *m, size_t n, float largest)
{
    int fit = 1;

    for (size_t i = 0; i < n; i++)
        fit &= 128 * fabsf(d[i]) + (m ? fabsf(m[i]) : 0) <= largest;
    return fit;
}

DQ_INLINE void dq_bits32(int8_t *dst, const uint8_t *bits)
{
    static const uint32_t bit[32] = {1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800,
        0x1000, 0x2000, 0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000, 0x200000,
        0x400000, 0x800000, 0x1000000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000,
        0x40000000, 0x80000000};
    const uint32_t all = dq_u32(bits);

    for (int i = 0; i < 32; i++)
        dst[i] = (int8_t) - ((all & bit[i]) != 0);
}

DQ_INLINE void dq_unpack5x32(
    int8_t *restrict q, const uint8_t *restrict nibbles, const uint8_t *restrict bits, int bias)
{
    int8_t mask[32];
    const int8_t *set = mask;

    dq_bits32(mask, bits);
    DQ_KEEP_ARRAY(set);
    DQ_DO_NOT_UNROLL
    for (int i = 0; i < 16; i++)
        q[i] = (int8_t)((nibbles[i] & 15) + (set[i] & 16) - bias);
    DQ_DO_NOT_UNROLL
    for (int i = 0; i < 16; i++)
        q[i + 16] = (int8_t)((nibbles[i] >> 4) + (set[i + 16] & 16) - bias);
}

DQ_INLINE void dq_unpack9x32(uint8_t *dst, const uint8_t *low, const uint8_t *bits)
{
    int8_t set[32];

    dq_bits32(set, bits);
    for (int i = 0; i < 32; i++) {
        dst[2 * i] = low[i];
        dst[2 * i + 1] = set[i] & 1;
    }
}

#endif
