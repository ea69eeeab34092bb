/* Blocks of 256 weights: rows of eight from a codebook of -1, 0 and 1, shifted by an eighth. */
#ifndef DQ_DEV_IQ1_H
#define DQ_DEV_IQ1_H

#include "dev_books.h"

DQ_DEVICE struct dq_quad dq_iq1_quad(uint32_t row, uint32_t q, bool down, float dl)
{
    const uint32_t codes = dq_half_row(dq_iq1s_grid[row], q);

    return dq_quad_times(dq_quad_plus(dq_quad_of_i8(codes), down ? -0.125f : 0.125f), dl);
}

/* IQ1_S: | d f16 | 32 low bytes of rows | 8 u16 |                                 50 bytes
 * w[i] = (d * (2 * scale + 1)) * (grid[row[i / 8]][i % 8] +- 1/8)
 * The u16 of 32 weights: 4 x 3 high bits of a row, three bits of scale, the sign. */
struct dev_iq1_s {
    static __device__ struct dq_quad quad(const struct dq_block_iq1_s *b, uint32_t q)
    {
        const uint32_t qh = dq_load_u16(b->qh + 2 * (q / 8));
        const uint32_t row = b->qs[q / 2] | (qh >> 3 * (q / 2 % 4) & 7) << 8;
        const float dl = dq_load_f16(b->d) * (float)(2 * (qh >> 12 & 7) + 1);

        return dq_iq1_quad(row, q, qh & 0x8000, dl);
    }
};

/* IQ1_M: | 32 low bytes of rows | 32 nibbles | 4 u16 |                            56 bytes
 * w[i] = (d * (2 * scale[i / 16] + 1)) * (grid[row[i / 8]][i % 8] +- 1/8)
 * A nibble is three high bits of a row and the sign. A u16 is four scales of three bits and, in its
 * top four bits, a nibble of d, whose lowest nibble is in the first u16. */
struct dev_iq1_m {
    static __device__ struct dq_quad quad(const struct dq_block_iq1_m *b, uint32_t q)
    {
        const uint64_t s = dq_load_u64(b->scales);
        const uint32_t d =
            (s >> 12 & 0x000f) | (s >> 24 & 0x00f0) | (s >> 36 & 0x0f00) | (s >> 48 & 0xf000);
        const uint32_t scale = (uint32_t)(s >> (16 * (q / 16) + 3 * (q / 4 % 4))) & 7;
        const uint32_t nibble = dq_nibble(b->qh, q / 2);
        const uint32_t row = b->qs[q / 2] | (nibble & 7) << 8;
        const float dl = dq_f16_widen((uint16_t)d) * (float)(2 * scale + 1);

        return dq_iq1_quad(row, q, nibble & 8, dl);
    }
};

#endif
