/* For the decoder sources: eight codes of a few bits as the bytes of one 64-bit word, byte i for
 * code i. Loops over such words vectorise at every level. */
#ifndef DQ_DECODE_BITS_H
#define DQ_DECODE_BITS_H

#include "half.h"

/* The same byte eight times. */
#define DQ_BYTES(b) ((uint64_t)(b)*0x0101010101010101)

static inline uint64_t dq_get8(const int8_t *q)
{
    uint64_t w;

    memcpy(&w, q, sizeof w);
    return DQ_LE(64, w);
}

static inline void dq_put8(int8_t *q, uint64_t word)
{
    const uint64_t w = DQ_LE(64, word);

    memcpy(q, &w, sizeof w);
}

/* Bits of eight bytes at p: each byte >> shift & mask. */
static inline uint64_t dq_bits8(const uint8_t *p, int shift, int mask)
{
    return dq_u64(p) >> shift & DQ_BYTES(mask);
}

/* The nibbles of 16 bytes: first the low ones, then the high ones. */
static inline void dq_nibbles32(int8_t *restrict q, const uint8_t *restrict p)
{
    for (int i = 0; i < 16; i += 8) {
        dq_put8(q + i, dq_bits8(p + i, 0, 15));
        dq_put8(q + i + 16, dq_bits8(p + i, 4, 15));
    }
}

/* Takes bias from each byte. Bytes and bias are less than 128, so that nothing is borrowed. */
static inline uint64_t dq_minus8(uint64_t word, int bias)
{
    return ((word | DQ_BYTES(0x80)) - DQ_BYTES(bias)) ^ DQ_BYTES(0x80);
}

/* Negates byte i, which is not 0, if byte i of minus is 1, and keeps it if that is 0. */
static inline uint64_t dq_negate8(uint64_t word, uint64_t minus)
{
    return (word ^ ((minus << 8) - minus)) + minus;
}

/* Seven bits, and as the eighth the one that makes the number of ones even. */
static inline uint64_t dq_even8(uint64_t x)
{
    uint64_t odd = x ^ x >> 4;

    odd ^= odd >> 2;
    odd ^= odd >> 1;
    return x | (odd & 1) << 7;
}

/* Spreads eight bits, or eight pairs of bits, to the low ends of eight bytes. */
static inline uint64_t dq_spread1(uint64_t x)
{
    x = (x | x << 28) & 0x0000000f0000000f;
    x = (x | x << 14) & 0x0003000300030003;
    return (x | x << 7) & DQ_BYTES(1);
}

static inline uint64_t dq_spread2(uint64_t x)
{
    x = (x | x << 24) & 0x000000ff000000ff;
    x = (x | x << 12) & 0x000f000f000f000f;
    return (x | x << 6) & DQ_BYTES(3);
}

/* Byte i of b where byte i of mask is 0xff, of a where it is 0. */
static inline uint64_t dq_pick8(uint64_t mask, uint64_t a, uint64_t b)
{
    return a ^ ((a ^ b) & mask);
}

static inline uint64_t dq_one_of_4(uint64_t mask0, uint64_t mask1, const int8_t *values)
{
    const uint64_t low =
        dq_pick8(mask0, DQ_BYTES((uint8_t)values[0]), DQ_BYTES((uint8_t)values[1]));
    const uint64_t high =
        dq_pick8(mask0, DQ_BYTES((uint8_t)values[2]), DQ_BYTES((uint8_t)values[3]));

    return dq_pick8(mask1, low, high);
}

/* The values of eight nibbles, by logic on their bits: no compiler makes a vector look-up of a
 * table of bytes, and eight loads take longer than this does in a vector. */
static inline uint64_t dq_one_of_16(uint64_t nibbles, const int8_t *values)
{
    uint64_t mask[4];

    for (int i = 0; i < 4; i++) {
        const uint64_t bit = nibbles >> i & DQ_BYTES(1);
        mask[i] = (bit << 8) - bit;
    }
    const uint64_t v0 = dq_one_of_4(mask[0], mask[1], values);
    const uint64_t v4 = dq_one_of_4(mask[0], mask[1], values + 4);
    const uint64_t v8 = dq_one_of_4(mask[0], mask[1], values + 8);
    const uint64_t v12 = dq_one_of_4(mask[0], mask[1], values + 12);
    return dq_pick8(mask[3], dq_pick8(mask[2], v0, v4), dq_pick8(mask[2], v8, v12));
}

#endif
