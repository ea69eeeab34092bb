/* For the decoder sources only. Each is compiled once for each instruction-set level, with DQ_LEVEL
 * set to the level's name, which ends the name of every function. */
#ifndef DQ_DECODE_IMPL_H
#define DQ_DECODE_IMPL_H

#include "cpu/cpu.h"
#include "type/blocks.h"
#include "type/half.h"

#ifndef DQ_LEVEL
#define DQ_LEVEL baseline
#endif

#define DQ_PASTE_(stem, level) stem##_##level
#define DQ_PASTE(stem, level) DQ_PASTE_(stem, level)
#define DQ_AT_LEVEL(stem) DQ_PASTE(stem, DQ_LEVEL)

/* Function headers. */
#define DQ_DECODER(token)                                                                          \
    size_t DQ_AT_LEVEL(dq_decode_##token)(                                                         \
        const void *restrict src, void *restrict dst, size_t nblocks, enum dq_dtype dtype)
#define DQ_ROUND(token)                                                                            \
    size_t DQ_AT_LEVEL(dq_to_##token)(const float *restrict src, uint16_t *restrict dst, size_t n)

#define DQ_TYPE(token, columns) DQ_DECODER(token);
#include "type/types.def"
DQ_ROUND(f16);
DQ_ROUND(bf16);
void DQ_AT_LEVEL(dq_blake3)(const struct dq_blake3_inputs *in, uint8_t *cvs);
extern const struct dq_sums_fns DQ_AT_LEVEL(dq_sums);

/* Rounds n floats to dtype, f16 or bf16. */
static inline size_t dq_round_at_level(
    enum dq_dtype dtype, const float *restrict src, uint16_t *restrict dst, size_t n)
{
    return dtype == DQ_DTYPE_f16 ? DQ_AT_LEVEL(dq_to_f16)(src, dst, n)
                                 : DQ_AT_LEVEL(dq_to_bf16)(src, dst, n);
}

#endif
