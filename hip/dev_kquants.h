/* Blocks of 256 weights whose parts have scales of their own. Quad q is the weights 4q to 4q +
 * 3. */
#ifndef DQ_DEV_KQUANTS_H
#define DQ_DEV_KQUANTS_H

#include "dev_quad.h"

/* The 2-bit codes of quad q of 256 weights in 64 bytes. 32 bytes hold 128 weights: bits 2j and 2j +
 * 1 of them are the weights 32j to 32j + 31. LOAD loads a word of the 64 bytes. */
template <uint32_t (*LOAD)(const uint8_t *)>
DQ_DEVICE uint32_t dq_pairs(const uint8_t *qs, uint32_t q)
{
    return LOAD(qs + 32 * (q / 32) + 4 * (q % 8)) >> 2 * (q / 8 % 4) & 0x03030303;
}

DQ_DEVICE uint32_t dq_load_one_inside(const uint8_t *p)
{
    return dq_load_inside<1>(p).w[0];
}

/* Q2_K: | 16 of: scale nibble, minimum nibble | 64 bytes of pairs | d f16 | dmin f16 |   84 bytes
 * w[i] = ((d * scale[i / 16]) * pair[i]) - dmin * minimum[i / 16] */
struct dev_q2_k {
    static __device__ struct dq_quad quad(const struct dq_block_q2_k *b, uint32_t q)
    {
        const uint32_t dm = dq_load_u32<4>(b->d);
        const uint32_t sc = b->scales[q / 4];
        const float dl = dq_low_f16(dm) * (float)(sc & 15);
        const float ml = dq_high_f16(dm) * (float)(sc >> 4);

        return dq_quad_minus(
            dq_quad_times(dq_quad_of_u8(dq_pairs<dq_load_u32<4>>(b->qs, q), 0.0f), dl), ml);
    }
};

/* Q3_K: | 32 bytes of third bits | 64 bytes of pairs | 12 bytes of scales | d f16 |     110 bytes
 * w[i] = (d * (scale[i / 16] - 32)) * ((pair[i] | third bit << 2) - 4)
 * Third bit i is bit i / 32 of byte i % 32. The low four bits of scale k are nibble k / 8 of byte
 * k % 8, its high two bits pair k / 4 of byte 8 + k % 4. */
struct dev_q3_k {
    static constexpr uint32_t part_weights = 32;

    /* N quads of part j of 32 weights, where j is even, and N of part j + 1. Their codes are the
     * low and the high nibbles, their scales the low and the high half. */
    template <int N> struct parts {
        uint32_t codes[N];
        uint32_t scales;
        float d;
    };

    template <int N> static __device__ parts<N> load(const struct dq_block_q3_k *b, uint32_t q)
    {
        const uint32_t j = q / 8;
        const uint32_t column = 4 * (q % 8);
        const uint32_t half = 8 * (column / 16); /* 16 weights have a scale */
        const dq_some<N> pairs = dq_load_inside<N>(b->qs + 32 * (j / 4) + column);
        const dq_some<N> third = dq_load_inside<N>(b->hmask + column);
        const uint32_t s4 = dq_load_one_inside(b->scales + 2 * (j & 2)) >> (half + 4 * (j / 4));
        const uint32_t s2 = dq_load_one_inside(b->scales + 8) >> (half + 2 * (j / 2));
        parts<N> p;

        for (int i = 0; i < N; i++) {
            const uint32_t low = pairs.w[i] >> 2 * (j % 4);
            const uint32_t high = third.w[i] >> j;

            p.codes[i] = (low & 0x03030303) | (low & 0x0c0c0c0c) << 2 | (high & 0x01010101) << 2 |
                         (high & 0x02020202) << 5;
        }
        p.scales = (s4 & 0x000f000f) | (s2 & 0x00030003) << 4;
        p.d = dq_load_f16(b->d);
        return p;
    }

    template <int N>
    static __device__ void part(const parts<N> &p, uint32_t i, struct dq_quad (&out)[N])
    {
        const float dl = p.d * ((float)(p.scales >> 16 * i & 63) - 32.0f);

        for (int k = 0; k < N; k++)
            out[k] = dq_quad_times(dq_quad_of_u8(p.codes[k] >> 4 * i & 0x07070707, 4.0f), dl);
    }
};

/* The head of Q4_K and Q5_K: | d f16 | dmin f16 | 12 bytes of scales and minima |        16 bytes
 * For k < 4: the scale of part k is the low six bits of byte k, its minimum those of byte 4 + k.
 * The low four bits of the scale and the minimum of part 4 + k are the nibbles of byte 8 + k, their
 * high two bits the top two of bytes k and 4 + k. */
struct dq_k_scales {
    float d; /* d * scale */
    float m; /* dmin * minimum */
};

DQ_DEVICE struct dq_k_scales dq_k_scales_of(const uint8_t *head, uint32_t part)
{
    const struct dq_words h = dq_load16(head);
    const uint32_t k = part % 4;
    const uint32_t byte0 = h.w[1] >> 8 * k & 255;
    const uint32_t byte4 = h.w[2] >> 8 * k & 255;
    const uint32_t byte8 = h.w[3] >> 8 * k & 255;
    const uint32_t high_sc = (byte8 & 15) | byte0 >> 6 << 4;
    const uint32_t high_m = byte8 >> 4 | byte4 >> 6 << 4;
    const uint32_t sc = part < 4 ? byte0 & 63 : high_sc;
    const uint32_t m = part < 4 ? byte4 & 63 : high_m;

    return {dq_low_f16(h.w[0]) * (float)sc, dq_high_f16(h.w[0]) * (float)m};
}

/* The nibbles of quad q of 256 weights in 128 bytes. The low nibbles of 32 bytes are a part of 32
 * weights, the high ones the next part. */
DQ_DEVICE uint32_t dq_k_nibbles(const uint8_t *qs, uint32_t q)
{
    return dq_load_u32<4>(qs + 32 * (q / 16) + 4 * (q % 8)) >> 4 * (q / 8 % 2) & 0x0f0f0f0f;
}

/* Q4_K: | head | 128 bytes of nibbles |                                                  144 bytes
 * w[i] = ((d * scale[i / 32]) * nibble[i]) - dmin * minimum[i / 32] */
struct dev_q4_k {
    static __device__ struct dq_quad quad(const struct dq_block_q4_k *b, uint32_t q)
    {
        const struct dq_k_scales s = dq_k_scales_of(b->d, q / 8);
        const uint32_t codes = dq_k_nibbles(b->qs, q);

        return dq_quad_minus(dq_quad_times(dq_quad_of_u8(codes, 0.0f), s.d), s.m);
    }
};

/* Q5_K: | head | 32 bytes of fifth bits | 128 bytes of nibbles |                         176 bytes
 * w[i] = ((d * scale[i / 32]) * (nibble[i] | fifth bit << 4)) - dmin * minimum[i / 32]
 * Fifth bit i is bit i / 32 of byte i % 32. */
struct dev_q5_k {
    static __device__ struct dq_quad quad(const struct dq_block_q5_k *b, uint32_t q)
    {
        const struct dq_k_scales s = dq_k_scales_of(b->d, q / 8);
        const uint32_t fifth = dq_load_u32<4>(b->qh + 4 * (q % 8)) >> q / 8 & 0x01010101;
        const uint32_t codes = dq_k_nibbles(b->qs, q) | fifth << 4;

        return dq_quad_minus(dq_quad_times(dq_quad_of_u8(codes, 0.0f), s.d), s.m);
    }
};

/* Q6_K: | 128 bytes of nibbles | 64 bytes of pairs | 16 i8 scales | d f16 |              210 bytes
 * w[i] = (d * scale[i / 16]) * ((nibble[i] | pair[i] << 4) - 32)
 * The low nibbles of 64 bytes are weights 0 to 63 of 128, the high ones 64 to 127. */
struct dev_q6_k {
    static __device__ struct dq_quad quad(const struct dq_block_q6_k *b, uint32_t q)
    {
        const uint32_t nibbles =
            dq_load_one_inside(b->ql + 64 * (q / 32) + 4 * (q % 16)) >> 4 * (q / 16 % 2) &
            0x0f0f0f0f;
        const uint32_t codes = nibbles | dq_pairs<dq_load_one_inside>(b->qh, q) << 4;
        const float dl = dq_load_f16(b->d) * (float)(int8_t)b->scales[q / 4];

        return dq_quad_times(dq_quad_of_u8(codes, 32.0f), dl);
    }
};

/* Q8_K: | d f32 | 256 i8 | 16 sums, ignored |                                           292 bytes
 * w[i] = d * code[i], the only product here that rounds */
struct dev_q8_k {
    static __device__ struct dq_quad quad(const struct dq_block_q8_k *b, uint32_t q)
    {
        const float d = dq_f32_of_bits(dq_load_u32<4>(b->d));

        return dq_quad_times(dq_quad_of_i8(dq_load_u32<4>(b->qs + 4 * q)), d);
    }
};

#endif
