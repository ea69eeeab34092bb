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

static inline void dq_put4(void *q, uint32_t word)
{
    const uint32_t w = DQ_LE(32, word);

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

/* Spreads eight pairs of bits, or eight nibbles, to the low ends of eight bytes. */
static inline uint64_t dq_spread2(uint64_t x)
{
    x = (x | x << 24) & 0x000000ff000000ff;
    x = (x | x << 12) & 0x000f000f000f000f;
    return (x | x << 6) & DQ_BYTES(3);
}

static inline uint64_t dq_spread4(uint64_t x)
{
    x = (x | x << 16) & 0x0000ffff0000ffff;
    x = (x | x << 8) & 0x00ff00ff00ff00ff;
    return (x | x << 4) & DQ_BYTES(15);
}

/* Four fields of seven bits, in the low 28, to the low ends of four bytes. */
static inline uint32_t dq_sevens4(uint32_t x)
{
    x = (x & 0x00003fff) | (x & 0x0fffc000) << 2;
    return (x & 0x007f007f) | (x & 0x3f803f80) << 1;
}

/* To seven bits, an eighth that makes the number of ones even. */
static inline uint8_t dq_even1(uint8_t x)
{
    uint8_t odd = x ^ x >> 4;

    odd ^= odd >> 2;
    odd ^= odd >> 1;
    return (uint8_t)(x | odd << 7);
}

/* To each of four bytes of seven bits, an eighth that makes the number of ones even. */
static inline uint32_t dq_even4(uint32_t x)
{
    uint32_t odd = x ^ x >> 4;

    odd ^= odd >> 2;
    odd ^= odd >> 1;
    return x | (odd & 0x01010101) << 7;
}

#endif
