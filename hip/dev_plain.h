/* Types whose block is one weight. four() decodes four weights, of which the first has a number
 * that is a multiple of four; one() decodes one of the last few of a tensor.
 *
 *   F32                 the bits of an f32
 *   F16                 the bits of an f16
 *   BF16                the high half of an f32
 *   F64                 rounded to nearest even
 *   I8, I16, I32, I64   two's complement, rounded to nearest even */
#ifndef DQ_DEV_PLAIN_H
#define DQ_DEV_PLAIN_H

#include "dev_quad.h"

struct dev_f32 {
    static __device__ float one(const struct dq_block_f32 *b)
    {
        return dq_f32_of_bits(dq_load_u32<4>(b->x));
    }

    static __device__ struct dq_quad four(const struct dq_block_f32 *b)
    {
        const struct dq_words x = dq_load16(b->x);
        struct dq_quad q;

        for (int j = 0; j < 4; j++)
            q.w[j] = dq_f32_of_bits(x.w[j]);
        return q;
    }
};

struct dev_f16 {
    static __device__ float one(const struct dq_block_f16 *b)
    {
        return dq_load_f16(b->x);
    }

    static __device__ struct dq_quad four(const struct dq_block_f16 *b)
    {
        const uint64_t x = dq_load_u64(b->x);
        struct dq_quad q;

        for (int j = 0; j < 4; j++)
            q.w[j] = dq_f16_widen((uint16_t)(x >> 16 * j));
        return q;
    }
};

struct dev_bf16 {
    static __device__ float one(const struct dq_block_bf16 *b)
    {
        return dq_bf16_to_f32((uint16_t)dq_load_u16(b->x));
    }

    static __device__ struct dq_quad four(const struct dq_block_bf16 *b)
    {
        const uint64_t x = dq_load_u64(b->x);
        struct dq_quad q;

        for (int j = 0; j < 4; j++)
            q.w[j] = dq_bf16_to_f32((uint16_t)(x >> 16 * j));
        return q;
    }
};

struct dev_f64 {
    static __device__ float rounded(uint64_t bits)
    {
        double x;

        memcpy(&x, &bits, sizeof x);
        return (float)x;
    }

    static __device__ float one(const struct dq_block_f64 *b)
    {
        return rounded(dq_load_u64(b->x));
    }

    static __device__ struct dq_quad four(const struct dq_block_f64 *b)
    {
        struct dq_quad q;

        for (int i = 0; i < 2; i++) {
            const struct dq_words x = dq_load16(b[2 * i].x);

            q.w[2 * i] = rounded(x.w[0] | (uint64_t)x.w[1] << 32);
            q.w[2 * i + 1] = rounded(x.w[2] | (uint64_t)x.w[3] << 32);
        }
        return q;
    }
};

struct dev_i8 {
    static __device__ float one(const struct dq_block_i8 *b)
    {
        return (float)(int8_t)b->x[0];
    }

    static __device__ struct dq_quad four(const struct dq_block_i8 *b)
    {
        return dq_quad_of_i8(dq_load_u32<4>(b->x));
    }
};

struct dev_i16 {
    static __device__ float one(const struct dq_block_i16 *b)
    {
        return (float)(int16_t)dq_load_u16(b->x);
    }

    static __device__ struct dq_quad four(const struct dq_block_i16 *b)
    {
        const uint64_t x = dq_load_u64(b->x);
        struct dq_quad q;

        for (int j = 0; j < 4; j++)
            q.w[j] = (float)(int16_t)(x >> 16 * j);
        return q;
    }
};

struct dev_i32 {
    static __device__ float one(const struct dq_block_i32 *b)
    {
        return (float)(int32_t)dq_load_u32<4>(b->x);
    }

    static __device__ struct dq_quad four(const struct dq_block_i32 *b)
    {
        const struct dq_words x = dq_load16(b->x);
        struct dq_quad q;

        for (int j = 0; j < 4; j++)
            q.w[j] = (float)(int32_t)x.w[j];
        return q;
    }
};

struct dev_i64 {
    static __device__ float one(const struct dq_block_i64 *b)
    {
        return (float)(int64_t)dq_load_u64(b->x);
    }

    static __device__ struct dq_quad four(const struct dq_block_i64 *b)
    {
        struct dq_quad q;

        for (int i = 0; i < 2; i++) {
            const struct dq_words x = dq_load16(b[2 * i].x);

            q.w[2 * i] = (float)(int64_t)(x.w[0] | (uint64_t)x.w[1] << 32);
            q.w[2 * i + 1] = (float)(int64_t)(x.w[2] | (uint64_t)x.w[3] << 32);
        }
        return q;
    }
};

#endif
