/* Four weights are a row of a codebook of magnitudes; their signs are stored separately. About 3
 * bits per weight. */
#include "cpu/decode_codes.h"
#include "type/codebooks.h"

/* The low four bits of a magnitude (of IQ3_XXS, after a shift by two) are an odd number. They are
 * the index of a positive weight; the index before it is that of the negative one. */
static const int8_t xxs_lut[16] = {
    -4, 4, -12, 12, -20, 20, -28, 28, -36, 36, -44, 44, -52, 52, -62, 62};
static const int8_t s_lut[16] = {-1, 1, -3, 3, -5, 5, -7, 7, -9, 9, -11, 11, -13, 13, -15, 15};

/* IQ3_XXS: | d f16 | 64 index bytes | 8 x ( 4 x 7 bits of sign index, scale 4 bits ) |
 * w[i] = ((d * (0.5 + scale)) * 0.5) * grid[index][i % 4] * sign
 * scale of each 32 weights */
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
    for (int g = 0; g < 8; g++) {
        const uint32_t k = dq_u32(b->qs + 8 * g), l = dq_u32(b->qs + 8 * g + 4);

        dq_put_rows4(c.q + 32 * g, dq_iq3xxs_grid, k & 255, k >> 8 & 255, k >> 16 & 255, k >> 24,
            l & 255, l >> 8 & 255, l >> 16 & 255, l >> 24);
    }
}

DQ_DECODER(iq3_xxs)
{
    return DQ_DECODE_RUNS(iq3_xxs, unpack_iq3_xxs, .weights = 256, .group = 32,
        .use_bit = dq_negate, .lut = {.values = xxs_lut, .shift = 2, .step = -1});
}

/* IQ3_S: | d f16 | 64 index low bytes | 64 index ninth bits | 256 sign bits | 8 x 4 bits of scale |
 * w[i] = (d * (1 + 2 * scale)) * grid[index][i % 4] * sign
 * scale of each 32 weights */
DQ_INLINE void unpack_iq3_s(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq3_s *b = block;
    const float d = dq_f16_at(b->d);
    uint8_t index[128];

    dq_put_factors(c.d, (dq_deposit4(dq_u32(b->scales)) << 1) + DQ_SWAR_SPLAT8(1), 0, d);
    memcpy(c.bits, b->signs, 32);
    dq_unpack9x32(index, b->qs, b->qh);
    dq_unpack9x32(index + 64, b->qs + 32, b->qh + 4);
    DQ_UNROLL_8
    for (int g = 0; g < 8; g++) {
        const uint64_t k = dq_u64(index + 16 * g), l = dq_u64(index + 16 * g + 8);

        dq_put_rows4(c.q + 32 * g, dq_iq3s_grid, k & 511, k >> 16 & 511, k >> 32 & 511, k >> 48,
            l & 511, l >> 16 & 511, l >> 32 & 511, l >> 48);
    }
}

DQ_DECODER(iq3_s)
{
    return DQ_DECODE_RUNS(iq3_s, unpack_iq3_s, .weights = 256, .group = 32, .use_bit = dq_negate,
        .lut = {.values = s_lut, .step = -1});
}
