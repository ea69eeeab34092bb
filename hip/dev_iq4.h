/* Blocks of nibbles that stand for values of a codebook. */
#ifndef DQ_DEV_IQ4_H
#define DQ_DEV_IQ4_H

#include "dev_books.h"
#include "dev_legacy.h"

/* IQ4_NL: | d f16 | 16 bytes of nibbles |                                         18 bytes
 * w[i] = d * value[nibble[i]] */
struct dev_iq4_nl {
    static __device__ struct dq_quad quad(const struct dq_block_iq4_nl *b, uint32_t q)
    {
        const uint32_t values = dq_values_iq4nl(dq_nibbles<2>(b->qs, q));

        return dq_quad_times(dq_quad_of_i8(values), dq_load_f16(b->d));
    }
};

/* IQ4_XS: | d f16 | 8 pairs | 8 nibbles | 8 x 16 bytes of nibbles |               136 bytes
 * w[i] = (d * (scale[i / 32] - 32)) * value[nibble[i]]
 * The low four bits of a scale are a nibble before qs, its high two bits a pair. */
struct dev_iq4_xs {
    static __device__ struct dq_quad quad(const struct dq_block_iq4_xs *b, uint32_t q)
    {
        const uint64_t head = dq_load_u64(b->d);
        const uint32_t part = q / 8;
        const uint32_t low = (uint32_t)(head >> 32) >> 4 * part & 15;
        const uint32_t high = (uint32_t)(head >> 16) >> 2 * part & 3;
        const float dl = dq_low_f16((uint32_t)head) * ((float)(low | high << 4) - 32.0f);
        const uint32_t values = dq_values_iq4nl(dq_nibbles<4>(b->qs + 16 * part, q % 8));

        return dq_quad_times(dq_quad_of_i8(values), dl);
    }
};

#endif
