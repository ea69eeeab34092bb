/* Blocks of 256 weights, in which each group of 16 or 32 has a scale. */
#include "cpu/decode_codes.h"

/* Q2_K: | 16 x (scale 4 bits, minimum 4 bits) | 64 bytes of 2-bit codes | d f16 | dmin f16 |
 * w[i] = (d * scale) * q[i] - dmin * minimum
 * scale and minimum of each 16 weights. Bits 2j and 2j+1 of the bytes 0..31 are the codes of
 * w[32j..32j+31]; the bytes 32..63 hold the second 128 weights in the same way. */
DQ_INLINE void unpack_q2_k(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q2_k *b = block;
    const float d = dq_f16_at(b->d);
    const float dmin = dq_f16_at(b->dmin);

    dq_put_factors(c.d, dq_bits8(b->scales, 0, 15), dq_bits8(b->scales + 8, 0, 15), d);
    dq_put_factors(c.m, dq_bits8(b->scales, 4, 15), dq_bits8(b->scales + 8, 4, 15), -dmin);
    DQ_UNROLL_8
    for (int j = 0; j < 8; j++)
        dq_fields32(
            c.q + 32 * j, (struct dq_field){b->qs + 32 * (j / 4), 2 * (j % 4), 2}, dq_no_field, 0);
}

DQ_DECODER(q2_k)
{
    return DQ_DECODE_RUNS(q2_k, unpack_q2_k, .weights = 256, .group = 16, .has_m = 1,
        .lut = {.values = dq_signed3, .two_groups = 1});
}

/* The factors of a Q3_K block. Of the 12 bytes of scales,
 *
 *   0..7    low nibbles: low four bits of the scales 0..7; high nibbles: of the scales 8..15
 *   8..11   bits 2j and 2j+1: high two bits of the scales 4j..4j+3 */
DQ_INLINE void q3_k_factors(float *restrict dst, const uint8_t *s, float d)
{
    const uint64_t high = dq_u32(s + 8);
    const uint64_t high0 = (high | high << 30) & DQ_SWAR_SPLAT8(3);
    const uint64_t high8 = (high >> 4 | high >> 6 << 32) & DQ_SWAR_SPLAT8(3);

    dq_put_factors(dst, dq_swar_sub8(dq_bits8(s, 0, 15) | high0 << 4, 32),
        dq_swar_sub8(dq_bits8(s, 4, 15) | high8 << 4, 32), d);
}

/* Q3_K: | 32 bytes of third bits | 64 bytes of 2-bit codes as Q2_K | 16 x 6 bits of scale | d f16 |
 * w[i] = (d * (scale - 32)) * (q[i] - 4)
 * q[i] = code | third bit << 2
 * scale of each 16 weights. Bit j of the bytes 0..31 is the third bit of w[32j..32j+31]. */
DQ_INLINE void unpack_q3_k(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q3_k *b = block;
    const float d = dq_f16_at(b->d);

    q3_k_factors(c.d, b->scales, d);
    DQ_UNROLL_8
    for (int j = 0; j < 8; j++)
        dq_fields32(c.q + 32 * j, (struct dq_field){b->qs + 32 * (j / 4), 2 * (j % 4), 2},
            (struct dq_field){b->hmask, j, 1}, 4);
}

DQ_DECODER(q3_k)
{
    return DQ_DECODE_RUNS(q3_k, unpack_q3_k, .weights = 256, .group = 16,
        .lut = {.values = dq_signed3, .two_groups = 1});
}

/* The factors of a Q4_K or Q5_K block. The 12 bytes s are eight scales and eight minima of six
 * bits:
 *
 *           bits 7 6                       bits 5..0
 *   s[0..3]    scales 4..7, high two bits     scales 0..3
 *   s[4..7]    minima 4..7, high two bits     minima 0..3
 *   s[8..11]   minima 4..7, low four bits (bits 7..4) | scales 4..7, low four bits (bits 3..0) */
DQ_INLINE void k_factors(struct dq_codes c, const uint8_t *s, float d, float dmin)
{
    const uint64_t a = dq_u32(s), b = dq_u32(s + 4), low = dq_u32(s + 8);
    const uint64_t a4 = (low & DQ_SWAR_SPLAT8(15)) | (a >> 2 & DQ_SWAR_SPLAT8(0x30));
    const uint64_t b4 = (low >> 4 & DQ_SWAR_SPLAT8(15)) | (b >> 2 & DQ_SWAR_SPLAT8(0x30));

    dq_put_factors(c.d, (a & DQ_SWAR_SPLAT8(63)) | a4 << 32, 0, d);
    dq_put_factors(c.m, (b & DQ_SWAR_SPLAT8(63)) | b4 << 32, 0, -dmin);
}

/* Q4_K: | d f16 | dmin f16 | 8 x (scale 6 bits, minimum 6 bits) | 128 bytes of nibbles |
 * w[i] = (d * scale) * q[i] - dmin * minimum
 * scale and minimum of each 32 weights. Each 32 bytes hold 64 weights: the low nibbles w[0..31],
 * the high ones w[32..63]. */
DQ_INLINE void unpack_q4_k(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q4_k *b = block;

    k_factors(c, b->scales, dq_f16_at(b->d), dq_f16_at(b->dmin));
    DQ_UNROLL_8
    for (int j = 0; j < 8; j++)
        dq_fields32(
            c.q + 32 * j, (struct dq_field){b->qs + 32 * (j / 2), 4 * (j % 2), 4}, dq_no_field, 0);
}

DQ_DECODER(q4_k)
{
    return DQ_DECODE_RUNS(q4_k, unpack_q4_k, .weights = 256, .group = 32, .has_m = 1,
        .lut = {.values = dq_unsigned4});
}

/* Q5_K: | d f16 | dmin f16 | 8 x (scale, minimum) | 32 bytes of fifth bits | 128 bytes of nibbles |
 * w[i] = (d * scale) * q[i] - dmin * minimum
 * q[i] = nibble | fifth bit << 4
 * Bit j of the fifth-bit bytes 0..31 belongs to w[32j..32j+31]; the rest is as in Q4_K. */
DQ_INLINE void unpack_q5_k(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q5_k *b = block;

    k_factors(c, b->scales, dq_f16_at(b->d), dq_f16_at(b->dmin));
    DQ_UNROLL_8
    for (int j = 0; j < 8; j++)
        dq_fields32(c.q + 32 * j, (struct dq_field){b->qs + 32 * (j / 2), 4 * (j % 2), 4},
            (struct dq_field){b->qh, j, 1}, 0);
}

DQ_DECODER(q5_k)
{
    return DQ_DECODE_RUNS(q5_k, unpack_q5_k, .weights = 256, .group = 32, .has_m = 1);
}

/* Q6_K: | 128 bytes of nibbles | 64 bytes of 2-bit tops | 16 x i8 scales | d f16 |
 * w[i] = (d * scale) * (q[i] - 32)
 * q[i] = nibble | top << 4
 * scale of each 16 weights. Each half of 128 weights has 64 bytes of nibbles, low ones w[0..63],
 * high ones w[64..127], and 32 bytes of tops, bits 2j and 2j+1 for w[32j..32j+31]. */
DQ_INLINE void unpack_q6_k(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q6_k *b = block;
    const float d = dq_f16_at(b->d);

    dq_put_factors(c.d, dq_u64(b->scales), dq_u64(b->scales + 8), d);
    DQ_UNROLL_8
    for (int j = 0; j < 8; j++)
        dq_fields32(c.q + 32 * j,
            (struct dq_field){b->ql + 64 * (j / 4) + 32 * (j % 2), 4 * (j % 4 / 2), 4},
            (struct dq_field){b->qh + 32 * (j / 4), 2 * (j % 4), 2}, 32);
}

DQ_DECODER(q6_k)
{
    return DQ_DECODE_RUNS(q6_k, unpack_q6_k, .weights = 256, .group = 16);
}

/* Q8_K: | d f32 | 256 x i8 | 16 x i16 sums, ignored |
 * w[i] = d * q[i] */
DQ_INLINE void unpack_q8_k(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_q8_k *b = block;

    c.d[0] = dq_f32_of_bits(dq_u32(b->d));
    memcpy(c.q, b->qs, 256);
}

DQ_DECODER(q8_k)
{
    return DQ_DECODE_RUNS(q8_k, unpack_q8_k, .weights = 256, .group = 256);
}
