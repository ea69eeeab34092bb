/* For the decoder sources: codes of a few bits as the bytes of 64-bit words, byte i for code i. */
#ifndef DQ_DECODE_BITS_H
#define DQ_DECODE_BITS_H

#include "type/half.h"

/* For loops. Short ones make better vectors if they are still loops when vectors are looked for;
 * some should not become vectors, though they compute many an integer x; and clang takes a small
 * array apart into bytes if it sees through the pointer p to it. */
#if defined(__clang__)
#define DQ_DO_NOT_UNROLL _Pragma("clang loop unroll(disable)")
#define DQ_UNROLL_8 _Pragma("clang loop unroll_count(8)")
#define DQ_NOT_IN_PIECES(p) __asm__("" : "+r"(p)::"memory")
#elif defined(__GNUC__)
#define DQ_DO_NOT_UNROLL _Pragma("GCC unroll 1")
#define DQ_UNROLL_8 _Pragma("GCC unroll 8")
#define DQ_NOT_IN_PIECES(p) (void)(p)
#else
#define DQ_DO_NOT_UNROLL
#define DQ_UNROLL_8
#define DQ_NOT_IN_PIECES(p) (void)(p)
#endif
#if defined(__GNUC__)
#define DQ_INLINE static inline __attribute__((always_inline))
#define DQ_NOT_IN_VECTORS(x) __asm__("" : "+r"(x))
#else
#define DQ_INLINE static inline
#define DQ_NOT_IN_VECTORS(x) (void)(x)
#endif

/* The same byte eight times. */
#define DQ_SWAR_SPLAT8(b) ((uint64_t)(b)*0x0101010101010101)

static inline void dq_put8(void *q, uint64_t word)
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
    return dq_u64(p) >> shift & DQ_SWAR_SPLAT8(mask);
}

/* The nibbles of 16 bytes, less bias: first the low ones, then the high ones. */
static inline void dq_nibbles32(int8_t *restrict q, const uint8_t *restrict p, int bias)
{
    DQ_DO_NOT_UNROLL
    for (int i = 0; i < 16; i++)
        q[i] = (int8_t)((p[i] & 15) - bias);
    DQ_DO_NOT_UNROLL
    for (int i = 0; i < 16; i++)
        q[i + 16] = (int8_t)((p[i] >> 4) - bias);
}

/* Takes bias from each byte. Bytes and bias are less than 128, so that nothing is borrowed. */
static inline uint64_t dq_swar_sub8(uint64_t word, int bias)
{
    return ((word | DQ_SWAR_SPLAT8(0x80)) - DQ_SWAR_SPLAT8(bias)) ^ DQ_SWAR_SPLAT8(0x80);
}

/* Spreads eight pairs of bits, or eight nibbles, to the low ends of eight bytes. */
static inline uint64_t dq_deposit2(uint64_t x)
{
    x = (x | x << 24) & 0x000000ff000000ff;
    x = (x | x << 12) & 0x000f000f000f000f;
    return (x | x << 6) & DQ_SWAR_SPLAT8(3);
}

static inline uint64_t dq_deposit4(uint64_t x)
{
    x = (x | x << 16) & 0x0000ffff0000ffff;
    x = (x | x << 8) & 0x00ff00ff00ff00ff;
    return (x | x << 4) & DQ_SWAR_SPLAT8(15);
}

/* To seven bits, an eighth that makes the number of ones even. */
static inline uint8_t dq_even1(uint8_t x)
{
    uint8_t odd = x ^ x >> 4;

    odd ^= odd >> 2;
    odd ^= odd >> 1;
    return (uint8_t)(x | odd << 7);
}

/* Twice four fields of seven bits, each in the low 28 of 32, to the low ends of eight bytes, where
 * an eighth bit makes the number of ones even. */
static inline uint64_t dq_signs8(uint64_t x)
{
    x = (x & 0x00003fff00003fff) | (x & 0x0fffc0000fffc000) << 2;
    x = (x & 0x007f007f007f007f) | (x & 0x3f803f803f803f80) << 1;

    uint64_t odd = x ^ x >> 4;
    odd ^= odd >> 2;
    odd ^= odd >> 1;
    return x | (odd & DQ_SWAR_SPLAT8(1)) << 7;
}

#endif
