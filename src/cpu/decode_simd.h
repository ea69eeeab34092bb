/* For the decoder sources: the few operations that compilers do not make of plain loops, in one
 * file for each instruction-set level. The files have the same functions with the same results:
 *
 *   dq_f16_of       the number that an f16 stands for; dq_two_f16_at: of two in memory
 *   dq_x16_of_*     sixteen floats: of codes in memory or in two words, of f32, of f16 (where a
 *                   NaN becomes the one NaN)
 *   dq_x16_*        times a number, plus a number
 *   dq_x16_to_f32   stores them
 *   dq_x16_pair_to_*  two of them to f16 or bf16, rounded to nearest even; for numbers that are
 *                   finite and stay so
 *   dq_x16_*apart*  the same from codes to bf16 by way of an order that suits the machine
 *   dq_all_within   whether 128 * |d[i]| + |m[i]| <= largest for all i < n; m may be NULL. Reads,
 *                   and may heed, d and m up to the next multiple of 16
 *   dq_lookup32     each of 32 codes 0..15 becomes a value of a table
 *   dq_bits32       32 bits, lowest of a byte first, as bytes: 0 or -1
 *   dq_unpack5x32      16 bytes of nibbles, first the low ones, with 32 fifth bits, less bias
 *   dq_unpack9x32      32 bytes with 32 ninth bits, as 16-bit integers, low byte first
 *   dq_put_rows*    four rows of eight bytes, or eight of four, of a codebook
 *
 * Where DQ_HAS_TABLES is defined, there are also tables of sixteen numbers of 16 bits:
 *
 *   dq_x16_*_two    times and plus two numbers, each for eight floats
 *   dq_table_*      rounds sixteen floats, as above
 *   dq_table_lookup32  each of 32 codes, through its key, becomes a number of the table
 */
#ifndef DQ_DECODE_SIMD_H
#define DQ_DECODE_SIMD_H

#include "cpu/decode_bits.h"

/* How a code, with its bit if it has one, becomes a key, which is an index of sixteen values, all
 * that a group has: (code >> shift) + (bit is set ? step : 0), of which the low four bits count.
 * Constants in a decoder. */
struct dq_keys {
    const int8_t *values; /* or NULL: groups have more */
    int shift;
    int step;
    int two; /* eight values twice: three bits count, and 32 codes are of two groups */
};

#if defined(__x86_64__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#include "cpu/x86/simd_v4.h"
#elif defined(__x86_64__) && defined(__AVX2__) && defined(__F16C__)
#include "cpu/x86/simd_v3.h"
#else
#include "cpu/decode_simd_plain.h"
#endif

DQ_INLINE float dq_f16_at(const uint8_t *p)
{
    return dq_f16_of(dq_u16(p));
}

#endif
