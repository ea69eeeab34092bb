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

/* PTQ1_0: | 24 bytes of five digits | 2 bytes of four digits | d f16 |            28 bytes
 * w[i] = (digit[i] - 1) * d
 * Digits as in TQ1_0. Bytes 0 to 15 hold weights 0 to 79: first all first digits, then all second
 * ones. Bytes 16 to 23 hold the next 40, bytes 24 and 25 the last 8. */
struct dev_ptq1_0 {
    static __device__ struct dq_quad quad(const struct dq_block_ptq1_0 *b, uint32_t q)
    {
        const uint32_t at = q < 20 ? 4 * (q % 4) : q < 30 ? 16 + 4 * (q % 2) : 24;
        const uint32_t p = q < 20 ? q / 4 : q < 30 ? q / 2 - 10 : 2 * q - 60;
        const uint32_t word = dq_load_u32<4>((const uint8_t *)b + at);
        /* The last two bytes give two digits each to a quad: the second ones are the first ones of
         * three times the bytes. */
        const uint32_t third = ((word & 0x00ff) | (word & 0xff00) << 8) * 3;
        const uint32_t tail =
            (word & 0xffff) | (third & 0x000000ff) << 16 | (third & 0x00ff0000) << 8;

        return dq_quad_times(
            dq_quad_of_u8(dev_tq1_0::digits(q < 30 ? word : tail, p), 1.0f), dq_load_f16(b->d));
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
