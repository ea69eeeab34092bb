/* Blocks of 4-bit floats: a code stands for a value of a codebook, which is twice the E2M1 number,
 * and the scale is used at half its value. */
#ifndef DQ_DEV_FP4_H
#define DQ_DEV_FP4_H

#include "dev_books.h"
#include "dev_legacy.h"

/* MXFP4: | e E8M0 | 16 bytes of nibbles |                                         17 bytes
 * w[i] = value[nibble[i]] * 2^(e - 128) */
struct dev_mxfp4 {
    static constexpr uint32_t part_weights = 16;

    /* N quads of the first half in the low nibbles, and N of the second half in the high ones. */
    template <int N> struct parts {
        uint32_t nibbles[N];
        float d;
    };

    template <int N> static __device__ parts<N> load(const struct dq_block_mxfp4 *b, uint32_t q)
    {
        parts<N> p;

        for (int k = 0; k < N; k++)
            p.nibbles[k] = dq_load_u32<1>(b->qs + 4 * q + 4 * k);
        p.d = dq_e8m0_half(b->e[0]);
        return p;
    }

    template <int N>
    static __device__ void part(const parts<N> &p, uint32_t i, struct dq_quad (&out)[N])
    {
        for (int k = 0; k < N; k++) {
            const uint32_t values = dq_values_fp4(p.nibbles[k] >> 4 * i & 0x0f0f0f0f);

            out[k] = dq_quad_times(dq_quad_of_i8(values), p.d);
        }
    }
};

/* NVFP4: | 4 UE4M3 | 4 x 8 bytes of nibbles, the low ones first |                 36 bytes
 * w[i] = value[nibble[i]] * scale[i / 16] / 2 */
struct dev_nvfp4 {
    static __device__ struct dq_quad quad(const struct dq_block_nvfp4 *b, uint32_t q)
    {
        const uint32_t word = dq_load_u32<4>(b->qs + 8 * (q / 4) + 4 * (q % 2));
        const uint32_t values = dq_values_fp4(word >> 4 * (q / 2 % 2) & 0x0f0f0f0f);

        return dq_quad_times(dq_quad_of_i8(values), dq_ue4m3_half(b->scales[q / 4]));
    }
};

#endif
