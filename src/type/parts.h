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

    /* Writes all elements of a part of integers, faster than one by one. */
    void (*list)(const uint8_t *block, int64_t *out);
};

/* Returns the part of a type that has a name; NULL if none does. */
const struct dq_block_part *dq_block_part_find(enum dq_type type, const char *name);

enum { DQ_PART_NEVER = INT16_MIN };

/* The integers called code, from least to most; both are 0 if a type has none. */
struct dq_code_range {
    int16_t least;
    int16_t most;
    int16_t low; /* the codes of the least and the greatest number; DQ_PART_NEVER: of a codebook */
    int16_t high;
};

/* The integers called scale. */
struct dq_scale_range {
    int16_t least;
    int16_t most;
    int16_t zero; /* the one that makes 0; DQ_PART_NEVER: none does */
};

enum { DQ_CODE_VALUES_MAX = 2048 };

/* Indexed by enum dq_type. */
extern const struct dq_code_range dq_code_ranges[DQ_TYPE_COUNT];
extern const struct dq_scale_range dq_scale_ranges[DQ_TYPE_COUNT];

/* How the weights of a type are made. */
struct dq_block_formula {
    const char *text; /* "factor * code - offset", in f32 from left to right */
    const struct dq_block_part *parts;
};

/* Indexed by enum dq_type. */
extern const struct dq_block_formula dq_block_formulas[DQ_TYPE_COUNT];

#endif
