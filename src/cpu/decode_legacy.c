/* Small blocks: one scale, in some types an offset, and codes. */
#include "cpu/decode_codes.h"

/* Q1_0: | d f16 | 128 bits, lowest of a byte first |
 * w[i] = bit i ? d : -d */
DQ_INLINE void unpack_q1_0(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q1_0 *b = block;

    c.d[0] = dq_f16_at(b->d);
    memset(c.q, -1, 128);
    memcpy(c.bits, b->qs, 16);
}

DQ_DECODER(q1_0)
{
    return DQ_DECODE_RUNS(q1_0, unpack_q1_0, .weights = 128, .group = 128, .use_bit = dq_negate,
        .lut = {.values = dq_signed4, .step = 2});
}

/* n codes of 2 bits, in order, less 1. */
DQ_INLINE void put_pairs(int8_t *restrict q, const uint8_t *restrict qs, int n)
{
    for (int i = 0; i < n; i += 8)
        dq_put8(q + i, dq_swar_sub8(dq_deposit2(dq_u16(qs + i / 4)), 1));
}

/* Q2_0: | d f16 | 64 x 2 bits, lowest of a byte first |
 * w[i] = (q[i] - 1) * d */
DQ_INLINE void unpack_q2_0(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q2_0 *b = block;

    c.d[0] = dq_f16_at(b->d);
    put_pairs(c.q, b->qs, 64);
}

DQ_DECODER(q2_0)
{
    return DQ_DECODE_RUNS(
        q2_0, unpack_q2_0, .weights = 64, .group = 64, .lut = {.values = dq_signed4});
}

/* PQ2_0: | d f16 | 128 x 2 bits, lowest of a byte first |
 * w[i] = (q[i] - 1) * d */
DQ_INLINE void unpack_pq2_0(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_pq2_0 *b = block;

    c.d[0] = dq_f16_at(b->d);
    put_pairs(c.q, b->qs, 128);
}

DQ_DECODER(pq2_0)
{
    return DQ_DECODE_RUNS(
        pq2_0, unpack_pq2_0, .weights = 128, .group = 128, .lut = {.values = dq_signed4});
}

/* Q4_0: | d f16 | 16 bytes of nibbles: low ones for w[0..15], high ones for w[16..31] |
 * w[i] = (q[i] - 8) * d */
DQ_INLINE void unpack_q4_0(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q4_0 *b = block;

    c.d[0] = dq_f16_at(b->d);
    dq_nibbles32(c.q, b->qs, 8);
}

DQ_DECODER(q4_0)
{
    return DQ_DECODE_RUNS(
        q4_0, unpack_q4_0, .weights = 32, .group = 32, .lut = {.values = dq_signed4});
}

/* Q4_1: | d f16 | m f16 | nibbles as Q4_0 |
 * w[i] = q[i] * d + m */
DQ_INLINE void unpack_q4_1(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q4_1 *b = block;

    dq_two_f16_at(c.d, c.m, block);
    dq_nibbles32(c.q, b->qs, 0);
}

DQ_DECODER(q4_1)
{
    return DQ_DECODE_RUNS(
        q4_1, unpack_q4_1, .weights = 32, .group = 32, .has_m = 1, .lut = {.values = dq_unsigned4});
}

/* Q5_0: | d f16 | 32 fifth bits, lowest first | nibbles as Q4_0 |
 * w[i] = (q[i] - 16) * d
 * q[i] = nibble | fifth bit << 4 */
DQ_INLINE void unpack_q5_0(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q5_0 *b = block;

    c.d[0] = dq_f16_at(b->d);
    dq_unpack5x32(c.q, b->qs, b->qh, 16);
}

DQ_DECODER(q5_0)
{
    return DQ_DECODE_RUNS(q5_0, unpack_q5_0, .weights = 32, .group = 32);
}

/* Q5_1: | d f16 | m f16 | 32 fifth bits, lowest first | nibbles as Q4_0 |
 * w[i] = q[i] * d + m
 * q[i] = nibble | fifth bit << 4 */
DQ_INLINE void unpack_q5_1(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q5_1 *b = block;

    dq_two_f16_at(c.d, c.m, block);
    dq_unpack5x32(c.q, b->qs, b->qh, 0);
}

DQ_DECODER(q5_1)
{
    return DQ_DECODE_RUNS(q5_1, unpack_q5_1, .weights = 32, .group = 32, .has_m = 1);
}

/* Q8_0: | d f16 | 32 x i8 |
 * w[i] = q[i] * d */
DQ_INLINE void unpack_q8_0(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q8_0 *b = block;

    c.d[0] = dq_f16_at(b->d);
    memcpy(c.q, b->qs, 32);
}

DQ_DECODER(q8_0)
{
    return DQ_DECODE_RUNS(q8_0, unpack_q8_0, .weights = 32, .group = 32);
}

/* Q8_1: | d f16 | s f16, ignored | 32 x i8 |
 * w[i] = q[i] * d */
DQ_INLINE void unpack_q8_1(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q8_1 *b = block;

    c.d[0] = dq_f16_at(b->d);
    memcpy(c.q, b->qs, 32);
}

DQ_DECODER(q8_1)
{
    return DQ_DECODE_RUNS(q8_1, unpack_q8_1, .weights = 32, .group = 32);
}
