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

/* IQ1_S: | d f16 | 32 index low bytes | 8 x ( 4 x 3 index high bits, scale 3 bits, down 1 bit ) |
 * w[i] = (d * (2 * scale + 1)) * (grid[index][i % 8] + (down ? -0.125 : 0.125)),
 * scale and down of each 32 weights */
DQ_INLINE void unpack_iq1_s(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq1_s *b = block;
    const float d = dq_f16_at(b->d);

    for (int g = 0; g < 8; g++) {
        const uint32_t h = dq_u16(b->qh + 2 * g);

        c.d[g] = d * (float)(2 * (h >> 12 & 7) + 1) * 0.125f;
        memset(c.bits + 4 * g, h >> 15 ? 0xff : 0, 4);
        for (int n = 4 * g, shift = 0; n < 4 * g + 4; n++, shift += 3)
            dq_put8(c.q + 8 * n, eighths(dq_iq1s_grid[b->qs[n] | (h >> shift & 7) << 8]));
    }
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

    for (int g = 0; g < 16; g++) {
        const uint32_t scale = (uint32_t)(s >> (16 * (g / 4) + 3 * (g % 4))) & 7;
        c.d[g] = d * (float)(2 * scale + 1) * 0.125f;
    }
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
