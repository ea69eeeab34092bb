/* Reads the numbers in blocks, and converts the small float types to f32, exactly.
 *
 * For C and for device code: a file that includes this may define DQ_FN as the specifiers of the
 * functions. */
#ifndef DQ_HALF_H
#define DQ_HALF_H

#include <stdint.h>
#include <string.h>

#ifndef DQ_FN
#define DQ_FN static inline
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define DQ_LE(bits, x) __builtin_bswap##bits(x)
#else
#define DQ_LE(bits, x) (x)
#endif

/* Little-endian integers at any address. */
DQ_FN uint16_t dq_u16(const uint8_t *p)
{
    uint16_t x;
    memcpy(&x, p, sizeof x);
    return DQ_LE(16, x);
}

DQ_FN uint32_t dq_u32(const uint8_t *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return DQ_LE(32, x);
}

DQ_FN uint64_t dq_u64(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return DQ_LE(64, x);
}

/* The float of a bit pattern, and back. */
DQ_FN float dq_f32_of_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

DQ_FN uint32_t dq_bits_of_f32(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* Processors and compilers differ in the sign and payload of a NaN that they compute. Writing one
 * NaN for all keeps the output of all decoders equal, bit for bit. */
DQ_FN float dq_one_nan(float f)
{
    return f == f ? f : dq_f32_of_bits(0x7fc00000);
}

/* Nibble i of p: the low half of a byte comes before the high half. */
DQ_FN uint32_t dq_nibble(const uint8_t *p, uint32_t i)
{
    return (uint32_t)(p[i / 2] >> (4 * (i % 2))) & 15;
}

/* Returns yes if c is 1, no if it is 0. Arithmetic, because a condition could become a branch and
 * keep a loop from being vectorised. */
DQ_FN uint32_t dq_bit_select(uint32_t c, uint32_t yes, uint32_t no)
{
    return no ^ ((no ^ yes) & (0 - c));
}

/* IEEE binary16. A NaN keeps its payload and becomes quiet. Computes the result for each kind of
 * number and selects one. */
DQ_FN float dq_f16_to_f32(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    const uint32_t mag = h & 0x7fff;
    const uint32_t tiny = dq_bits_of_f32((float)(int32_t)mag * (1.0f / (1 << 24)));
    const uint32_t normal = (mag << 13) + (112u << 23);
    const uint32_t special = (mag << 13) | 0x7f800000 | (uint32_t)(mag > 0x7c00) << 22;
    const uint32_t finite = dq_bit_select(mag < 0x0400, tiny, normal);

    return dq_f32_of_bits(sign | dq_bit_select(mag < 0x7c00, finite, special));
}

/* bfloat16: the high half of an f32. */
DQ_FN float dq_bf16_to_f32(uint16_t h)
{
    return dq_f32_of_bits((uint32_t)h << 16);
}

/* Half of the E8M0 number e: 2^(e - 128), also for 255, which is NaN elsewhere. */
DQ_FN float dq_e8m0_half(uint8_t e)
{
    return dq_f32_of_bits(e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23);
}

/* Half of the UE4M3 number x: four exponent bits with bias 7, three mantissa bits. The high bit is
 * ignored, except that 0x7f is zero and 0xff is not. */
DQ_FN float dq_ue4m3_half(uint8_t x)
{
    const int32_t mag = x & 0x7f;
    const uint32_t tiny = dq_bits_of_f32((float)mag * (1.0f / 1024));
    const uint32_t finite = dq_bit_select(mag < 8, tiny, ((uint32_t)mag << 20) + (119u << 23));

    return dq_f32_of_bits(dq_bit_select(x == 0x7f, 0, finite));
}

#endif
