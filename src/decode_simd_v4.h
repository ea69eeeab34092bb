/* decode_simd.h with AVX-512. */
#ifndef DQ_DECODE_SIMD_V4_H
#define DQ_DECODE_SIMD_V4_H

#include <immintrin.h>

#include "decode_bits.h"

struct dq_x16 {
    __m512 v;
};

DQ_INLINE float dq_f16_of(uint16_t h)
{
    return _cvtsh_ss(h);
}

DQ_INLINE struct dq_x16 dq_x16_of_codes(const int8_t *q)
{
    const __m128i codes = _mm_loadu_si128((const __m128i *)(const void *)q);

    return (struct dq_x16){_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes))};
}

DQ_INLINE struct dq_x16 dq_x16_of_words(uint64_t low, uint64_t high)
{
    const __m128i codes = _mm_set_epi64x((long long)high, (long long)low);

    return (struct dq_x16){_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes))};
}

DQ_INLINE struct dq_x16 dq_x16_of_f32(const float *p)
{
    return (struct dq_x16){_mm512_loadu_ps(p)};
}

/* Not by comparing x with itself: clang 14 would compare the f16, one by one. */
DQ_INLINE struct dq_x16 dq_x16_of_f16(const uint8_t *p)
{
    const __m512 x = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
    const __mmask16 nan = _mm512_fpclass_ps_mask(x, 0x81);

    return (struct dq_x16){_mm512_mask_mov_ps(x, nan, _mm512_set1_ps(dq_f32_of_bits(0x7fc00000)))};
}

DQ_INLINE struct dq_x16 dq_x16_times(struct dq_x16 x, float d)
{
    return (struct dq_x16){_mm512_mul_ps(x.v, _mm512_set1_ps(d))};
}

DQ_INLINE struct dq_x16 dq_x16_plus(struct dq_x16 x, float m)
{
    return (struct dq_x16){_mm512_add_ps(x.v, _mm512_set1_ps(m))};
}

DQ_INLINE void dq_x16_to_f32(float *dst, struct dq_x16 x)
{
    _mm512_storeu_ps(dst, x.v);
}

DQ_INLINE void dq_x16_to_f16(uint16_t *dst, struct dq_x16 x)
{
    const __m256i h = _mm512_cvtps_ph(x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);

    _mm256_storeu_si256((__m256i *)(void *)dst, h);
}

/* Adds half a unit of the result, or a little less if its last bit is 0. */
DQ_INLINE void dq_x16_to_bf16(uint16_t *dst, struct dq_x16 x)
{
    const __m512i bits = _mm512_castps_si512(x.v);
    const __mmask16 odd = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(0x10000));
    const __m512i even_sum = _mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff));
    const __m512i sum = _mm512_mask_add_epi32(even_sum, odd, bits, _mm512_set1_epi32(0x8000));

    _mm256_storeu_si256((__m256i *)(void *)dst, _mm512_cvtepi32_epi16(_mm512_srli_epi32(sum, 16)));
}

DQ_INLINE void dq_lookup32(int8_t *q, const int8_t *values)
{
    __m256i *p = (__m256i *)(void *)q;
    const __m256i table =
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)values));

    _mm256_storeu_si256(p, _mm256_shuffle_epi8(table, _mm256_loadu_si256(p)));
}

DQ_INLINE void dq_bits32(int8_t *dst, const uint8_t *bits)
{
    _mm256_storeu_si256((__m256i *)(void *)dst, _mm256_movm_epi8(dq_u32(bits)));
}

#endif
