/* Numbers of blocks that may be no finite numbers: the weights of float types, and the scales of
 * quantized ones. All else in a block is a code, and none of its values is wrong: an index of n
 * bits is looked up in a codebook of 2^n entries. */
#ifndef DQ_BLOCK_FIELDS_H
#define DQ_BLOCK_FIELDS_H

#include <stdbool.h>

#include "type/type.h"

/* A number in a block that is not finite. */
struct dq_nonfinite {
    size_t block;
    uint32_t off;  /* in the block */
    uint64_t bits; /* as stored */
    unsigned len;  /* bytes of it */
    bool is_nan;   /* or infinite */
};

/* Returns how many of nblocks (little-endian) blocks hold a number that is not finite, and the
 * first such number. The scales of NVFP4 are always finite, because ggml takes the NaN of that kind
 * for a zero; that of MXFP4 is wrong if it is 0xff, which stands for NaN, although decoders make a
 * number of it. */
size_t dq_find_nonfinite(
    enum dq_type type, const uint8_t *blocks, size_t nblocks, struct dq_nonfinite *first);

#endif
