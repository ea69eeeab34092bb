/* Eight weights are a row of a codebook of -1, 0 and 1, shifted up or down by an eighth.
 *
 * The decoders count in eighths, which does not change a bit of a result: a scale times 0.125 is
 * exact, and so is its product with 8 * grid + 1 or 8 * grid - 1, which is never 0. */
#include "cpu/decode_codes.h"
#include "type/codebooks.h"

/* The shift is up if the bit is not set. */
DQ_INLINE int8_t eighths(int8_t q, int8_t set)
{
    return (int8_t)(8 * q + (set | 1));
}

/* The index is the low three or four bits of -1, 0 or 1, plus four if the bit is set. */
static const int8_t eighths_lut[16] = {1, 9, 0, -9, -1, 7, 0, -7, 1, 9, 0, -9, -1, 7, 0, -7};

/* Stores (d * (2 * scale + 1)) / 8. */
DQ_INLINE void put_factors(float *dst, uint64_t low, uint64_t high, float d)
{
    const struct dq_x16 scales =
        dq_x16_of_words((low << 1) + DQ_SWAR_SPLAT8(1), (high << 1) + DQ_SWAR_SPLAT8(1));

    dq_x16_to_f32(dst, dq_x16_times(dq_x16_times(scales, d), 0.125f));
}

/* Deposits eight 3-bit fields, four in the low bits of each half of 32 bits, into eight bytes. */
static inline uint64_t deposit3(uint64_t x)
{
    x = (x & 0xffff) | (x & 0xffff0000) << 16;
    x = (x & 0x0000003f0000003f) | (x & 0x00000fc000000fc0) << 10;
    return (x & 0x0007000700070007) | (x & 0x0038003800380038) << 5;
}

/* Packs the low bytes of four 16-bit fields. */
static inline uint64_t narrow4(uint64_t x)
{
    x = (x | x >> 8) & 0x0000ffff0000ffff;
    return (x | x >> 16) & 0xffffffff;
}

/* IQ1_S: | d f16 | 32 index low bytes | 8 x ( 4 x 3 index high bits, scale 3 bits, down 1 bit ) |
 * w[i] = (d * (2 * scale + 1)) * (grid[index][i % 8] + (down ? -0.125 : 0.125)),
 * scale and down of each 32 weights */
DQ_INLINE void unpack_iq1_s(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq1_s *b = block;
    const float d = dq_f16_at(b->d);
    const uint64_t low = narrow4(dq_u64(b->qh) >> 12 & 0x0007000700070007);
    const uint64_t high = narrow4(dq_u64(b->qh + 8) >> 12 & 0x0007000700070007);

    put_factors(c.d, low | high << 32, 0, d);
    for (int g = 0; g < 8; g++)
        dq_put4(c.bits + 4 * g, 0 - ((uint32_t)dq_u16(b->qh + 2 * g) >> 15));
    for (int g = 0; g < 8; g++) {
        const uint8_t *k = b->qs + 4 * g;
        const uint32_t h = dq_u16(b->qh + 2 * g);

        dq_put_rows8(c.q + 32 * g, dq_iq1s_grid, k[0] | (h << 8 & 0x700), k[1] | (h << 5 & 0x700),
            k[2] | (h << 2 & 0x700), k[3] | (h >> 1 & 0x700));
    }
}

DQ_DECODER(iq1_s)
{
    return DQ_DECODE_RUNS(iq1_s, unpack_iq1_s, .weights = 256, .group = 32, .use_bit = eighths,
        .lut = {.values = eighths_lut, .step = 4});
}

/* IQ1_M: | 32 index low bytes | 32 x ( 3 index high bits, down 1 bit ) |
 *        | 4 x ( 4 x 3 bits of scale, 4 bits of the f16 d ), lowest first |
 * w[i] = (d * (2 * scale + 1)) * (grid[index][i % 8] + (down ? -0.125 : 0.125)),
 * scale of each 16 weights, down of each 8 */
DQ_INLINE void unpack_iq1_m(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq1_m *b = block;
    const uint64_t s = dq_u64(b->scales);
    const uint64_t d_bits =
        (s >> 12 & 0x000f) | (s >> 24 & 0x00f0) | (s >> 36 & 0x0f00) | s >> 60 << 12;
    put_factors(c.d, deposit3(s), deposit3(s >> 32), dq_f16_of((uint16_t)d_bits));
    for (int i = 0; i < 32; i += 8)
        dq_put8(c.bits + i, dq_deposit4(dq_u32(b->qh + i / 2) >> 3 & 0x11111111) * 255);
    for (int g = 0; g < 8; g++) {
        const uint8_t *k = b->qs + 4 * g;
        const uint32_t h = dq_u16(b->qh + 2 * g);

        dq_put_rows8(c.q + 32 * g, dq_iq1s_grid, k[0] | (h << 8 & 0x700), k[1] | (h << 4 & 0x700),
            k[2] | (h & 0x700), k[3] | (h >> 4 & 0x700));
    }
}

DQ_DECODER(iq1_m)
{
    return DQ_DECODE_RUNS(iq1_m, unpack_iq1_m, .weights = 256, .group = 16, .use_bit = eighths,
        .lut = {.values = eighths_lut, .step = 4, .two_groups = 1});
}
