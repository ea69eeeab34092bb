/* For the decoder sources: thirty-two floats to 16 bits, sixteen by sixteen, in their own order. For levels that would
 * gain nothing by another way. Included once dq_x16_to_f16 and _bf16 are there. */
#ifndef DQ_DECODE_PAIRS_H
#define DQ_DECODE_PAIRS_H

DQ_INLINE void dq_x16_pair_to_f16(uint16_t *dst, struct dq_x16 a, struct dq_x16 b)
{
    dq_x16_to_f16(dst, a);
    dq_x16_to_f16(dst + 16, b);
}

DQ_INLINE void dq_x16_pair_to_bf16(uint16_t *dst, struct dq_x16 a, struct dq_x16 b)
{
    dq_x16_to_bf16(dst, a);
    dq_x16_to_bf16(dst + 16, b);
}

DQ_INLINE struct dq_x16 dq_x16_of_codes_deinterleaved(const int8_t *q)
{
    return dq_x16_of_codes(q);
}

DQ_INLINE void dq_x16_deinterleaved_to_bf16(uint16_t *dst, struct dq_x16 a, struct dq_x16 b)
{
    dq_x16_pair_to_bf16(dst, a, b);
}

#endif
