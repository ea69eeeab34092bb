/* decode_simd.h with AVX2 and F16C. */
#ifndef DQ_DECODE_SIMD_V3_H
#define DQ_DECODE_SIMD_V3_H

#include <immintrin.h>

#include "decode_bits.h"

struct dq_x16 {
    __m256 low, high;
};

DQ_INLINE float dq_f16_of(uint16_t h)
{
    return _cvtsh_ss(h);
}

DQ_INLINE __m256 dq_x8_of_codes(__m128i codes)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes));
}

DQ_INLINE struct dq_x16 dq_x16_of_codes(const int8_t *q)
{
    return (struct dq_x16){dq_x8_of_codes(_mm_loadl_epi64((const __m128i *)(const void *)q)),
        dq_x8_of_codes(_mm_loadl_epi64((const __m128i *)(const void *)(q + 8)))};
}

DQ_INLINE struct dq_x16 dq_x16_of_words(uint64_t low, uint64_t high)
{
    return (struct dq_x16){dq_x8_of_codes(_mm_cvtsi64_si128((long long)low)),
        dq_x8_of_codes(_mm_cvtsi64_si128((long long)high))};
}

DQ_INLINE struct dq_x16 dq_x16_of_f32(const float *p)
{
    return (struct dq_x16){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}

/* Not by comparing x with itself: clang 14 would compare the f16, one by one. */
DQ_INLINE __m256 dq_x8_of_f16(const uint8_t *p)
{
    const __m256 x = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
    const __m256i mag = _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x7fffffff));
    const __m256i nan = _mm256_cmpgt_epi32(mag, _mm256_set1_epi32(0x7f800000));

    return _mm256_blendv_ps(
        x, _mm256_set1_ps(dq_f32_of_bits(0x7fc00000)), _mm256_castsi256_ps(nan));
}

DQ_INLINE struct dq_x16 dq_x16_of_f16(const uint8_t *p)
{
    return (struct dq_x16){dq_x8_of_f16(p), dq_x8_of_f16(p + 16)};
}

DQ_INLINE struct dq_x16 dq_x16_times(struct dq_x16 x, float d)
{
    const __m256 factor = _mm256_set1_ps(d);

    return (struct dq_x16){_mm256_mul_ps(x.low, factor), _mm256_mul_ps(x.high, factor)};
}

DQ_INLINE struct dq_x16 dq_x16_plus(struct dq_x16 x, float m)
{
    const __m256 term = _mm256_set1_ps(m);

    return (struct dq_x16){_mm256_add_ps(x.low, term), _mm256_add_ps(x.high, term)};
}

DQ_INLINE void dq_x16_to_f32(float *dst, struct dq_x16 x)
{
    _mm256_storeu_ps(dst, x.low);
    _mm256_storeu_ps(dst + 8, x.high);
}

DQ_INLINE void dq_x16_to_f16(uint16_t *dst, struct dq_x16 x)
{
    const __m128i low = _mm256_cvtps_ph(x.low, _MM_FROUND_TO_NEAREST_INT);
    const __m128i high = _mm256_cvtps_ph(x.high, _MM_FROUND_TO_NEAREST_INT);

    _mm_storeu_si128((__m128i *)(void *)dst, low);
    _mm_storeu_si128((__m128i *)(void *)(dst + 8), high);
}

/* Adds half a unit of the result, or a little less if its last bit is 0. */
DQ_INLINE __m256i dq_x8_to_bf16(__m256 x)
{
    const __m256i bits = _mm256_castps_si256(x);
    const __m256 odd = _mm256_castsi256_ps(_mm256_slli_epi32(bits, 15)); /* as the sign */
    const __m256 less = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fff));
    const __m256 half = _mm256_castsi256_ps(_mm256_set1_epi32(0x8000));
    const __m256i term = _mm256_castps_si256(_mm256_blendv_ps(less, half, odd));

    return _mm256_srli_epi32(_mm256_add_epi32(bits, term), 16);
}

DQ_INLINE void dq_x16_to_bf16(uint16_t *dst, struct dq_x16 x)
{
    const __m256i lanes = _mm256_packus_epi32(dq_x8_to_bf16(x.low), dq_x8_to_bf16(x.high));

    _mm256_storeu_si256((__m256i *)(void *)dst, _mm256_permute4x64_epi64(lanes, 0xd8));
}

DQ_INLINE void dq_lookup32(int8_t *q, const int8_t *values)
{
    __m256i *p = (__m256i *)(void *)q;
    const __m256i table =
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)values));

    _mm256_storeu_si256(p, _mm256_shuffle_epi8(table, _mm256_loadu_si256(p)));
}

/* Each byte gets the byte that its bit is in, and the bit is looked at. */
DQ_INLINE void dq_bits32(int8_t *dst, const uint8_t *bits)
{
    const __m256i index = _mm256_setr_epi64x(0, DQ_BYTES(1), DQ_BYTES(2), DQ_BYTES(3));
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201);
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32((int)dq_u32(bits)), index);

    _mm256_storeu_si256(
        (__m256i *)(void *)dst, _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit));
}

#endif
