/* Small blocks with one scale. quad() decodes weights 4q to 4q + 3 of a block. */
#ifndef DQ_DEV_LEGACY_H
#define DQ_DEV_LEGACY_H

#include "dev_quad.h"

/* The nibbles of quad q of 32 weights in 16 bytes: the low nibbles are weights 0 to 15. */
template <int ALIGN> DQ_DEVICE uint32_t dq_nibbles(const uint8_t *qs, uint32_t q)
{
    return dq_load_u32<ALIGN>(qs + 4 * (q % 4)) >> 4 * (q / 4) & 0x0f0f0f0f;
}

/* Q1_0: | d f16 | 128 bits in order |                                             18 bytes
 * w[i] = bit i ? d : -d */
struct dev_q1_0 {
    static __device__ struct dq_quad quad(const struct dq_block_q1_0 *b, uint32_t q)
    {
        const uint32_t bits = (uint32_t)b->qs[q / 2] >> 4 * (q % 2);
        const float d = dq_load_f16(b->d);

        return dq_quad_signed({{d, d, d, d}}, ~bits);
    }
};

/* Q2_0: | d f16 | 64 codes of 2 bits in order |                                   18 bytes
 * w[i] = (code[i] - 1) * d */
struct dev_q2_0 {
    static __device__ struct dq_quad quad(const struct dq_block_q2_0 *b, uint32_t q)
    {
        return dq_quad_times(dq_quad_of_u8(dq_spread_pairs(b->qs[q]), 1.0f), dq_load_f16(b->d));
    }
};

/* PQ2_0: | d f16 | 128 codes of 2 bits in order |                                 34 bytes
 * w[i] = (code[i] - 1) * d */
struct dev_pq2_0 {
    static __device__ struct dq_quad quad(const struct dq_block_pq2_0 *b, uint32_t q)
    {
        return dq_quad_times(dq_quad_of_u8(dq_spread_pairs(b->qs[q]), 1.0f), dq_load_f16(b->d));
    }
};

/* Q4_0: | d f16 | 16 bytes of nibbles |                                           18 bytes
 * w[i] = (nibble[i] - 8) * d */
struct dev_q4_0 {
    static __device__ struct dq_quad quad(const struct dq_block_q4_0 *b, uint32_t q)
    {
        return dq_quad_times(dq_quad_of_u8(dq_nibbles<2>(b->qs, q), 8.0f), dq_load_f16(b->d));
    }
};

/* Q4_1: | d f16 | m f16 | 16 bytes of nibbles |                                   20 bytes
 * w[i] = (nibble[i] * d) + m */
struct dev_q4_1 {
    static __device__ struct dq_quad quad(const struct dq_block_q4_1 *b, uint32_t q)
    {
        const uint32_t dm = dq_load_u32<4>(b->d);
        const struct dq_quad codes = dq_quad_of_u8(dq_nibbles<4>(b->qs, q), 0.0f);

        return dq_quad_plus(dq_quad_times(codes, dq_low_f16(dm)), dq_high_f16(dm));
    }
};

/* Q5_0: | d f16 | 32 fifth bits | 16 bytes of nibbles |                           22 bytes
 * w[i] = ((nibble[i] | fifth bit << 4) - 16) * d */
struct dev_q5_0 {
    static __device__ struct dq_quad quad(const struct dq_block_q5_0 *b, uint32_t q)
    {
        const uint32_t fifth = dq_spread_bits(dq_load_u32<2>(b->qh) >> 4 * q);
        const uint32_t codes = dq_nibbles<2>(b->qs, q) | fifth << 4;

        return dq_quad_times(dq_quad_of_u8(codes, 16.0f), dq_load_f16(b->d));
    }
};

/* Q5_1: | d f16 | m f16 | 32 fifth bits | 16 bytes of nibbles |                   24 bytes
 * w[i] = ((nibble[i] | fifth bit << 4) * d) + m */
struct dev_q5_1 {
    static __device__ struct dq_quad quad(const struct dq_block_q5_1 *b, uint32_t q)
    {
        const uint64_t head = dq_load_u64(b->d);
        const uint32_t dm = (uint32_t)head;
        const uint32_t fifth = dq_spread_bits((uint32_t)(head >> 32) >> 4 * q);
        const struct dq_quad codes = dq_quad_of_u8(dq_nibbles<4>(b->qs, q) | fifth << 4, 0.0f);

        return dq_quad_plus(dq_quad_times(codes, dq_low_f16(dm)), dq_high_f16(dm));
    }
};

/* Q8_0: | d f16 | 32 i8 |                                                         34 bytes
 * w[i] = code[i] * d */
struct dev_q8_0 {
    static __device__ struct dq_quad quad(const struct dq_block_q8_0 *b, uint32_t q)
    {
        return dq_quad_times(dq_quad_of_i8(dq_load_u32<2>(b->qs + 4 * q)), dq_load_f16(b->d));
    }
};

/* Q8_1: | d f16 | s f16, ignored | 32 i8 |                                        36 bytes
 * w[i] = code[i] * d */
struct dev_q8_1 {
    static __device__ struct dq_quad quad(const struct dq_block_q8_1 *b, uint32_t q)
    {
        return dq_quad_times(dq_quad_of_i8(dq_load_u32<4>(b->qs + 4 * q)), dq_load_f16(b->d));
    }
};

#endif
