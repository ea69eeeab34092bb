/* The CPU decoders: whole blocks in, one float per weight out.
 *
 * A decoder cannot fail, allocates nothing and reads and writes exactly what its arguments say. The
 * numbers are those of ggml's scalar decoder, bit for bit (any NaN equals any NaN), because every
 * expression is evaluated in the order that the format defines, without contraction. */
#ifndef DQ_DECODE_H
#define DQ_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "format.h"

/* Decodes nblocks blocks at src (little-endian, any alignment) into dst: nblocks x weights of a
 * block, in order. src and dst do not overlap. */
typedef void (*dq_decode_fn)(const void *restrict src, float *restrict dst, size_t nblocks);

/* Rounds n floats to nearest even into 16-bit patterns at dst. Returns how many finite values
 * overflowed to infinity. */
typedef size_t (*dq_narrow_fn)(const float *restrict src, uint16_t *restrict dst, size_t n);

/* The functions of one instruction-set level. */
struct dq_cpu {
    const char *name; /* "baseline" */
    dq_decode_fn decode[DQ_FMT_COUNT];
    dq_narrow_fn to_f16;
    dq_narrow_fn to_bf16;
};

/* Returns the table of the level that suits this machine. It lives as long as the program. */
const struct dq_cpu *dq_cpu_select(void);

#endif
