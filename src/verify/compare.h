/* Comparing the weights of two decoders bit for bit, and telling what kind of fault a difference
 * looks like. */
#ifndef DQ_COMPARE_H
#define DQ_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "type/type.h"

/* What a set of mismatches has in common. */
enum dq_pattern {
    DQ_PATTERN_NONE,      /* nothing known */
    DQ_PATTERN_UNSTABLE,  /* a second run gave something else again */
    DQ_PATTERN_ZERO_SIGN, /* zeros of the wrong sign */
    DQ_PATTERN_FLUSHED,   /* zeros in the place of subnormals */
    DQ_PATTERN_FROM_32,   /* only elements from the 32nd of a block on */
    DQ_PATTERN_FROM_2G,   /* only weights from the 2^31st on */
    DQ_PATTERN_COUNT
};

struct dq_mismatch {
    uint64_t weight; /* its number in the tensor */
    uint32_t got;    /* the bits, of 16-bit types the low half */
    uint32_t want;
    uint64_t block;
    const char *device;                /* that decoded it */
    uint8_t bytes[DQ_BLOCK_BYTES_MAX]; /* of that block */
};

struct dq_comparison {
    enum dq_type type;
    enum dq_dtype dtype; /* f32, f16 or bf16 */
    const char *device;  /* that decodes; NULL until it is known */
    uint32_t ulp;        /* differences of so many units in the last place are let pass */
    uint64_t n_weights;
    uint64_t n_mismatches;
    uint64_t
        max_ulp; /* the largest difference in units in the last place; of NaN against number: all */
    double max_abs;           /* and absolutely */
    struct dq_mismatch first; /* of the lowest number */
    bool unstable;
    bool has_before_2g;   /* weights before the 2^31st were compared */
    uint64_t n_zero_sign; /* of the mismatches */
    uint64_t n_flushed;
    uint64_t n_from_32;
    uint64_t n_from_2g;
};

/* Begins a comparison: all counts are 0. */
void dq_compare_init(struct dq_comparison *c, enum dq_type type, enum dq_dtype dtype, uint32_t ulp);

/* Compares the decoded weights of nblocks blocks, which begin with number first_block of the
 * tensor. Any NaN equals any NaN; the signs of zeros count. Returns how many mismatches there are
 * among them. */
uint64_t dq_compare(struct dq_comparison *c, const void *got, const void *want,
    const uint8_t *blocks, uint64_t first_block, size_t nblocks);

/* Adds what was found in another part of the same tensor. In whatever order the parts are added,
 * the result is the same. */
void dq_compare_merge(struct dq_comparison *c, const struct dq_comparison *other);

/* What the mismatches look like, and that in words. */
enum dq_pattern dq_compare_pattern(const struct dq_comparison *c);
const char *dq_pattern_words(enum dq_pattern pattern);

/* The number that bits of a dtype stand for. */
double dq_value_of_bits(uint32_t bits, enum dq_dtype dtype);

#endif
