/* The parts of decoders: loads as wide as the alignment of a block allows, and quads.
 *
 * A quad is four consecutive weights of a block. Its codes are mostly the four bytes of a word, so
 * that shifts and masks work on all four at once; they become floats at the end.
 *
 * The first block is at a multiple of 256 bytes. So blocks of B bytes are aligned to the largest
 * power of two that divides B, and a field to the largest one that divides its offset too; 16 is
 * enough here. Loads take that alignment as a parameter and are split where it demands it: there
 * are no misaligned loads. */
#ifndef DQ_DEV_QUAD_H
#define DQ_DEV_QUAD_H

#include "rt.h"
#include "type/blocks.h"

struct dq_quad {
    float w[4];
};

/* Little-endian integers at a multiple of ALIGN. */
DQ_DEVICE uint32_t dq_load_u16(const uint8_t *p)
{
    return *(const dq_word16 *)(const void *)p;
}

template <int ALIGN> DQ_DEVICE uint32_t dq_load_u32(const uint8_t *p)
{
    if constexpr (ALIGN >= 4)
        return *(const dq_word32 *)(const void *)p;
    else if constexpr (ALIGN == 2)
        return dq_load_u16(p) | dq_load_u16(p + 2) << 16;
    else
        return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

DQ_DEVICE uint64_t dq_load_u64(const uint8_t *p)
{
    return *(const dq_word64 *)(const void *)p;
}

/* The f16 at a multiple of 2. */
DQ_DEVICE float dq_load_f16(const uint8_t *p)
{
    return dq_f16_widen((uint16_t)dq_load_u16(p));
}

/* The f16 in the low half of a word, and in the high half. */
DQ_DEVICE float dq_low_f16(uint32_t word)
{
    return dq_f16_widen((uint16_t)word);
}

DQ_DEVICE float dq_high_f16(uint32_t word)
{
    return dq_f16_widen((uint16_t)(word >> 16));
}

/* Four bits as four bytes of 0 or 1. */
DQ_DEVICE uint32_t dq_spread_bits(uint32_t bits)
{
    return (bits & 15) * 0x00204081 & 0x01010101;
}

/* Four pairs of bits as four bytes of 0 to 3. */
DQ_DEVICE uint32_t dq_spread_pairs(uint32_t pairs)
{
    const uint32_t nibbles = (pairs & 0x0f) | (pairs & 0xf0) << 12;

    return (nibbles | nibbles << 6) & 0x03030303;
}

/* Codes that are unsigned bytes, minus bias: exact, and a difference of zero is +0. */
DQ_DEVICE struct dq_quad dq_quad_of_u8(uint32_t codes, float bias)
{
    struct dq_quad q;

    for (int j = 0; j < 4; j++)
        q.w[j] = (float)(codes >> 8 * j & 255) - bias;
    return q;
}

DQ_DEVICE struct dq_quad dq_quad_of_i8(uint32_t codes)
{
    struct dq_quad q;

    for (int j = 0; j < 4; j++)
        q.w[j] = (float)(int8_t)(codes >> 8 * j);
    return q;
}

/* Steps of w[j] * d, (w[j] * d) + m and (w[j] * d) - m: the product is exact, so only the sum
 * rounds. */
DQ_DEVICE struct dq_quad dq_quad_times(struct dq_quad q, float d)
{
    for (int j = 0; j < 4; j++)
        q.w[j] = q.w[j] * d;
    return q;
}

DQ_DEVICE struct dq_quad dq_quad_plus(struct dq_quad q, float m)
{
    for (int j = 0; j < 4; j++)
        q.w[j] = q.w[j] + m;
    return q;
}

DQ_DEVICE struct dq_quad dq_quad_minus(struct dq_quad q, float m)
{
    for (int j = 0; j < 4; j++)
        q.w[j] = q.w[j] - m;
    return q;
}

/* -f if bit j of signs is set: the same as a product with -1, except for the sign of a NaN. */
DQ_DEVICE float dq_signed(float f, uint32_t signs, int j)
{
    return dq_f32_of_bits(dq_bits_of_f32(f) ^ (signs >> j & 1) << 31);
}

DQ_DEVICE struct dq_quad dq_quad_signed(struct dq_quad q, uint32_t signs)
{
    for (int j = 0; j < 4; j++)
        q.w[j] = dq_signed(q.w[j], signs, j);
    return q;
}

#endif
