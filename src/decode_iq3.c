/* Four weights a row of a codebook of magnitudes, signs apart; about three bits a weight. */
#include "codebooks.h"
#include "decode_codes.h"

/* Two rows of four weights as one of eight. */
static inline uint64_t two_rows(uint32_t first, uint32_t second)
{
    return first | (uint64_t)second << 32;
}

/* IQ3_XXS: | d f16 | 64 index bytes | 8 x ( 4 x 7 bits of sign index, scale 4 bits ) |
 * w[i] = ((d * (0.5 + scale)) * 0.5) * grid[index][i % 4] * sign,  scale of each 32 weights */
DQ_INLINE void unpack_iq3_xxs(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq3_xxs *b = block;
    const float d = dq_f16_at(b->d);
    uint64_t row[32], minus[32];

    for (int g = 0; g < 8; g++) {
        const uint32_t a = dq_u32(b->ss + 4 * g);

        c.d[g] = d * (0.5f + (float)(a >> 28)) * 0.5f;
        for (int l = 0; l < 4; l++)
            minus[4 * g + l] = a >> 7 * l & 127;
    }
    for (int n = 0; n < 32; n++)
        row[n] = two_rows(dq_iq3xxs_grid[b->qs[2 * n]], dq_iq3xxs_grid[b->qs[2 * n + 1]]);
    for (int n = 0; n < 32; n++)
        dq_put8(c.q + 8 * n, dq_negate8(row[n], dq_spread1(dq_even8(minus[n]))));
}

DQ_DECODER(iq3_xxs)
{
    DQ_DECODE_RUNS(iq3_xxs, unpack_iq3_xxs, .weights = 256, .group = 32);
}

/* IQ3_S: | d f16 | 64 index low bytes | 64 index ninth bits | 256 sign bits | 8 x 4 bits of scale |
 * w[i] = (d * (1 + 2 * scale)) * grid[index][i % 4] * sign,  scale of each 32 weights */
DQ_INLINE void unpack_iq3_s(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq3_s *b = block;
    const float d = dq_f16_at(b->d);
    uint64_t row[32];

    for (uint32_t g = 0; g < 8; g++)
        c.d[g] = d * (float)(1 + 2 * dq_nibble(b->scales, g));
    for (int n = 0; n < 32; n++) {
        const int high = b->qh[n / 4] >> 2 * (n % 4);

        row[n] = two_rows(dq_iq3s_grid[b->qs[2 * n] | (high & 1) << 8],
            dq_iq3s_grid[b->qs[2 * n + 1] | (high & 2) << 7]);
    }
    for (int n = 0; n < 32; n++)
        dq_put8(c.q + 8 * n, dq_negate8(row[n], dq_spread1(b->signs[n])));
}

DQ_DECODER(iq3_s)
{
    DQ_DECODE_RUNS(iq3_s, unpack_iq3_s, .weights = 256, .group = 32);
}
