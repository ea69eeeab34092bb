/* Eight weights a row of a codebook of -1, 0 and 1, all shifted by an eighth up or down.
 *
 * The decoders count in eighths, which changes no bit of a result: a scale times 0.125 is exact,
 * and so is its product with 8 * grid + 1 or 8 * grid - 1, which is never 0. */
#include "codebooks.h"
#include "decode_codes.h"

/* 8 * byte + 1 for each byte of a row. A bit that is set takes 2 from it. */
static inline uint64_t eighths(uint64_t row)
{
    return (row << 3 & DQ_BYTES(0xf8)) + DQ_BYTES(1);
}

/* An eighth of d * (2 * scale + 1). */
DQ_INLINE void put_factors(float *dst, uint64_t low, uint64_t high, float d)
{
    const struct dq_x16 odd = dq_x16_of_words((low << 1) + DQ_BYTES(1), (high << 1) + DQ_BYTES(1));

    dq_x16_to_f32(dst, dq_x16_times(dq_x16_times(odd, d), 0.125f));
}

/* Spreads four times three bits of 16, twice, to the low ends of eight bytes. */
static inline uint64_t spread3(uint64_t x)
{
    x = (x & 0xffff) | (x & 0xffff0000) << 16;
    x = (x & 0x0000003f0000003f) | (x & 0x00000fc000000fc0) << 10;
    return (x & 0x0007000700070007) | (x & 0x0038003800380038) << 5;
}

/* IQ1_S: | d f16 | 32 index low bytes | 8 x ( 4 x 3 index high bits, scale 3 bits, down 1 bit ) |
 * w[i] = (d * (2 * scale + 1)) * (grid[index][i % 8] + (down ? -0.125 : 0.125)),
 * scale and down of each 32 weights */
DQ_INLINE void unpack_iq1_s(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq1_s *b = block;
    const float d = dq_f16_at(b->d);

    uint64_t scales = 0;

    for (int g = 0; g < 8; g++) {
        const uint32_t h = dq_u16(b->qh + 2 * g);

        scales |= (uint64_t)(h >> 12 & 7) << 8 * g;
        memset(c.bits + 4 * g, h >> 15 ? 0xff : 0, 4);
        for (int n = 4 * g, shift = 0; n < 4 * g + 4; n++, shift += 3)
            dq_put8(c.q + 8 * n, eighths(dq_iq1s_grid[b->qs[n] | (h >> shift & 7) << 8]));
    }
    put_factors(c.d, scales, 0, d);
}

DQ_DECODER(iq1_s)
{
    DQ_DECODE_RUNS(iq1_s, unpack_iq1_s, .weights = 256, .group = 32, .bit_adds = -2);
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
    const float d = dq_f16_to_f32((uint16_t)d_bits);

    put_factors(c.d, spread3(s), spread3(s >> 32), d);
    for (uint32_t n = 0; n < 32; n++) {
        const uint32_t h = dq_nibble(b->qh, n);

        dq_put8(c.q + 8 * n, eighths(dq_iq1s_grid[b->qs[n] | (h & 7) << 8]));
        c.bits[n] = (uint8_t)(0 - (h >> 3));
    }
}

DQ_DECODER(iq1_m)
{
    DQ_DECODE_RUNS(iq1_m, unpack_iq1_m, .weights = 256, .group = 16, .bit_adds = -2);
}
