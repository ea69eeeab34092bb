/* The operations of decode_simd.h with NEON, which every 64-bit Arm processor has. */
#ifndef DQ_SIMD_NEON_H
#define DQ_SIMD_NEON_H

#include <arm_neon.h>

#include "cpu/decode_bits.h"
#include "cpu/decode_rows.h"

#define DQ_HAS_TABLES

/* gcc 12 copies a float32x4x4_t back and forth. */
struct dq_x16 {
    float32x4_t v[4];
};

/* The low bytes of sixteen 16-bit numbers, and their high bytes. */
struct dq_table {
    uint8x16_t low, high;
};

DQ_INLINE float dq_f16_of(uint16_t h)
{
    float16_t x;

    memcpy(&x, &h, sizeof x);
    return (float)x;
}

DQ_INLINE void dq_two_f16_at(float *first, float *second, const uint8_t *p)
{
    *first = dq_f16_of(dq_u16(p));
    *second = dq_f16_of(dq_u16(p + 2));
}

/* Puts each code into the highest byte of a word, of which the conversion takes all but the code as
 * a fraction: no extension of the sign is needed. */
DQ_INLINE struct dq_x16 dq_x16_of_bytes(int8x16_t codes)
{
    static const uint8_t highest[4][16] = {
        {255, 255, 255, 0, 255, 255, 255, 1, 255, 255, 255, 2, 255, 255, 255, 3},
        {255, 255, 255, 4, 255, 255, 255, 5, 255, 255, 255, 6, 255, 255, 255, 7},
        {255, 255, 255, 8, 255, 255, 255, 9, 255, 255, 255, 10, 255, 255, 255, 11},
        {255, 255, 255, 12, 255, 255, 255, 13, 255, 255, 255, 14, 255, 255, 255, 15},
    };
    struct dq_x16 x;

    for (int i = 0; i < 4; i++) {
        const int8x16_t words = vqtbl1q_s8(codes, vld1q_u8(highest[i]));
        x.v[i] = vcvtq_n_f32_s32(vreinterpretq_s32_s8(words), 24);
    }
    return x;
}

DQ_INLINE struct dq_x16 dq_x16_of_codes(const int8_t *q)
{
    return dq_x16_of_bytes(vld1q_s8(q));
}

DQ_INLINE struct dq_x16 dq_x16_of_words(uint64_t low, uint64_t high)
{
    return dq_x16_of_bytes(vcombine_s8(vcreate_s8(low), vcreate_s8(high)));
}

DQ_INLINE struct dq_x16 dq_x16_of_f32(const float *p)
{
    return (struct dq_x16){{vld1q_f32(p), vld1q_f32(p + 4), vld1q_f32(p + 8), vld1q_f32(p + 12)}};
}

/* Compares 16-bit integers: half as many as there would be floats. */
DQ_INLINE float16x8_t dq_f16_with_one_nan(uint16x8_t h)
{
    const uint16x8_t is_nan = vcgtq_u16(vshlq_n_u16(h, 1), vdupq_n_u16(0xf800));

    return vreinterpretq_f16_u16(vbslq_u16(is_nan, vdupq_n_u16(0x7e00), h));
}

DQ_INLINE struct dq_x16 dq_x16_of_f16(const uint8_t *p)
{
    const float16x8_t low = dq_f16_with_one_nan(vreinterpretq_u16_u8(vld1q_u8(p)));
    const float16x8_t high = dq_f16_with_one_nan(vreinterpretq_u16_u8(vld1q_u8(p + 16)));

    return (struct dq_x16){{vcvt_f32_f16(vget_low_f16(low)), vcvt_high_f32_f16(low),
        vcvt_f32_f16(vget_low_f16(high)), vcvt_high_f32_f16(high)}};
}

DQ_INLINE struct dq_x16 dq_x16_times(struct dq_x16 x, float d)
{
    for (int i = 0; i < 4; i++)
        x.v[i] = vmulq_n_f32(x.v[i], d);
    return x;
}

DQ_INLINE struct dq_x16 dq_x16_plus(struct dq_x16 x, float m)
{
    for (int i = 0; i < 4; i++)
        x.v[i] = vaddq_f32(x.v[i], vdupq_n_f32(m));
    return x;
}

DQ_INLINE struct dq_x16 dq_x16_times_two(struct dq_x16 x, const float *d)
{
    for (int i = 0; i < 4; i++)
        x.v[i] = vmulq_n_f32(x.v[i], d[i / 2]);
    return x;
}

DQ_INLINE struct dq_x16 dq_x16_plus_two(struct dq_x16 x, const float *m)
{
    for (int i = 0; i < 4; i++)
        x.v[i] = vaddq_f32(x.v[i], vdupq_n_f32(m[i / 2]));
    return x;
}

DQ_INLINE void dq_x16_to_f32(float *dst, struct dq_x16 x)
{
    for (int i = 0; i < 4; i++)
        vst1q_f32(dst + 4 * i, x.v[i]);
}

DQ_INLINE uint16x8_t dq_h8_of_f16(float32x4_t low, float32x4_t high)
{
    return vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(low), high));
}

/* The result is the high halves, plus 1 if the low half is at least 0x8000 (which is a rounding
 * shift); but 0x8000 alone is too small for that if the high half is even. */
DQ_INLINE uint16x8_t dq_h8_of_bf16(float32x4_t low, float32x4_t high)
{
    const uint16x8_t a = vreinterpretq_u16_f32(low);
    const uint16x8_t b = vreinterpretq_u16_f32(high);
    const uint16x8_t halves = vuzp2q_u16(a, b);
    const uint16x8_t is_even = vbicq_u16(vdupq_n_u16(1), halves);

    return vrsraq_n_u16(halves, vqsubq_u16(vuzp1q_u16(a, b), is_even), 16);
}

DQ_INLINE void dq_x16_to_f16(uint16_t *dst, struct dq_x16 x)
{
    vst1q_u16(dst, dq_h8_of_f16(x.v[0], x.v[1]));
    vst1q_u16(dst + 8, dq_h8_of_f16(x.v[2], x.v[3]));
}

DQ_INLINE void dq_x16_to_bf16(uint16_t *dst, struct dq_x16 x)
{
    vst1q_u16(dst, dq_h8_of_bf16(x.v[0], x.v[1]));
    vst1q_u16(dst + 8, dq_h8_of_bf16(x.v[2], x.v[3]));
}

#include "cpu/decode_pairs.h"

DQ_INLINE struct dq_table dq_table_of(uint16x8_t low, uint16x8_t high)
{
    const uint8x16_t a = vreinterpretq_u8_u16(low);
    const uint8x16_t b = vreinterpretq_u8_u16(high);

    return (struct dq_table){vuzp1q_u8(a, b), vuzp2q_u8(a, b)};
}

DQ_INLINE struct dq_table dq_table_f16(struct dq_x16 x)
{
    return dq_table_of(dq_h8_of_f16(x.v[0], x.v[1]), dq_h8_of_f16(x.v[2], x.v[3]));
}

DQ_INLINE struct dq_table dq_table_bf16(struct dq_x16 x)
{
    return dq_table_of(dq_h8_of_bf16(x.v[0], x.v[1]), dq_h8_of_bf16(x.v[2], x.v[3]));
}

/* Each four bytes of the result are the four at p. */
DQ_INLINE uint8x16_t dq_four_of(const uint8_t *p)
{
    return vreinterpretq_u8_u32(vdupq_n_u32(dq_u32(p)));
}

/* Sixteen of 32 bits, from the first or the seventeenth on, as bytes of 0 or -1. */
DQ_INLINE uint8x16_t dq_bits16(uint8x16_t bits, int first)
{
    const uint8x16_t from =
        vcombine_u8(vdup_n_u8((uint8_t)(first / 8)), vdup_n_u8((uint8_t)(first / 8 + 1)));
    const uint8x16_t bit = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));

    return vtstq_u8(vqtbl1q_u8(bits, from), bit);
}

DQ_INLINE void dq_bits32(int8_t *dst, const uint8_t *bits)
{
    for (int i = 0; i < 32; i += 16)
        vst1q_s8(dst + i, vreinterpretq_s8_u8(dq_bits16(dq_four_of(bits), i)));
}

DQ_INLINE void dq_put_alternately(uint8_t *dst, uint8x16_t even, uint8x16_t odd)
{
    const uint8x16x2_t both = {{even, odd}};

    vst2q_u8(dst, both);
}

DQ_INLINE void dq_table_lookup32(uint16_t *dst, const struct dq_table *table, const int8_t *q,
    const uint8_t *bits, struct dq_lut lut)
{
    for (int i = 0; i < 32; i += 16) {
        uint8x16_t k = vreinterpretq_u8_s8(vld1q_s8(q + i));

        if (lut.shift)
            k = vshlq_u8(k, vdupq_n_s8((int8_t)-lut.shift));
        if (lut.step)
            k = vaddq_u8(
                k, vandq_u8(dq_bits16(dq_four_of(bits), i), vdupq_n_u8((uint8_t)lut.step)));
        k = vandq_u8(k, vdupq_n_u8(lut.two_groups ? 7 : 15));
        if (lut.two_groups && i > 0)
            k = vorrq_u8(k, vdupq_n_u8(8));
        dq_put_alternately(
            (uint8_t *)(dst + i), vqtbl1q_u8(table->low, k), vqtbl1q_u8(table->high, k));
    }
}

DQ_INLINE void dq_lookup32(int8_t *q, const int8_t *values)
{
    const int8x16_t table = vld1q_s8(values);

    for (int i = 0; i < 32; i += 16)
        vst1q_s8(q + i, vqtbl1q_s8(table, vreinterpretq_u8_s8(vld1q_s8(q + i))));
}

/* A maximum with a NaN is NaN, which is not within anything. */
DQ_INLINE int dq_all_within(const float *d, const float *m, size_t n, float largest)
{
    const float32x4_t factor = vdupq_n_f32(128.0f);
    float32x4_t most = vdupq_n_f32(0);

    for (size_t i = 0; i < n; i += 4) {
        const float32x4_t x = vabsq_f32(vld1q_f32(d + i));
        most = vmaxq_f32(
            most, m ? vfmaq_f32(vabsq_f32(vld1q_f32(m + i)), x, factor) : vmulq_f32(x, factor));
    }
    return vmaxvq_f32(most) <= largest;
}

/* Inserts four bits above each nibble, which makes it 16 less where the fifth bit is clear. */
DQ_INLINE void dq_unpack5x32(int8_t *q, const uint8_t *nibbles, const uint8_t *bits, int bias)
{
    const uint8x16_t bytes = vld1q_u8(nibbles);
    const uint8x16_t clear = vmvnq_u8(dq_four_of(bits));
    const int8x16_t low = vreinterpretq_s8_u8(vsliq_n_u8(bytes, dq_bits16(clear, 0), 4));
    const int8x16_t high = vreinterpretq_s8_u8(vsriq_n_u8(dq_bits16(clear, 16), bytes, 4));
    const int8x16_t left = vdupq_n_s8((int8_t)(16 - bias));

    vst1q_s8(q, vaddq_s8(low, left));
    vst1q_s8(q + 16, vaddq_s8(high, left));
}

/* Moves the field at shift of each byte to another bit; leaves bits beside it. */
DQ_INLINE uint8x16_t dq_moved(const uint8_t *bytes, int shift, int to)
{
    const uint8x16_t x = vld1q_u8(bytes);

    return shift >= to ? x >> (shift - to) : x << (to - shift);
}

DQ_INLINE void dq_fields32(int8_t *restrict q, struct dq_field low, struct dq_field high, int bias)
{
    const uint8x16_t all = vdupq_n_u8((uint8_t)((1 << (low.bits + high.bits)) - 1));
    const uint8x16_t of_low = vdupq_n_u8((uint8_t)((1 << low.bits) - 1));

    for (int i = 0; i < 32; i += 16) {
        uint8x16_t codes = dq_moved(low.bytes + i, low.shift, 0);
        if (high.bits > 0)
            codes = vbslq_u8(of_low, codes, dq_moved(high.bytes + i, high.shift, low.bits));
        codes = vsubq_u8(vandq_u8(codes, all), vdupq_n_u8((uint8_t)bias));
        vst1q_s8(q + i, vreinterpretq_s8_u8(codes));
    }
}

DQ_INLINE void dq_unpack9x32(uint8_t *dst, const uint8_t *low, const uint8_t *bits)
{
    for (int i = 0; i < 32; i += 16)
        dq_put_alternately(dst + 2 * i, vld1q_u8(low + i),
            vandq_u8(dq_bits16(dq_four_of(bits), i), vdupq_n_u8(1)));
}

#endif
