/* For the decoder sources: SWAR, that is eight codes at once as the bytes of a 64-bit word, code i
 * in byte i. */
#ifndef DQ_DECODE_BITS_H
#define DQ_DECODE_BITS_H

#include "type/half.h"

/* Hints for loops. DQ_DO_NOT_UNROLL: a short loop vectorises better if it is still a loop when the
 * vectoriser runs. DQ_KEEP_SCALAR(x): vectorising the computation of the index x is slower.
 * DQ_KEEP_ARRAY(p): if clang knows which array p points to, it splits the array into bytes. */
#if defined(__clang__)
#define DQ_DO_NOT_UNROLL _Pragma("clang loop unroll(disable)")
#define DQ_UNROLL_8 _Pragma("clang loop unroll_count(8)")
#define DQ_KEEP_ARRAY(p) __asm__("" : "+r"(p)::"memory")
#elif defined(__GNUC__)
#define DQ_DO_NOT_UNROLL _Pragma("GCC unroll 1")
#define DQ_UNROLL_8 _Pragma("GCC unroll 8")
#define DQ_KEEP_ARRAY(p) (void)(p)
#else
#define DQ_DO_NOT_UNROLL
#define DQ_UNROLL_8
#define DQ_KEEP_ARRAY(p) (void)(p)
#endif
#if defined(__GNUC__)
#define DQ_INLINE static inline __attribute__((always_inline))
#define DQ_KEEP_SCALAR(x) __asm__("" : "+r"(x))
#else
#define DQ_INLINE static inline
#define DQ_KEEP_SCALAR(x) (void)(x)
#endif

/* The byte b in all eight bytes. */
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

/* byte >> shift & mask, for each of the eight bytes at p. */
static inline uint64_t dq_bits8(const uint8_t *p, int shift, int mask)
{
    return dq_u64(p) >> shift & DQ_SWAR_SPLAT8(mask);
}

/* The nibbles of 16 bytes, first all low ones, then all high ones, minus bias. */
static inline void dq_nibbles32(int8_t *restrict q, const uint8_t *restrict p, int bias)
{
    DQ_DO_NOT_UNROLL
    for (int i = 0; i < 16; i++)
        q[i] = (int8_t)((p[i] & 15) - bias);
    DQ_DO_NOT_UNROLL
    for (int i = 0; i < 16; i++)
        q[i + 16] = (int8_t)((p[i] >> 4) - bias);
}

/* Subtracts bias from each byte. Bytes and bias are below 128, so that no byte borrows from the
 * next. */
static inline uint64_t dq_swar_sub8(uint64_t word, int bias)
{
    return ((word | DQ_SWAR_SPLAT8(0x80)) - DQ_SWAR_SPLAT8(bias)) ^ DQ_SWAR_SPLAT8(0x80);
}

/* Deposit eight 2-bit fields, or eight nibbles, into the low bits of eight bytes. */
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

/* Eight signs from the seven that are stored: the eighth makes the number of ones even. */
static inline uint8_t dq_signs1(uint8_t x)
{
    uint8_t parity = x ^ x >> 4;

    parity ^= parity >> 2;
    parity ^= parity >> 1;
    return (uint8_t)(x | parity << 7);
}

/* The same for eight fields of seven bits, four in the low 28 bits of each half of x: byte i of the
 * result has the signs of field i. */
static inline uint64_t dq_signs8(uint64_t x)
{
    x = (x & 0x00003fff00003fff) | (x & 0x0fffc0000fffc000) << 2;
    x = (x & 0x007f007f007f007f) | (x & 0x3f803f803f803f80) << 1;

    uint64_t parity = x ^ x >> 4;
    parity ^= parity >> 2;
    parity ^= parity >> 1;
    return x | (parity & DQ_SWAR_SPLAT8(1)) << 7;
}

#endif
