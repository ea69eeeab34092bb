/* What the bits of the blocks of each type mean, as data; expanded from parts.def. All of this is
 * constant and may be used from any thread. */
#ifndef DQ_PARTS_H
#define DQ_PARTS_H

#include "type/type.h"

/* A part of a block: a row of elements, each shared by as many consecutive weights. */
struct dq_block_part {
    const char *name;    /* as in the formulas; NULL ends an array of parts */
    unsigned n_weights;  /* that share an element */
    const char *formula; /* of a product, from the parts before it; NULL: what is stored */

    /* Return element i of a little-endian block. One of them is NULL. A number is that of an f32, but
     * for F64. */
    int64_t (*integer)(const uint8_t *block, unsigned i);
    double (*number)(const uint8_t *block, unsigned i);
};

/* How the weights of a type are made. */
struct dq_block_formula {
    const char *text; /* "factor * code - offset", in f32 from left to right */
    const struct dq_block_part *parts;
};

/* Indexed by enum dq_type. */
extern const struct dq_block_formula dq_block_formulas[DQ_TYPE_COUNT];

#endif
