/* The CPU decoders: whole blocks in, one number per weight out.
 *
 * A decoder cannot fail, allocates nothing, and reads and writes exactly what its arguments say.
 * f32 output is that of ggml's scalar decoder, bit for bit (any NaN equals any NaN): every
 * expression is evaluated in the order in which ggml evaluates it, without contraction. f16 and
 * bf16 output is the f32 number rounded to nearest even, once. All NaNs come out as one NaN.
 *
 * All of this may be used from any thread. */
#ifndef DQ_CPU_H
#define DQ_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "type/type.h"

/* Decodes nblocks blocks at src (little-endian, any alignment) into dst as dtype, which is f32, f16
 * or bf16 and never native: nblocks times the weights of a block, in order. dst is aligned to an
 * element of dtype; src and dst do not overlap. Returns how many finite weights overflowed to
 * infinity when they were rounded to dtype. */
typedef size_t (*dq_decode_fn)(
    const void *restrict src, void *restrict dst, size_t nblocks, enum dq_dtype dtype);

/* Rounds n floats to nearest even into 16-bit patterns at dst. Returns how many finite values
 * overflowed to infinity. */
typedef size_t (*dq_round_fn)(const float *restrict src, uint16_t *restrict dst, size_t n);

/* Inputs of BLAKE3's compression: n of the same length, one after another, each n_blocks blocks, of
 * which the last has last_len bytes, followed by zeros. */
struct dq_blake3_inputs {
    const uint8_t *bytes;
    size_t n;
    size_t n_blocks;
    uint32_t last_len;
    uint32_t flags;   /* of every block */
    uint64_t counter; /* of the first input; those of chunks count on, those of parents are 0 */
};

enum {
    DQ_BLAKE3_BLOCK = 64,   /* bytes */
    DQ_BLAKE3_CHUNK = 1024, /* bytes of a whole leaf of the tree */
    DQ_BLAKE3_CV = 32,      /* bytes of a chaining value */
    DQ_BLAKE3_PARENT = 4,   /* flags: the inputs are pairs of chaining values, else chunks; */
    DQ_BLAKE3_ROOT = 8,     /* the last block of each input is that of the root */
};

/* Writes the chaining values of the inputs to cvs, DQ_BLAKE3_CV bytes each: with DQ_BLAKE3_ROOT, the
 * hash. cvs may be where the inputs are if those are parents. */
typedef void (*dq_blake3_fn)(const struct dq_blake3_inputs *in, uint8_t *cvs);

/* The loops of statistics (reduce/stats.h, reduce/difference.h) take weights as f32 of any alignment, and not many at a time. */
enum { DQ_SUMS_MOST = 1 << 11 };

/* The order of all f32 but NaN, as integers: -0 is just below +0. It is its own inverse. */
static inline int32_t dq_f32_key(uint32_t bits)
{
    return (int32_t)(bits ^ ((0u - (bits >> 31)) >> 1));
}

struct dq_extremes {
    int32_t min_key; /* the keys of the extremes; those of NaN are beyond those of infinity */
    int32_t max_key;
    uint32_t n_pzero;  /* weights that are 0 */
    uint32_t n_nzero;  /* -0 */
    uint32_t min_bits; /* the smallest magnitude that is not 0; UINT32_MAX if there is none */
};

/* What a few weights have that are not all finite. */
struct dq_finite_extremes {
    int32_t
        min_key; /* the keys of the finite extremes; INT32_MAX and INT32_MIN if there are none */
    int32_t max_key;
    uint32_t n_pinf; /* weights that are infinite */
    uint32_t n_ninf;
};

/* What becomes of finite weights in 16 bits. */
struct dq_fit {
    uint64_t f16_exact;
    uint64_t f16_overflow;  /* to infinity */
    uint64_t f16_zero;      /* though the weight is not */
    uint64_t f16_subnormal; /* and so has fewer bits, but not 0 */
    uint64_t bf16_exact;
    uint64_t bf16_overflow;
};

struct dq_magnitudes {
    uint32_t max;     /* magnitudes, as bits */
    uint32_t min;     /* but 0; UINT32_MAX if there is no other */
    uint64_t bits[2]; /* the sums of the weights' bits, and of their squares, modulo 2^64 */
};

/* What some pairs a, b have in common. */
struct dq_pair_counts {
    uint32_t n_equal_bits;
    uint32_t n_equal_values; /* or both are zeros */
    uint32_t n_sign_flips;   /* neither is 0 */
    uint32_t n_to_zero;      /* only b is 0 */
    uint32_t n_from_zero;
    int32_t min_step_key; /* of b - a in f32 */
    int32_t max_step_key;
};

struct dq_sums_fns {
    void (*find_extremes)(const void *weights, size_t n, struct dq_extremes *out);
    void (*find_finite_extremes)(const void *weights, size_t n, struct dq_finite_extremes *out);

    /* Adds each weight x to the unit of a window, which is so large that its last bit is the lowest that any of
     * them has, and its square, in two parts, to two others: sums[i] is the sum of the bit patterns, modulo 2^64. */
    void (*add_window)(const void *weights, size_t n, const double units[3], uint64_t sums[3]);

    /* Adds to counts[e] how many weights have the biased exponent e, which is 0, or from lowest to highest. */
    void (*count_octaves)(
        const void *weights, size_t n, unsigned lowest, unsigned highest, uint64_t *counts);

    void (*add_fit)(const void *weights, size_t n, struct dq_fit *fit);

    void (*find_magnitudes)(const void *weights, size_t n, struct dq_magnitudes *out);

    /* As add_window, with the product of two weights in the place of a square, and without a sum. */
    void (*add_products)(
        const void *a, const void *b, size_t n, const double units[2], uint64_t sums[2]);

    /* The weights are finite. */
    void (*compare)(const void *a, const void *b, size_t n, struct dq_pair_counts *out);
};

/* A decoder for every type, the roundings, a hash, and the loops of statistics. */
struct dq_cpu {
    const char *name; /* of the instruction-set level: "baseline", "v3" */
    dq_decode_fn decode[DQ_TYPE_COUNT];
    dq_round_fn to_f16;
    dq_round_fn to_bf16;
    dq_blake3_fn blake3;
    const struct dq_sums_fns *sums;
};

/* Rounds n floats to dtype, which is f16 or bf16, with the functions of a level. Returns how many
 * finite values overflowed to infinity. */
size_t dq_cpu_round(const struct dq_cpu *cpu, enum dq_dtype dtype, const float *restrict src,
    uint16_t *restrict dst, size_t n);

/* The same in place: the results follow one another from the first byte of values on. */
size_t dq_cpu_round_in_place(
    const struct dq_cpu *cpu, enum dq_dtype dtype, uint8_t *values, size_t n);

/* The levels that are built in, lowest first, ended by NULL. They live as long as the program. */
extern const struct dq_cpu *const dq_cpu_levels[];

/* Whether this processor and its operating system support all that the code of a level may use. */
bool dq_cpu_usable(const struct dq_cpu *cpu);

/* Returns the fastest usable functions: those of the highest usable level, except for types that a
 * lower level decodes faster on this processor (preferred.def). The name is that of the highest
 * level. The table lives as long as the program. */
const struct dq_cpu *dq_cpu_best(void);

/* Finds a level, usable or not, by its name; NULL if no level has it. */
const struct dq_cpu *dq_cpu_by_name(const char *name);

#endif
