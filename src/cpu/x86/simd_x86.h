/* The operations of decode_simd.h that are the same with AVX2 and with AVX-512. */
#ifndef DQ_SIMD_X86_H
#define DQ_SIMD_X86_H

#include <immintrin.h>

#include "cpu/decode_bits.h"
#include "cpu/decode_fields.h"

#define DQ_HAS_TABLES

DQ_INLINE float dq_f16_of(uint16_t h)
{
    return _cvtsh_ss(h);
}

DQ_INLINE void dq_two_f16_at(float *first, float *second, const uint8_t *p)
{
    const __m128 two = _mm_cvtph_ps(_mm_cvtsi32_si128((int)dq_u32(p)));

    _mm_store_ss(first, two);
    _mm_store_ss(second, _mm_movehdup_ps(two));
}

/* The nibbles of 16 bytes, first all low ones, then all high ones. */
DQ_INLINE __m256i dq_nibbles_of(const uint8_t *p)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m256i both = _mm256_set_m128i(_mm_srli_epi16(bytes, 4), bytes);

    return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

DQ_INLINE void dq_lookup32(int8_t *q, const int8_t *values)
{
    __m256i *p = (__m256i *)(void *)q;
    const __m256i table =
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)values));

    _mm256_storeu_si256(p, _mm256_shuffle_epi8(table, _mm256_loadu_si256(p)));
}

DQ_INLINE __m128i dq_two_rows8(const uint64_t *grid, size_t k0, size_t k1)
{
    const __m128d low = _mm_load_sd((const double *)(const void *)(grid + k0));

    return _mm_castpd_si128(_mm_loadh_pd(low, (const double *)(const void *)(grid + k1)));
}

/* Compilers would compute the indices in a vector and then extract each. */
DQ_INLINE void dq_put_rows8(
    int8_t *q, const uint64_t *grid, size_t k0, size_t k1, size_t k2, size_t k3)
{
    __asm__("" : "+r"(k0), "+r"(k1), "+r"(k2), "+r"(k3));
    const __m256i rows = _mm256_set_m128i(dq_two_rows8(grid, k2, k3), dq_two_rows8(grid, k0, k1));

    _mm256_storeu_si256((__m256i *)(void *)q, rows);
}

DQ_INLINE __m128i dq_four_rows4(const uint32_t *grid, size_t k0, size_t k1, size_t k2, size_t k3)
{
    __asm__("" : "+r"(k0), "+r"(k1), "+r"(k2), "+r"(k3));
    __m128i rows = _mm_cvtsi32_si128((int)grid[k0]);

    rows = _mm_insert_epi32(rows, (int)grid[k1], 1);
    rows = _mm_insert_epi32(rows, (int)grid[k2], 2);
    return _mm_insert_epi32(rows, (int)grid[k3], 3);
}

DQ_INLINE void dq_put_rows4(int8_t *q, const uint32_t *grid, size_t k0, size_t k1, size_t k2,
    size_t k3, size_t k4, size_t k5, size_t k6, size_t k7)
{
    const __m128i low = dq_four_rows4(grid, k0, k1, k2, k3);
    const __m128i high = dq_four_rows4(grid, k4, k5, k6, k7);

    _mm256_storeu_si256((__m256i *)(void *)q, _mm256_set_m128i(high, low));
}

#endif
