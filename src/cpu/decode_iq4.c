/* Weights of four bits that index sixteen unevenly spaced values. */
#include "cpu/decode_codes.h"
#include "type/codebooks.h"

/* IQ4_NL: | d f16 | 16 bytes of nibbles: low ones for w[0..15], high ones for w[16..31] |
 * w[i] = d * value[nibble] */
DQ_INLINE void unpack_iq4_nl(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq4_nl *b = block;

    c.d[0] = dq_f16_at(b->d);
    dq_nibbles32(c.q, b->qs, 0);
}

DQ_DECODER(iq4_nl)
{
    return DQ_DECODE_RUNS(iq4_nl, unpack_iq4_nl, .weights = 32, .group = 32,
        .values = dq_kvalues_iq4nl, .lut = {.values = dq_kvalues_iq4nl});
}

/* IQ4_XS: | d f16 | 8 x 2 bits of scale | 8 x 4 bits of scale | 8 x 16 bytes of nibbles as IQ4_NL |
 * w[i] = (d * (scale - 32)) * value[nibble]
 * scale of each 32 weights: the pairs of bits are the high ones */
DQ_INLINE void unpack_iq4_xs(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_iq4_xs *b = block;
    const float d = dq_f16_at(b->d);
    const uint64_t low = dq_deposit4(dq_u32(b->scales_l));
    const uint64_t high = dq_deposit2(dq_u16(b->scales_h));

    dq_put_factors(c.d, dq_swar_sub8(low | high << 4, 32), 0, d);
    for (int g = 0; g < 8; g++)
        dq_nibbles32(c.q + 32 * g, b->qs + 16 * g, 0);
}

DQ_DECODER(iq4_xs)
{
    return DQ_DECODE_RUNS(iq4_xs, unpack_iq4_xs, .weights = 256, .group = 32,
        .values = dq_kvalues_iq4nl, .lut = {.values = dq_kvalues_iq4nl});
}
