/* The operations of decode_simd.h with AVX-512. */
#ifndef DQ_SIMD_V4_H
#define DQ_SIMD_V4_H

#include "cpu/x86/simd_x86.h"

struct dq_x16 {
    __m512 v;
};

/* Sixteen 16-bit numbers; the upper half of the register is not set. */
struct dq_table {
    __m512i v;
};

DQ_INLINE struct dq_x16 dq_x16_of_codes(const int8_t *q)
{
    const __m128i codes = _mm_loadu_si128((const __m128i *)(const void *)q);

    return (struct dq_x16){_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes))};
}

DQ_INLINE struct dq_x16 dq_x16_of_codes_deinterleaved(const int8_t *q)
{
    return dq_x16_of_codes(q);
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

/* Does not compare x with itself: clang 14 would compare the f16 one at a time. */
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

DQ_INLINE __m512 dq_x16_of_two(const float *p)
{
    return _mm512_mask_broadcastss_ps(_mm512_set1_ps(p[0]), 0xff00, _mm_load_ss(p + 1));
}

DQ_INLINE struct dq_x16 dq_x16_times_two(struct dq_x16 x, const float *d)
{
    return (struct dq_x16){_mm512_mul_ps(x.v, dq_x16_of_two(d))};
}

DQ_INLINE struct dq_x16 dq_x16_plus_two(struct dq_x16 x, const float *m)
{
    return (struct dq_x16){_mm512_add_ps(x.v, dq_x16_of_two(m))};
}

DQ_INLINE void dq_x16_to_f32(float *dst, struct dq_x16 x)
{
    _mm512_storeu_ps(dst, x.v);
}

DQ_INLINE __m256i dq_h16_of_x16_f16(struct dq_x16 x)
{
    return _mm512_cvtps_ph(x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* Returns the result in the high halves. Adds half a unit of the result, or a little less if its
 * last bit is 0, which rounds to nearest even. */
DQ_INLINE __m512i dq_x16_rounded_to_bf16(struct dq_x16 x)
{
    const __m512i bits = _mm512_castps_si512(x.v);
    const __mmask16 odd = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(0x10000));
    const __m512i even_sum = _mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff));

    return _mm512_mask_add_epi32(even_sum, odd, bits, _mm512_set1_epi32(0x8000));
}

DQ_INLINE void dq_x16_pair_to_f16(uint16_t *dst, struct dq_x16 a, struct dq_x16 b)
{
    _mm256_storeu_si256((__m256i *)(void *)dst, dq_h16_of_x16_f16(a));
    _mm256_storeu_si256((__m256i *)(void *)(dst + 16), dq_h16_of_x16_f16(b));
}

DQ_INLINE void dq_x16_pair_to_bf16(uint16_t *dst, struct dq_x16 a, struct dq_x16 b)
{
    const __m512i high_halves = _mm512_set_epi16(63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39,
        37, 35, 33, 31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);

    _mm512_storeu_si512(dst, _mm512_permutex2var_epi16(dq_x16_rounded_to_bf16(a), high_halves,
                                 dq_x16_rounded_to_bf16(b)));
}

DQ_INLINE void dq_x16_deinterleaved_to_bf16(uint16_t *dst, struct dq_x16 a, struct dq_x16 b)
{
    dq_x16_pair_to_bf16(dst, a, b);
}

DQ_INLINE struct dq_table dq_table_f16(struct dq_x16 x)
{
    return (struct dq_table){_mm512_castsi256_si512(dq_h16_of_x16_f16(x))};
}

DQ_INLINE struct dq_table dq_table_bf16(struct dq_x16 x)
{
    const __m512i halves = _mm512_srli_epi32(dq_x16_rounded_to_bf16(x), 16);

    return (struct dq_table){_mm512_castsi256_si512(_mm512_cvtepi32_epi16(halves))};
}

DQ_INLINE void dq_table_lookup32(uint16_t *dst, const struct dq_table *table, const int8_t *q,
    const uint8_t *bits, struct dq_lut lut)
{
    __m256i k = _mm256_loadu_si256((const __m256i *)(const void *)q);

    if (lut.shift)
        k = _mm256_srli_epi16(k, lut.shift);
    if (lut.step)
        k = _mm256_mask_add_epi8(k, dq_u32(bits), k, _mm256_set1_epi8((char)lut.step));
    if (lut.two_groups)
        k = _mm256_or_si256(_mm256_and_si256(k, _mm256_set1_epi8(7)),
            _mm256_set_m128i(_mm_set1_epi8(8), _mm_setzero_si128()));
    else
        k = _mm256_and_si256(k, _mm256_set1_epi8(15));
    _mm512_storeu_si512(dst, _mm512_permutexvar_epi16(_mm512_cvtepu8_epi16(k), table->v));
}

DQ_INLINE int dq_all_within(const float *d, const float *m, size_t n, float largest)
{
    __mmask16 fit = 0xffff;

    for (size_t i = 0; i < n; i += 16) {
        __m512 x = _mm512_mul_ps(_mm512_abs_ps(_mm512_loadu_ps(d + i)), _mm512_set1_ps(128.0f));
        if (m)
            x = _mm512_add_ps(x, _mm512_abs_ps(_mm512_loadu_ps(m + i)));
        fit = _mm512_mask_cmp_ps_mask(fit, x, _mm512_set1_ps(largest), _CMP_LE_OQ);
    }
    return fit == 0xffff;
}

DQ_INLINE void dq_unpack9x32(uint8_t *dst, const uint8_t *low, const uint8_t *bits)
{
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)low);
    const __m512i words = _mm512_cvtepu8_epi16(bytes);

    _mm512_storeu_si512(
        dst, _mm512_mask_add_epi16(words, dq_u32(bits), words, _mm512_set1_epi16(0x100)));
}

DQ_INLINE void dq_unpack5x32(int8_t *q, const uint8_t *nibbles, const uint8_t *bits, int bias)
{
    const __m256i low = _mm256_sub_epi8(dq_nibbles_of(nibbles), _mm256_set1_epi8((char)bias));

    _mm256_storeu_si256(
        (__m256i *)(void *)q, _mm256_mask_add_epi8(low, dq_u32(bits), low, _mm256_set1_epi8(16)));
}

DQ_INLINE void dq_bits32(int8_t *dst, const uint8_t *bits)
{
    _mm256_storeu_si256((__m256i *)(void *)dst, _mm256_movm_epi8(dq_u32(bits)));
}

#endif
