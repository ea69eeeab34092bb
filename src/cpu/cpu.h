/* The CPU decoders: whole blocks in, one number per weight out.
 *
 * A decoder cannot fail, allocates nothing and reads and writes exactly what its arguments say. The
 * f32 numbers are those of ggml's scalar decoder, bit for bit (any NaN equals any NaN), because
 * every expression is evaluated in the order that the format defines, without contraction. f16 and
 * bf16 are those, rounded to nearest even. A NaN is the same NaN wherever it comes from. */
#ifndef DQ_CPU_H
#define DQ_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "type/type.h"

/* Decodes nblocks blocks at src (little-endian, any alignment) into dst, as dtype (not native):
 * nblocks x weights of a block, in order. src and dst do not overlap. Returns how many finite
 * weights overflowed to infinity as they were rounded to dtype. */
typedef size_t (*dq_decode_fn)(
    const void *restrict src, void *restrict dst, size_t nblocks, enum dq_dtype dtype);

/* Rounds n floats to nearest even into 16-bit patterns at dst. Returns how many finite values
 * overflowed to infinity. */
typedef size_t (*dq_round_fn)(const float *restrict src, uint16_t *restrict dst, size_t n);

/* The functions of one instruction-set level. */
struct dq_cpu {
    const char *name; /* "baseline", "v3", "v4" */
    dq_decode_fn decode[DQ_TYPE_COUNT];
    dq_round_fn to_f16;
    dq_round_fn to_bf16;
};

/* Rounds n floats to dtype, which is f16 or bf16, with the functions of a level. Returns how many
 * finite values overflowed to infinity. */
size_t dq_cpu_round(const struct dq_cpu *cpu, enum dq_dtype dtype, const float *restrict src,
    uint16_t *restrict dst, size_t n);

/* The levels that are built in, lowest first, ended by NULL. They live as long as the program. */
extern const struct dq_cpu *const dq_cpu_levels[];

/* Whether this machine has the instructions of a level. */
bool dq_cpu_usable(const struct dq_cpu *cpu);

/* Returns the highest level that this machine has. */
const struct dq_cpu *dq_cpu_best(void);

/* Finds a level by its name; NULL if there is none of that name. */
const struct dq_cpu *dq_cpu_by_name(const char *name);

#endif
