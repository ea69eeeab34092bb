/* Types whose block is one number:
 *
 *   | x |
 *   w[0] = x, rounded to nearest even where f32 cannot represent it */
#include "cpu/decode_impl.h"
#include "cpu/decode_simd.h"

/* Converts n numbers to f32. */
typedef void (*widen_fn)(const uint8_t *restrict src, float *restrict dst, size_t n);

DQ_INLINE size_t decode(const uint8_t *restrict src, void *restrict dst, size_t n,
    enum dq_dtype dtype, size_t bytes, widen_fn widen)
{
    enum { RUN = 1024 };
    float weights[RUN];
    uint16_t *out = dst;
    size_t overflows = 0;

    if (dtype == DQ_DTYPE_f32) {
        widen(src, dst, n);
        return 0;
    }
    for (size_t len; n > 0; n -= len, src += len * bytes, out += len) {
        len = n < RUN ? n : RUN;
        widen(src, weights, len);
        overflows += dq_round_at_level(dtype, weights, out, len);
    }
    return overflows;
}

/* The body of a decoder. */
#define DECODE(token)                                                                              \
    decode(src, dst, nblocks, dtype, sizeof(struct dq_block_##token), widen_##token)

/* A copy, except that all NaNs become one. */
static void widen_f32(const uint8_t *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = dq_one_nan(dq_f32_of_bits(dq_u32(src + 4 * i)));
}

DQ_DECODER(f32)
{
    return DECODE(f32);
}

static void widen_f16(const uint8_t *restrict src, float *restrict dst, size_t n)
{
    size_t i = 0;

    for (; i + 16 <= n; i += 16)
        dq_x16_to_f32(dst + i, dq_x16_of_f16(src + 2 * i));
    for (; i < n; i++)
        dst[i] = dq_one_nan(dq_f16_to_f32(dq_u16(src + 2 * i)));
}

DQ_DECODER(f16)
{
    return DECODE(f16);
}

static void widen_bf16(const uint8_t *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = dq_one_nan(dq_bf16_to_f32(dq_u16(src + 2 * i)));
}

DQ_DECODER(bf16)
{
    return DECODE(bf16);
}

/* F64, I32 and I64 are rounded, once. */
static void widen_f64(const uint8_t *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = dq_u64(src + 8 * i);
        double x;

        memcpy(&x, &bits, sizeof x);
        dst[i] = dq_one_nan((float)x);
    }
}

DQ_DECODER(f64)
{
    return DECODE(f64);
}

static void widen_i8(const uint8_t *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (float)(int8_t)src[i];
}

DQ_DECODER(i8)
{
    return DECODE(i8);
}

static void widen_i16(const uint8_t *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (float)(int16_t)dq_u16(src + 2 * i);
}

DQ_DECODER(i16)
{
    return DECODE(i16);
}

static void widen_i32(const uint8_t *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (float)(int32_t)dq_u32(src + 4 * i);
}

DQ_DECODER(i32)
{
    return DECODE(i32);
}

static void widen_i64(const uint8_t *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (float)(int64_t)dq_u64(src + 8 * i);
}

DQ_DECODER(i64)
{
    return DECODE(i64);
}
