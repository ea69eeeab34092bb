/* Weights of -1, 0 and 1 times a scale. */
#include "cpu/decode_codes.h"

/* The next digit of each of n bytes, less 1; f becomes the digits that are left. */
DQ_INLINE void next_digits(int8_t *restrict digits, uint8_t *restrict f, int n)
{
    for (int i = 0; i < n; i++) {
        digits[i] = (int8_t)((f[i] >= 86) + (f[i] >= 171) - 1);
        f[i] = (uint8_t)(f[i] * 3);
    }
}

/* TQ1_0: | 48 bytes of five digits | 4 bytes of four digits | d f16 |
 * w[i] = (digit - 1) * d
 * A byte / 256 is a ternary fraction, rounded up, whose first five (or four) digits are weights:
 * digit p is ((byte * 3^p) % 256) * 3 / 256. The bytes 0..31 hold w[0..159], first all first
 * digits, then all second ones; the bytes 32..47 hold w[160..239], and the last four
 * w[240..255]. */
DQ_INLINE void unpack_tq1_0(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_tq1_0 *b = block;
    uint8_t f[64] = {0};
    int8_t digits[64];

    c.d[0] = dq_f16_at(b->d);
    memcpy(f, b->qs, 48);
    memcpy(f + 48, b->qh, 4);
    for (int p = 0; p < 5; p++) {
        next_digits(digits, f, 64);
        memcpy(c.q + 32 * p, digits, 32);
        memcpy(c.q + 160 + 16 * p, digits + 32, 16);
        if (p < 4)
            memcpy(c.q + 240 + 4 * p, digits + 48, 4);
    }
}

DQ_DECODER(tq1_0)
{
    return DQ_DECODE_RUNS(
        tq1_0, unpack_tq1_0, .weights = 256, .group = 256, .lut = {.values = dq_signed4});
}

/* PTQ1_0: | 24 bytes of five digits | 2 bytes of four digits | d f16 |
 * w[i] = (digit - 1) * d
 * Digits as in TQ1_0. The bytes 0..15 hold w[0..79], first all first digits, then all second ones;
 * the bytes 16..23 hold w[80..119], and the last two w[120..127]. */
DQ_INLINE void unpack_ptq1_0(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_ptq1_0 *b = block;
    uint8_t f[32] = {0};
    int8_t digits[32];

    c.d[0] = dq_f16_at(b->d);
    memcpy(f, b->qs, 24);
    memcpy(f + 24, b->qh, 2);
    for (int p = 0; p < 5; p++) {
        next_digits(digits, f, 32);
        memcpy(c.q + 16 * p, digits, 16);
        memcpy(c.q + 80 + 8 * p, digits + 16, 8);
        if (p < 4)
            memcpy(c.q + 120 + 2 * p, digits + 24, 2);
    }
}

DQ_DECODER(ptq1_0)
{
    return DQ_DECODE_RUNS(
        ptq1_0, unpack_ptq1_0, .weights = 128, .group = 128, .lut = {.values = dq_signed4});
}

/* TQ2_0: | 64 bytes of 2-bit codes | d f16 |
 * w[i] = (q[i] - 1) * d
 * Bits 2j and 2j+1 of the bytes 0..31 are the codes of w[32j..32j+31]; the bytes 32..63 hold the
 * second 128 weights in the same way. */
DQ_INLINE void unpack_tq2_0(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_tq2_0 *b = block;

    c.d[0] = dq_f16_at(b->d);
    DQ_UNROLL_8
    for (int j = 0; j < 8; j++)
        dq_fields32(
            c.q + 32 * j, (struct dq_field){b->qs + 32 * (j / 4), 2 * (j % 4), 2}, dq_no_field, 1);
}

DQ_DECODER(tq2_0)
{
    return DQ_DECODE_RUNS(
        tq2_0, unpack_tq2_0, .weights = 256, .group = 256, .lut = {.values = dq_signed4});
}
