/* Rounds f32 to the 16-bit float types, to nearest even. Integer code without branches, so that the
 * loops vectorise. */
#include "decode_impl.h"

/* So many weights that their overflows can be counted in 32 bits and the loop is long. */
enum { RUN = 4096 };

/* All three kinds of number are computed and one selected. Where the result is subnormal, adding
 * 0.5 puts the unit of the f16 result into the last place of the f32 sum, which rounds it. */
static inline uint32_t f16_of(uint32_t mag)
{
    const float half = 0.5f;
    const uint32_t tiny = dq_bits_of_f32(dq_f32_of_bits(mag) + half) - dq_bits_of_f32(half);
    const uint32_t normal = (mag - (112u << 23) + 0x0fff + (mag >> 13 & 1)) >> 13;
    const uint32_t special = 0x7c00 | (uint32_t)(mag > 0x7f800000) << 9; /* NaN is 0x7e00 */
    const uint32_t finite = dq_select(mag < 0x38800000, tiny, normal);

    return dq_select(mag < 0x47800000, finite, special);
}

static uint32_t run_f16(const float *restrict src, uint16_t *restrict dst, size_t n)
{
    uint32_t overflows = 0;

    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = dq_bits_of_f32(src[i]);
        const uint32_t mag = bits & 0x7fffffff;
        const uint32_t h = f16_of(mag);

        dst[i] = (uint16_t)(dq_select(mag > 0x7f800000, 0, bits >> 16 & 0x8000) | h);
        overflows += (h == 0x7c00) & (mag < 0x7f800000);
    }
    return overflows;
}

static uint32_t run_bf16(const float *restrict src, uint16_t *restrict dst, size_t n)
{
    uint32_t overflows = 0;

    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = dq_bits_of_f32(src[i]);
        const uint32_t mag = bits & 0x7fffffff;
        const uint32_t rounded = (mag + 0x7fff + (mag >> 16 & 1)) >> 16;
        const uint32_t h = dq_select(mag > 0x7f800000, 0x7fc0, rounded);

        dst[i] = (uint16_t)(dq_select(mag > 0x7f800000, 0, bits >> 16 & 0x8000) | h);
        overflows += (h == 0x7f80) & (mag < 0x7f800000);
    }
    return overflows;
}

DQ_NARROW(f16)
{
    size_t overflows = 0;

    for (size_t i = 0; i < n; i += RUN)
        overflows += run_f16(src + i, dst + i, n - i < RUN ? n - i : RUN);
    return overflows;
}

DQ_NARROW(bf16)
{
    size_t overflows = 0;

    for (size_t i = 0; i < n; i += RUN)
        overflows += run_bf16(src + i, dst + i, n - i < RUN ? n - i : RUN);
    return overflows;
}
