/* The operations of decode_simd.h with AVX2 and F16C. */
#ifndef DQ_SIMD_V3_H
#define DQ_SIMD_V3_H

#include "cpu/x86/simd_x86.h"

struct dq_x16 {
    __m256 low, high;
};

/* The low bytes of sixteen 16-bit numbers, in both halves, and their high bytes. */
struct dq_table {
    __m256i low, high;
};

DQ_INLINE __m256 dq_x8_of_codes(__m128i codes)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes));
}

DQ_INLINE struct dq_x16 dq_x16_of_codes(const int8_t *q)
{
    return (struct dq_x16){dq_x8_of_codes(_mm_loadl_epi64((const __m128i *)(const void *)q)),
        dq_x8_of_codes(_mm_loadl_epi64((const __m128i *)(const void *)(q + 8)))};
}

/* The even elements and the odd ones: rounded to bf16, they are the low and high halves of the same
 * 32-bit words, which takes no shuffle. */
DQ_INLINE struct dq_x16 dq_x16_of_codes_deinterleaved(const int8_t *q)
{
    const __m256i words = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)q));
    const __m256i even = _mm256_madd_epi16(words, _mm256_set1_epi32(1));
    const __m256i odd = _mm256_srai_epi32(words, 16);

    return (struct dq_x16){_mm256_cvtepi32_ps(even), _mm256_cvtepi32_ps(odd)};
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

/* Does not compare x with itself: clang 14 would compare the f16 one at a time. */
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

DQ_INLINE struct dq_x16 dq_x16_times_two(struct dq_x16 x, const float *d)
{
    return (struct dq_x16){
        _mm256_mul_ps(x.low, _mm256_set1_ps(d[0])), _mm256_mul_ps(x.high, _mm256_set1_ps(d[1]))};
}

DQ_INLINE struct dq_x16 dq_x16_plus_two(struct dq_x16 x, const float *m)
{
    return (struct dq_x16){
        _mm256_add_ps(x.low, _mm256_set1_ps(m[0])), _mm256_add_ps(x.high, _mm256_set1_ps(m[1]))};
}

DQ_INLINE void dq_x16_to_f32(float *dst, struct dq_x16 x)
{
    _mm256_storeu_ps(dst, x.low);
    _mm256_storeu_ps(dst + 8, x.high);
}

DQ_INLINE void dq_x16_pair_to_f16(uint16_t *dst, struct dq_x16 a, struct dq_x16 b)
{
    __m128i *p = (__m128i *)(void *)dst;

    _mm_storeu_si128(p, _mm256_cvtps_ph(a.low, _MM_FROUND_TO_NEAREST_INT));
    _mm_storeu_si128(p + 1, _mm256_cvtps_ph(a.high, _MM_FROUND_TO_NEAREST_INT));
    _mm_storeu_si128(p + 2, _mm256_cvtps_ph(b.low, _MM_FROUND_TO_NEAREST_INT));
    _mm_storeu_si128(p + 3, _mm256_cvtps_ph(b.high, _MM_FROUND_TO_NEAREST_INT));
}

/* Returns the result in the high halves. Adds half a unit of the result, or a little less if its
 * last bit is 0, which rounds to nearest even. */
DQ_INLINE __m256i dq_x8_rounded_to_bf16(__m256 x)
{
    const __m256i bits = _mm256_castps_si256(x);
    const __m256 odd = _mm256_castsi256_ps(_mm256_slli_epi32(bits, 15)); /* as the sign */
    const __m256 less = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fff));
    const __m256 half = _mm256_castsi256_ps(_mm256_set1_epi32(0x8000));
    const __m256i term = _mm256_castps_si256(_mm256_blendv_ps(less, half, odd));

    return _mm256_add_epi32(bits, term);
}

DQ_INLINE __m256i dq_h16_of_bf16(struct dq_x16 x)
{
    const __m256i low = _mm256_srli_epi32(dq_x8_rounded_to_bf16(x.low), 16);
    const __m256i high = _mm256_srli_epi32(dq_x8_rounded_to_bf16(x.high), 16);

    return _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xd8);
}

DQ_INLINE void dq_x16_pair_to_bf16(uint16_t *dst, struct dq_x16 a, struct dq_x16 b)
{
    _mm256_storeu_si256((__m256i *)(void *)dst, dq_h16_of_bf16(a));
    _mm256_storeu_si256((__m256i *)(void *)(dst + 16), dq_h16_of_bf16(b));
}

DQ_INLINE __m256i dq_h16_of_deinterleaved(struct dq_x16 x)
{
    const __m256i even = _mm256_srli_epi32(dq_x8_rounded_to_bf16(x.low), 16);

    return _mm256_blend_epi16(even, dq_x8_rounded_to_bf16(x.high), 0xaa);
}

DQ_INLINE void dq_x16_deinterleaved_to_bf16(uint16_t *dst, struct dq_x16 a, struct dq_x16 b)
{
    _mm256_storeu_si256((__m256i *)(void *)dst, dq_h16_of_deinterleaved(a));
    _mm256_storeu_si256((__m256i *)(void *)(dst + 16), dq_h16_of_deinterleaved(b));
}

DQ_INLINE struct dq_table dq_table_f16(struct dq_x16 x)
{
    const __m256i deinterleave = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15));
    const __m128i low = _mm256_cvtps_ph(x.low, _MM_FROUND_TO_NEAREST_INT);
    const __m128i high = _mm256_cvtps_ph(x.high, _MM_FROUND_TO_NEAREST_INT);
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), deinterleave);

    return (struct dq_table){
        _mm256_permute4x64_epi64(bytes, 0x88), _mm256_permute4x64_epi64(bytes, 0xdd)};
}

/* Gathers the low bytes of four numbers and their high bytes, then orders the groups of four. */
DQ_INLINE struct dq_table dq_table_bf16(struct dq_x16 x)
{
    const __m256i even = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(2, 6, 10, 14, -1, -1, -1, -1, 3, 7, 11, 15, -1, -1, -1, -1));
    const __m256i odd = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(-1, -1, -1, -1, 2, 6, 10, 14, -1, -1, -1, -1, 3, 7, 11, 15));
    const __m256i bytes = _mm256_or_si256(_mm256_shuffle_epi8(dq_x8_rounded_to_bf16(x.low), even),
        _mm256_shuffle_epi8(dq_x8_rounded_to_bf16(x.high), odd));

    return (struct dq_table){
        _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 0, 4, 1, 5)),
        _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(2, 6, 3, 7, 2, 6, 3, 7))};
}

DQ_INLINE int dq_all_within(const float *d, const float *m, size_t n, float largest)
{
    const __m256 mag = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    __m256 fit = _mm256_castsi256_ps(_mm256_set1_epi32(-1));

    for (size_t i = 0; i < n; i += 8) {
        __m256 x =
            _mm256_mul_ps(_mm256_and_ps(_mm256_loadu_ps(d + i), mag), _mm256_set1_ps(128.0f));
        if (m)
            x = _mm256_add_ps(x, _mm256_and_ps(_mm256_loadu_ps(m + i), mag));
        fit = _mm256_and_ps(fit, _mm256_cmp_ps(x, _mm256_set1_ps(largest), _CMP_LE_OQ));
    }
    return _mm256_movemask_ps(fit) == 0xff;
}

/* Copies to each byte the byte that has its bit, and tests the bit. */
DQ_INLINE __m256i dq_bits_at(const uint8_t *bits, __m256i index)
{
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201);
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32((int)dq_u32(bits)), index);

    return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
}

/* In the order 0-7, 16-23, 8-15, 24-31, which the unpack instructions turn into the right one. */
DQ_INLINE __m256i dq_load_for_unpack(const void *p)
{
    return _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i *)p), 0xd8);
}

DQ_INLINE __m256i dq_bits_for_unpack(const uint8_t *bits)
{
    return dq_bits_at(
        bits, _mm256_setr_epi64x(0, DQ_SWAR_SPLAT8(2), DQ_SWAR_SPLAT8(1), DQ_SWAR_SPLAT8(3)));
}

DQ_INLINE void dq_table_lookup32(uint16_t *dst, const struct dq_table *table, const int8_t *q,
    const uint8_t *bits, struct dq_lut lut)
{
    __m256i k = dq_load_for_unpack(q);

    if (lut.shift)
        k = _mm256_srli_epi16(k, lut.shift);
    if (lut.step) {
        const __m256i step = _mm256_set1_epi8((char)lut.step);
        k = _mm256_add_epi8(k, _mm256_and_si256(dq_bits_for_unpack(bits), step));
    }
    if (lut.two_groups)
        k = _mm256_or_si256(_mm256_and_si256(k, _mm256_set1_epi8(7)),
            _mm256_setr_epi64x(0, DQ_SWAR_SPLAT8(8), 0, DQ_SWAR_SPLAT8(8)));
    else
        k = _mm256_and_si256(k, _mm256_set1_epi8(15));
    const __m256i low = _mm256_shuffle_epi8(table->low, k);
    const __m256i high = _mm256_shuffle_epi8(table->high, k);
    _mm256_storeu_si256((__m256i *)(void *)dst, _mm256_unpacklo_epi8(low, high));
    _mm256_storeu_si256((__m256i *)(void *)(dst + 16), _mm256_unpackhi_epi8(low, high));
}

DQ_INLINE void dq_unpack9x32(uint8_t *dst, const uint8_t *low, const uint8_t *bits)
{
    const __m256i bytes = dq_load_for_unpack(low);
    const __m256i ninth = _mm256_and_si256(dq_bits_for_unpack(bits), _mm256_set1_epi8(1));

    _mm256_storeu_si256((__m256i *)(void *)dst, _mm256_unpacklo_epi8(bytes, ninth));
    _mm256_storeu_si256((__m256i *)(void *)(dst + 32), _mm256_unpackhi_epi8(bytes, ninth));
}

DQ_INLINE __m256i dq_bits_of(const uint8_t *bits)
{
    return dq_bits_at(
        bits, _mm256_setr_epi64x(0, DQ_SWAR_SPLAT8(1), DQ_SWAR_SPLAT8(2), DQ_SWAR_SPLAT8(3)));
}

DQ_INLINE void dq_unpack5x32(int8_t *q, const uint8_t *nibbles, const uint8_t *bits, int bias)
{
    const __m256i low = _mm256_sub_epi8(dq_nibbles_of(nibbles), _mm256_set1_epi8((char)bias));
    const __m256i fifth = _mm256_and_si256(dq_bits_of(bits), _mm256_set1_epi8(16));

    _mm256_storeu_si256((__m256i *)(void *)q, _mm256_add_epi8(low, fifth));
}

DQ_INLINE void dq_bits32(int8_t *dst, const uint8_t *bits)
{
    _mm256_storeu_si256((__m256i *)(void *)dst, dq_bits_of(bits));
}

#endif
