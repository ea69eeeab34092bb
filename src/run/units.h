/* Units: the tensor, matrices, rows or blocks into which a selection of weights is divided, and groups of
 * consecutive units that one plan reads. */
#ifndef DQ_UNITS_H
#define DQ_UNITS_H

#include "run/slice.h"

enum dq_unit { DQ_UNIT_TENSOR, DQ_UNIT_MATRIX, DQ_UNIT_ROW, DQ_UNIT_BLOCK, DQ_UNIT_COUNT };

/* Returns its name: "tensor", "matrix", "row" or "block". */
const char *dq_unit_name(enum dq_unit unit);

/* Constant after dq_units_init. */
struct dq_units {
    struct dq_range ranges[DQ_DIMS_MAX]; /* what is divided, innermost dimension first */
    uint64_t lens[DQ_DIMS_MAX];          /* selected indices of a unit along each dimension */
    uint64_t counts[DQ_DIMS_MAX];        /* units */
    uint64_t at_once[DQ_DIMS_MAX];       /* units of a group */
    uint64_t n_weights;                  /* of a unit */
    uint64_t n_groups;
};

/* Whether the ranges take whole blocks of n_weights, in order. */
bool dq_units_have_blocks(const struct dq_range *ranges, uint64_t n_weights);

/* Divides ranges, one for each dimension, innermost first, into groups of at most max_units units and, if a unit has
 * less, max_weights weights. Blocks are those of n_block weights, of which the ranges must take whole ones. Units may
 * have no weights. */
void dq_units_init(struct dq_units *u, const struct dq_range *ranges, enum dq_unit unit,
    uint64_t n_block, uint64_t max_units, uint64_t max_weights);

/* Sets out to the ranges of a group; returns the number of its units, which follow one another in the order of its
 * weights. */
uint64_t dq_units_group(const struct dq_units *u, uint64_t group, struct dq_range out[DQ_DIMS_MAX]);

/* Sets out to the ranges of the i-th unit of a group. */
void dq_units_one(
    const struct dq_units *u, uint64_t group, uint64_t i, struct dq_range out[DQ_DIMS_MAX]);

/* Writes the slice that takes the ranges of a unit, "[3,0:32]", which is "" if that is the whole tensor. Returns out. */
enum { DQ_UNIT_TEXT = 80 * DQ_DIMS_MAX };
const char *dq_unit_text(enum dq_unit unit, const struct dq_range *ranges,
    const struct dq_tensor *t, char out[DQ_UNIT_TEXT]);

/* Sets shape, outermost first, to that of a unit; returns the number of its dimensions. */
size_t dq_unit_shape(enum dq_unit unit, const struct dq_range *ranges, const struct dq_tensor *t,
    uint64_t shape[DQ_DIMS_MAX]);

/* Sets indices, n_dims of them, outermost first, to the place in the tensor of weight number i of some ranges. */
void dq_ranges_place(const struct dq_range *ranges, size_t n_dims, uint64_t i, uint64_t *indices);

#endif
