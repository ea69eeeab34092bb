/* For the decoder sources: the few operations that compilers do not make of plain loops, in one
 * file for each instruction-set level. The files have the same functions with the same results:
 *
 *   dq_f16_of     the number that an f16 stands for
 *   dq_x16_of_*   sixteen floats: of codes in memory or in two words, of f32, of f16 (where a NaN
 *                 becomes the one NaN)
 *   dq_x16_*      times a number, plus a number
 *   dq_x16_to_*   to f32, and to f16 and bf16, rounded to nearest even; those two for numbers that
 *                 are finite and stay so
 *   dq_lookup32   each of 32 codes 0..15 becomes a value of a table
 *   dq_bits32     32 bits, lowest of a byte first, as bytes: 0 or -1
 */
#ifndef DQ_DECODE_SIMD_H
#define DQ_DECODE_SIMD_H

#if defined(__x86_64__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#include "decode_simd_v4.h"
#elif defined(__x86_64__) && defined(__AVX2__) && defined(__F16C__)
#include "decode_simd_v3.h"
#else
#include "decode_simd_plain.h"
#endif

DQ_INLINE float dq_f16_at(const uint8_t *p)
{
    return dq_f16_of(dq_u16(p));
}

#endif
