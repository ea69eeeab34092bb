/* Blocks of 256 weights: rows of eight magnitudes from a codebook, and signs. */
#ifndef DQ_DEV_IQ2_H
#define DQ_DEV_IQ2_H

#include "dev_books.h"

/* The scale of a part: (d * (1/2 + scale)) / 4. */
DQ_DEVICE float dq_iq2_scale(float d, uint32_t scale)
{
    return d * (0.5f + (float)scale) * 0.25f;
}

DQ_DEVICE struct dq_quad dq_iq2_quad(uint64_t row, uint32_t q, float db, uint32_t signs)
{
    const struct dq_quad magnitudes = dq_quad_of_u8(dq_half_row(row, q), 0.0f);

    return dq_quad_signed(dq_quad_times(magnitudes, db), signs);
}

/* IQ2_XXS: | d f16 | 8 of: 4 rows u8, u32 |                                       66 bytes
 * w[i] = +- (d * (1/2 + scale[i / 32])) / 4 * grid[row[i / 8]][i % 8]
 * The u32: 4 x 7 bits of signs, four bits of scale. */
struct dev_iq2_xxs {
    static __device__ struct dq_quad quad(const struct dq_block_iq2_xxs *b, uint32_t q)
    {
        const uint8_t *part = b->qs + 8 * (q / 8);
        const uint32_t a = dq_load_u32<2>(part + 4);
        const uint32_t n = q / 2 % 4;
        const float db = dq_iq2_scale(dq_load_f16(b->d), a >> 28);

        return dq_iq2_quad(dq_iq2xxs_grid[part[n]], q, db, dq_even_signs(a >> 7 * n, q));
    }
};

/* IQ2_XS: | d f16 | 32 u16 | 16 nibbles of scale |                                74 bytes
 * w[i] = +- (d * (1/2 + scale[i / 16])) / 4 * grid[row[i / 8]][i % 8]
 * A u16: nine bits of row, seven of signs. */
struct dev_iq2_xs {
    static __device__ struct dq_quad quad(const struct dq_block_iq2_xs *b, uint32_t q)
    {
        const uint32_t v = dq_load_u16(b->qs + 2 * (q / 2));
        const float db = dq_iq2_scale(dq_load_f16(b->d), dq_nibble(b->scales, q / 4));

        return dq_iq2_quad(dq_iq2xs_grid[v & 511], q, db, dq_even_signs(v >> 9, q));
    }
};

/* IQ2_S: | d f16 | 32 low bytes of rows | 256 signs | 32 pairs | 16 nibbles of scale | 82 bytes
 * w[i] = +- (d * (1/2 + scale[i / 16])) / 4 * grid[row[i / 8]][i % 8]
 * A pair is the two high bits of a row. */
struct dev_iq2_s {
    static __device__ struct dq_quad quad(const struct dq_block_iq2_s *b, uint32_t q)
    {
        const uint32_t n = q / 2;
        const uint32_t row = b->qs[n] | ((uint32_t)b->qh[n / 4] >> 2 * (n % 4) & 3) << 8;
        const float db = dq_iq2_scale(dq_load_f16(b->d), dq_nibble(b->scales, q / 4));

        return dq_iq2_quad(dq_iq2s_grid[row], q, db, (uint32_t)b->signs[n] >> 4 * (q % 2));
    }
};

#endif
