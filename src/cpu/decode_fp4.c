/* Weights of four bits that are small floats (E2M1). */
#include "cpu/decode_codes.h"
#include "type/codebooks.h"

/* MXFP4: | e E8M0 | 16 bytes of nibbles: low ones for w[0..15], high ones for w[16..31] |
 * w[i] = value[nibble] * 2^(e - 128)
 * value is twice the E2M1 number */
DQ_INLINE void unpack_mxfp4(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_mxfp4 *b = block;

    c.d[0] = dq_e8m0_half(b->e[0]);
    dq_nibbles32(c.q, b->qs, 0);
}

DQ_DECODER(mxfp4)
{
    return DQ_DECODE_RUNS(mxfp4, unpack_mxfp4, .weights = 32, .group = 32, .values = dq_kvalues_fp4,
        .lut = {.values = dq_kvalues_fp4});
}

/* NVFP4: | 4 x UE4M3 scale | 4 x 8 bytes of nibbles: low ones for 8 weights, high ones for 8 more |
 * w[i] = value[nibble] * (scale / 2)
 * scale of each 16 weights; value is twice the E2M1 number */
DQ_INLINE void unpack_nvfp4(const void *restrict block, struct dq_codes c)
{
    const struct dq_block_nvfp4 *b = block;

    for (int g = 0; g < 4; g++)
        c.d[g] = dq_ue4m3_half(b->scales[g]);
    for (int g = 0; g < 4; g++) {
        dq_put8(c.q + 16 * g, dq_bits8(b->qs + 8 * g, 0, 15));
        dq_put8(c.q + 16 * g + 8, dq_bits8(b->qs + 8 * g, 4, 15));
    }
}

DQ_DECODER(nvfp4)
{
    return DQ_DECODE_RUNS(
        nvfp4, unpack_nvfp4, .weights = 64, .group = 16, .values = dq_kvalues_fp4);
}
