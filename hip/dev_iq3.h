/* Blocks of 256 weights: rows of four magnitudes from a codebook, and signs. */
#ifndef DQ_DEV_IQ3_H
#define DQ_DEV_IQ3_H

#include "dev_books.h"

DQ_DEVICE struct dq_quad dq_iq3_quad(uint32_t row, float db, uint32_t signs)
{
    return dq_quad_signed(dq_quad_times(dq_quad_of_u8(row, 0.0f), db), signs);
}

/* IQ3_XXS: | d f16 | 64 rows u8 | 8 u32 |                                         98 bytes
 * w[i] = +- (d * (1/2 + scale[i / 32])) / 2 * grid[row[i / 4]][i % 4]
 * The u32: 4 x 7 bits of signs, four bits of scale. */
struct dev_iq3_xxs {
    static __device__ struct dq_quad quad(const struct dq_block_iq3_xxs *b, uint32_t q)
    {
        const uint32_t a = dq_load_u32<2>(b->ss + 4 * (q / 8));
        const float db = dq_load_f16(b->d) * (0.5f + (float)(a >> 28)) * 0.5f;

        return dq_iq3_quad(dq_iq3xxs_grid[b->qs[q]], db, dq_even_signs(a >> 7 * (q / 2 % 4), q));
    }
};

/* IQ3_S: | d f16 | 64 low bytes of rows | 64 high bits | 256 signs | 8 nibbles of scale | 110 bytes
 * w[i] = +- (d * (1 + 2 * scale[i / 32])) * grid[row[i / 4]][i % 4] */
struct dev_iq3_s {
    static __device__ struct dq_quad quad(const struct dq_block_iq3_s *b, uint32_t q)
    {
        const uint32_t row = b->qs[q] | ((uint32_t)b->qh[q / 8] >> q % 8 & 1) << 8;
        const float db = dq_load_f16(b->d) * (float)(1 + 2 * dq_nibble(b->scales, q / 8));

        return dq_iq3_quad(dq_iq3s_grid[row], db, (uint32_t)b->signs[q / 2] >> 4 * (q % 2));
    }
};

#endif
