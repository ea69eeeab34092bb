/* For the decoder sources: the few operations that compilers do not make of plain loops, in one
 * file per instruction-set level. All files have the same functions with the same results:
 *
 *   dq_f16_of               the f32 of an f16
 *   dq_two_f16_at           the same for two that are adjacent in memory
 *   dq_x16_of_codes         sixteen floats of sixteen i8 in memory
 *   dq_x16_of_words         sixteen floats of sixteen i8 in two 64-bit words
 *   dq_x16_of_f32           loads sixteen floats
 *   dq_x16_of_f16           sixteen floats of f16 in memory; all NaNs become the one NaN
 *   dq_x16_times, _plus     multiply by or add one number
 *   dq_x16_to_f32           stores sixteen floats
 *   dq_x16_pair_to_f16, _bf16
 *                           rounds thirty-two floats to nearest even and stores them; they are
 *                           finite and stay so
 *   dq_x16_of_codes_deinterleaved, dq_x16_deinterleaved_to_bf16
 *                           the same from codes to bf16 through an order of elements that suits the
 *                           instruction set
 *   dq_all_within           whether 128 * |d[i]| + |m[i]| <= largest for all i < n; m may be NULL.
 *                           Reads d and m up to the next multiple of 16, and may take them into
 *                           account
 *   dq_lookup32             replaces each of 32 codes 0..15 by its value in a table
 *   dq_bits32               expands 32 bits, lowest of a byte first, to bytes of 0 or -1
 *   dq_unpack5x32           32 nibbles of 16 bytes, low ones first, with 32 fifth bits, minus bias
 *   dq_unpack9x32           32 bytes with 32 ninth bits, as 16-bit integers, low byte first
 *   dq_fields32             puts 32 codes together, each from a field of one of 32 bytes and, above its
 *                           bits, from a field of another; subtracts bias
 *   dq_put_rows8, _rows4    four rows of eight bytes, or eight rows of four, of a codebook
 *
 * Where DQ_HAS_TABLES is defined, there are also tables of sixteen f16 or bf16 numbers:
 *
 *   dq_x16_times_two, _plus_two
 *                           multiply by or add two numbers, each for eight of the floats
 *   dq_table_f16, _bf16     rounds sixteen floats to a table
 *   dq_table_lookup32       looks up 32 codes
 */
#ifndef DQ_DECODE_SIMD_H
#define DQ_DECODE_SIMD_H

#include "cpu/decode_bits.h"

/* A lookup table for codes of which a group has at most sixteen different ones, bits included. The
 * index of a code is
 *
 *   ((code >> shift) + (bit is set ? step : 0)) & 15
 *
 * The members are constants in a decoder. */
struct dq_lut {
    const int8_t *values; /* sixteen; NULL: groups have more different codes */
    int shift;
    int step;
    int two_groups; /* 32 codes are of two groups: values has eight twice, indices are & 7 */
};

/* Some bits of each of 32 bytes. */
struct dq_field {
    const uint8_t *bytes;
    int shift; /* from the lowest bit of a byte */
    int bits;  /* 0: there is no such field */
};
static const struct dq_field dq_no_field = {0};

#if defined(__x86_64__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#include "cpu/x86/simd_v4.h"
#elif defined(__x86_64__) && defined(__AVX2__) && defined(__F16C__)
#include "cpu/x86/simd_v3.h"
#elif defined(DQ_NEON)
#include "cpu/arm/simd_neon.h"
#else
#include "cpu/decode_simd_plain.h"
#endif

DQ_INLINE float dq_f16_at(const uint8_t *p)
{
    return dq_f16_of(dq_u16(p));
}

#endif
