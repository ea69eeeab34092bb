/* Eight weights are a row of a codebook of magnitudes; their signs are stored separately. 2 to 2.5
 * bits per weight. */
#include "cpu/decode_codes.h"
#include "type/codebooks.h"

/* The magnitudes 8, 25 and 43 differ in their low two bits, and have bit 2 clear; in an index, bit
 * 2 is the sign. */
static const int8_t signed_lut[16] = {8, 25, 0, 43, -8, -25, 0, -43, 8, 25, 0, 43, -8, -25, 0, -43};

/* Stores (d * (0.5 + scale)) * 0.25. */
DQ_INLINE void put_factors(float *dst, uint64_t low, uint64_t high, float d)
{
    const struct dq_x16 scales = dq_x16_plus(dq_x16_of_words(low, high), 0.5f);

    dq_x16_to_f32(dst, dq_x16_times(dq_x16_times(scales, d), 0.25f));
}

/* IQ2_XXS: | d f16 | 8 x ( 4 index bytes | 4 x 7 bits of sign index, scale 4 bits ) |
 * w[i] = ((d * (0.5 + scale)) * 0.25) * grid[index][i % 8] * sign
 * scale of each 32 weights */
DQ_INLINE void unpack_iq2_xxs(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq2_xxs *b = block;
    const float d = dq_f16_at(b->d);
    uint64_t scales = 0;

    for (int g = 0; g < 8; g += 2) {
        const uint64_t a = dq_u32(b->qs + 8 * g + 4) | (uint64_t)dq_u32(b->qs + 8 * g + 12) << 32;

        scales |= ((a >> 28 & 15) | a >> 60 << 8) << 8 * g;
        dq_put8(c.bits + 4 * g, dq_signs8(a));
    }
    put_factors(c.d, scales, 0, d);
    for (int g = 0; g < 8; g++) {
        const uint8_t *k = b->qs + 8 * g;

        dq_put_rows8(c.q + 32 * g, dq_iq2xxs_grid, k[0], k[1], k[2], k[3]);
    }
}

DQ_DECODER(iq2_xxs)
{
    return DQ_DECODE_RUNS(iq2_xxs, unpack_iq2_xxs, .weights = 256, .group = 32,
        .use_bit = dq_negate, .lut = {.values = signed_lut, .step = 4});
}

/* IQ2_XS: | d f16 | 32 x ( index 9 bits, sign index 7 bits ) | 16 x 4 bits of scale |
 * w[i] = ((d * (0.5 + scale)) * 0.25) * grid[index][i % 8] * sign
 * scale of each 16 weights */
DQ_INLINE void unpack_iq2_xs(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq2_xs *b = block;
    const float d = dq_f16_at(b->d);

    put_factors(c.d, dq_deposit4(dq_u32(b->scales)), dq_deposit4(dq_u32(b->scales + 4)), d);
    for (int n = 0; n < 32; n++)
        c.bits[n] = dq_signs1((uint8_t)(dq_u16(b->qs + 2 * n) >> 9));
    for (int g = 0; g < 8; g++) {
        const uint64_t k = dq_u64(b->qs + 8 * g);

        dq_put_rows8(
            c.q + 32 * g, dq_iq2xs_grid, k & 511, k >> 16 & 511, k >> 32 & 511, k >> 48 & 511);
    }
}

DQ_DECODER(iq2_xs)
{
    return DQ_DECODE_RUNS(iq2_xs, unpack_iq2_xs, .weights = 256, .group = 16, .use_bit = dq_negate,
        .lut = {.values = signed_lut, .step = 4, .two_groups = 1});
}

/* IQ2_S: | d f16 | 32 index low bytes | 256 signs | 32 x 2 index high bits | 16 x 4 bits of scale |
 * w[i] = ((d * (0.5 + scale)) * 0.25) * grid[index][i % 8] * sign
 * scale of each 16 weights */
DQ_INLINE void unpack_iq2_s(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq2_s *b = block;
    const float d = dq_f16_at(b->d);

    put_factors(c.d, dq_deposit4(dq_u32(b->scales)), dq_deposit4(dq_u32(b->scales + 4)), d);
    memcpy(c.bits, b->signs, 32);
    for (int g = 0; g < 8; g++) {
        const uint8_t *k = b->qs + 4 * g;
        const uint32_t h = b->qh[g];

        dq_put_rows8(c.q + 32 * g, dq_iq2s_grid, k[0] | (h << 8 & 0x300), k[1] | (h << 6 & 0x300),
            k[2] | (h << 4 & 0x300), k[3] | (h << 2 & 0x300));
    }
}

DQ_DECODER(iq2_s)
{
    return DQ_DECODE_RUNS(iq2_s, unpack_iq2_s, .weights = 256, .group = 16, .use_bit = dq_negate,
        .lut = {.values = signed_lut, .step = 4, .two_groups = 1});
}
