/* Weights as they are reduced: f32 of any alignment, their bits, and the keys by which they are ordered. */
#ifndef DQ_REDUCE_WEIGHTS_H
#define DQ_REDUCE_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cpu/cpu.h"
#include "type/half.h"

static inline uint32_t dq_bits_at(const uint8_t *weights, size_t i)
{
    uint32_t bits;
    memcpy(&bits, weights + i * sizeof bits, sizeof bits);
    return bits;
}

static inline float dq_weight_at(const uint8_t *weights, size_t i)
{
    return dq_f32_of_bits(dq_bits_at(weights, i));
}

/* The key of a weight, dq_f32_key, and the weight that has one. */
static inline int32_t dq_key_of_f32(float f)
{
    return dq_f32_key(dq_bits_of_f32(f));
}

static inline float dq_f32_of_key(int32_t key)
{
    return dq_f32_of_bits((uint32_t)dq_f32_key((uint32_t)key));
}

#endif
