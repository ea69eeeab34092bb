/* Types without blocks: every weight is a number of its own, | x |. */
#include "decode_impl.h"

/* A copy, but for NaN. */
DQ_DECODER(f32)
{
    const struct dq_block_f32 *b = src;

    for (size_t k = 0; k < nblocks; k++)
        dst[k] = dq_one_nan(dq_f32_of_bits(dq_u32(b[k].x)));
}

DQ_DECODER(f16)
{
    const struct dq_block_f16 *b = src;

    for (size_t k = 0; k < nblocks; k++)
        dst[k] = dq_one_nan(dq_f16_to_f32(dq_u16(b[k].x)));
}

DQ_DECODER(bf16)
{
    const struct dq_block_bf16 *b = src;

    for (size_t k = 0; k < nblocks; k++)
        dst[k] = dq_one_nan(dq_bf16_to_f32(dq_u16(b[k].x)));
}

/* F64, I32 and I64 round to nearest even, once. */
DQ_DECODER(f64)
{
    const struct dq_block_f64 *b = src;

    for (size_t k = 0; k < nblocks; k++) {
        const uint64_t bits = dq_u64(b[k].x);
        double x;

        memcpy(&x, &bits, sizeof x);
        dst[k] = dq_one_nan((float)x);
    }
}

DQ_DECODER(i8)
{
    const struct dq_block_i8 *b = src;

    for (size_t k = 0; k < nblocks; k++)
        dst[k] = (float)(int8_t)b[k].x[0];
}

DQ_DECODER(i16)
{
    const struct dq_block_i16 *b = src;

    for (size_t k = 0; k < nblocks; k++)
        dst[k] = (float)(int16_t)dq_u16(b[k].x);
}

DQ_DECODER(i32)
{
    const struct dq_block_i32 *b = src;

    for (size_t k = 0; k < nblocks; k++)
        dst[k] = (float)(int32_t)dq_u32(b[k].x);
}

DQ_DECODER(i64)
{
    const struct dq_block_i64 *b = src;

    for (size_t k = 0; k < nblocks; k++)
        dst[k] = (float)(int64_t)dq_u64(b[k].x);
}
