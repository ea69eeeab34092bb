/* Four weights a row of a codebook of magnitudes, signs apart; about three bits a weight. */
#include "codebooks.h"
#include "decode_codes.h"

/* IQ3_XXS: | d f16 | 64 index bytes | 8 x ( 4 x 7 bits of sign index, scale 4 bits ) |
 * w[i] = ((d * (0.5 + scale)) * 0.5) * grid[index][i % 4] * sign,  scale of each 32 weights */
DQ_INLINE void unpack_iq3_xxs(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq3_xxs *b = block;
    const float d = dq_f16_at(b->d);
    uint64_t scales = 0;

    for (int g = 0; g < 8; g += 2) {
        const uint64_t a = dq_u64(b->ss + 4 * g);

        scales |= ((a >> 28 & 15) | a >> 60 << 8) << 8 * g;
        dq_put8(c.bits + 4 * g, dq_signs8(a));
    }
    const struct dq_x16 x = dq_x16_plus(dq_x16_of_words(scales, 0), 0.5f);
    dq_x16_to_f32(c.d, dq_x16_times(dq_x16_times(x, d), 0.5f));
    DQ_UNROLL_8
    for (int n = 0; n < 64; n++)
        dq_put_row4(c.q + 4 * n, dq_iq3xxs_grid, b->qs[n]);
}

DQ_DECODER(iq3_xxs)
{
    return DQ_DECODE_RUNS(
        iq3_xxs, unpack_iq3_xxs, .weights = 256, .group = 32, .use_bit = dq_negate);
}

/* IQ3_S: | d f16 | 64 index low bytes | 64 index ninth bits | 256 sign bits | 8 x 4 bits of scale |
 * w[i] = (d * (1 + 2 * scale)) * grid[index][i % 4] * sign,  scale of each 32 weights */
DQ_INLINE void unpack_iq3_s(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq3_s *b = block;
    const float d = dq_f16_at(b->d);
    int8_t ninth[64];
    uint16_t index[64];

    dq_put_factors(c.d, (dq_spread4(dq_u32(b->scales)) << 1) + DQ_BYTES(1), 0, d);
    memcpy(c.bits, b->signs, 32);
    dq_bits32(ninth, b->qh);
    dq_bits32(ninth + 32, b->qh + 4);
    for (int n = 0; n < 64; n++)
        index[n] = (uint16_t)(b->qs[n] | (ninth[n] & 1) << 8);
    DQ_UNROLL_8
    for (int n = 0; n < 64; n++)
        dq_put_row4(c.q + 4 * n, dq_iq3s_grid, index[n]);
}

DQ_DECODER(iq3_s)
{
    return DQ_DECODE_RUNS(iq3_s, unpack_iq3_s, .weights = 256, .group = 32, .use_bit = dq_negate);
}
