/* Compares the weights of two decoders bit for bit, and recognises typical patterns of errors. One
 * thread at a time uses a comparison. */
#ifndef DQ_COMPARE_H
#define DQ_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "type/type.h"

/* What all mismatches have in common. */
enum dq_pattern {
    DQ_PATTERN_NONE,      /* no known pattern */
    DQ_PATTERN_UNSTABLE,  /* decoding again gave another result */
    DQ_PATTERN_ZERO_SIGN, /* zeros of the wrong sign */
    DQ_PATTERN_FLUSHED,   /* zeros instead of subnormals */
    DQ_PATTERN_FROM_32,   /* only weights 32 and up of their block */
    DQ_PATTERN_FROM_2G,   /* only weights 2^31 and up of the tensor */
    DQ_PATTERN_COUNT
};

struct dq_mismatch {
    uint64_t weight; /* its number in the tensor */
    uint32_t got;    /* the bits; 16-bit types use the low half */
    uint32_t want;
    uint64_t block;                    /* its number in the tensor */
    const char *device;                /* the device that decoded it */
    uint8_t bytes[DQ_BLOCK_BYTES_MAX]; /* of that block */
};

struct dq_comparison {
    enum dq_type type;
    enum dq_dtype dtype; /* f32, f16 or bf16 */
    const char *device;  /* the device under test; NULL until it is known */
    uint32_t ulp;        /* tolerated difference in units in the last place (ULP) */
    uint64_t n_weights;
    uint64_t n_mismatches;
    uint64_t max_ulp;         /* largest difference in ULP; UINT64_MAX for a NaN and a number */
    double max_abs;           /* largest absolute difference */
    struct dq_mismatch first; /* the mismatch with the lowest number */
    bool unstable;            /* decoding again gave another result */
    bool has_before_2g;       /* weights below 2^31 were compared */
    uint64_t n_zero_sign;     /* mismatches of each pattern */
    uint64_t n_flushed;
    uint64_t n_from_32;
    uint64_t n_from_2g;
};

/* Initialises a comparison: all counts are 0. There is nothing to free. */
void dq_compare_init(struct dq_comparison *c, enum dq_type type, enum dq_dtype dtype, uint32_t ulp);

/* Compares the decoded weights of nblocks blocks, from block first_block of the tensor on. A NaN
 * equals any other NaN; the signs of zeros count. Returns the number of mismatches among them. */
uint64_t dq_compare(struct dq_comparison *c, const void *got, const void *want,
    const uint8_t *blocks, uint64_t first_block, size_t nblocks);

/* Adds the result of another part of the same tensor. The order of the parts does not matter. */
void dq_compare_merge(struct dq_comparison *c, const struct dq_comparison *other);

/* Returns the pattern of the mismatches, and its description. */
enum dq_pattern dq_compare_pattern(const struct dq_comparison *c);
const char *dq_pattern_description(enum dq_pattern pattern);

/* Returns the number that the bits of a dtype encode. */
double dq_value_of_bits(uint32_t bits, enum dq_dtype dtype);

#endif
