/* Blocks of 256 weights of three values. */
#ifndef DQ_DEV_TERNARY_H
#define DQ_DEV_TERNARY_H

#include "dev_kquants.h"

/* TQ1_0: | 48 bytes of five digits | 4 bytes of four digits | d f16 |             54 bytes
 * w[i] = (digit[i] - 1) * d
 * Digit p of byte x is (x * 3^p mod 256) * 3 / 256. Bytes 0 to 31 hold weights 0 to 159: first all
 * first digits, then all second ones. Bytes 32 to 47 hold the next 80, bytes 48 to 51 the last
 * 16. */
struct dev_tq1_0 {
    /* Digit p of each of four bytes, computed for two bytes at a time in the halves of a word. */
    static __device__ uint32_t digits(uint32_t bytes, uint32_t p)
    {
        const uint32_t power = (uint32_t)(0x511b090301 >> 8 * p) & 255;
        const uint32_t even = (bytes & 0x00ff00ff) * power & 0x00ff00ff;
        const uint32_t odd = (bytes >> 8 & 0x00ff00ff) * power & 0x00ff00ff;

        return (even * 3 >> 8 & 0x00030003) | (odd * 3 & 0x03000300);
    }

    static __device__ struct dq_quad quad(const struct dq_block_tq1_0 *b, uint32_t q)
    {
        const uint32_t at = q < 40 ? 4 * (q % 8) : q < 60 ? 32 + 4 * (q % 4) : 48;
        const uint32_t p = q < 40 ? q / 8 : q < 60 ? (q - 40) / 4 : q - 60;
        const uint32_t codes = digits(dq_load_u32<2>((const uint8_t *)b + at), p);

        return dq_quad_times(dq_quad_of_u8(codes, 1.0f), dq_load_f16(b->d));
    }
};

/* TQ2_0: | 64 bytes of pairs | d f16 |                                            66 bytes
 * w[i] = (pair[i] - 1) * d */
struct dev_tq2_0 {
    static __device__ struct dq_quad quad(const struct dq_block_tq2_0 *b, uint32_t q)
    {
        return dq_quad_times(
            dq_quad_of_u8(dq_pairs<dq_load_u32<2>>(b->qs, q), 1.0f), dq_load_f16(b->d));
    }
};

#endif
