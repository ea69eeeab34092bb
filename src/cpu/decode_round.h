/* For the decoder sources: f32 to f16 and bf16, rounded to nearest even. Integer code without
 * branches, so that loops vectorise. A NaN becomes the one NaN. */
#ifndef DQ_DECODE_ROUND_H
#define DQ_DECODE_ROUND_H

#include "type/half.h"

/* For numbers that stay finite: computes the subnormal and the normal result and selects one. For a
 * subnormal result, the last place of the f32 sum x + 0.5 is the unit of f16, so the addition
 * rounds. */
static inline uint16_t dq_finite_to_f16(float x)
{
    const float half = 0.5f;
    const uint32_t bits = dq_bits_of_f32(x);
    const uint32_t mag = bits & 0x7fffffff;
    const uint32_t tiny = dq_bits_of_f32(dq_f32_of_bits(mag) + half) - dq_bits_of_f32(half);
    const uint32_t normal = (mag - (112u << 23) + 0x0fff + (mag >> 13 & 1)) >> 13;

    return (uint16_t)((bits >> 16 & 0x8000) | dq_bit_select(mag < 0x38800000, tiny, normal));
}

static inline uint16_t dq_f32_to_f16(float x)
{
    const uint32_t bits = dq_bits_of_f32(x);
    const uint32_t mag = bits & 0x7fffffff;
    const uint32_t infinity = (bits >> 16 & 0x8000) | 0x7c00;
    const uint32_t special = dq_bit_select(mag > 0x7f800000, 0x7e00, infinity);

    return (uint16_t)dq_bit_select(mag < 0x47800000, dq_finite_to_f16(x), special);
}

static inline uint16_t dq_f32_to_bf16(float x)
{
    const uint32_t bits = dq_bits_of_f32(x);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;

    return (uint16_t)dq_bit_select((bits & 0x7fffffff) > 0x7f800000, 0x7fc0, rounded);
}

#endif
