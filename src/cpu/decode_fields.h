/* For the decoder sources: fields of bits, eight bytes at a time. For levels whose vectors compilers make of
 * this. */
#ifndef DQ_DECODE_FIELDS_H
#define DQ_DECODE_FIELDS_H

#include "cpu/decode_bits.h"

DQ_INLINE void dq_fields32(int8_t *restrict q, struct dq_field low, struct dq_field high, int bias)
{
    DQ_DO_NOT_UNROLL
    for (int i = 0; i < 32; i += 8) {
        uint64_t codes = dq_bits8(low.bytes + i, low.shift, (1 << low.bits) - 1);
        if (high.bits > 0)
            codes |= dq_bits8(high.bytes + i, high.shift, (1 << high.bits) - 1) << low.bits;
        dq_put8(q + i, bias > 0 ? dq_swar_sub8(codes, bias) : codes);
    }
}

#endif
