/* The operations of the layout table: from the tensors of a rule to a gather (run/gather.h). */
#ifndef DQ_LAYOUT_OPERATIONS_H
#define DQ_LAYOUT_OPERATIONS_H

#include "layout/keys.h"
#include "run/gather.h"

enum { DQ_LAYOUT_DIMS_MAX = 8 };

/* A tensor, or the rows of it that a fused tensor has for one of its parts. */
struct dq_layout_input {
    const struct dq_tensor *tensor;
    const struct dq_tensor
        *scale; /* multiplies its values: one number, or one for each slice; or NULL */
    uint64_t shape[DQ_LAYOUT_DIMS_MAX]; /* outermost first */
    size_t n_shape;
    /* In items: what is taken are n_slices pieces of slice_len, slice_stride apart, from base on. */
    uint64_t base;
    uint64_t n_slices;
    uint64_t slice_len;
    uint64_t slice_stride;
};

/* An array while operations are applied to it. */
struct dq_layout_shaping {
    const struct dq_layout_keys *keys;
    struct dq_layout_input inputs[DQ_GATHER_SOURCES];
    size_t n_inputs;
    size_t source; /* the input at hand, before they are joined */
    uint64_t shape[DQ_LAYOUT_DIMS_MAX];
    size_t n_shape;
    uint64_t unit_len; /* items; 0: not decided */
    bool columns[DQ_GATHER_SOURCES];
    bool is_joined;
    size_t join_axis;
    bool is_interleaved;
    bool has_zeros; /* source 0 of the gather is zeros, and the inputs follow */
    bool is_dropped;
    bool is_rounded; /* an operation does not give the exact value */
    char note[256];  /* what the user should know, or "" */
    struct dq_gather gather;
};

/* Adds dimensions of 1 before the others until a shape has n. */
void dq_layout_pad_shape(uint64_t *shape, size_t *n_shape, size_t n);

/* Describes a whole tensor, or only n_rows rows of each matrix (of each vector, with row_len 1) from
 * first_row on. */
void dq_layout_input_whole(struct dq_layout_input *in, const struct dq_tensor *t);
void dq_layout_input_rows(
    struct dq_layout_input *in, bool is_vector, uint64_t first_row, uint64_t n_rows);

/* Applies operations ("unrope:n_head | as:-1") in their order to the array, or to the input
 * s->source. DQ_ERR_TYPE if they do not fit the shapes or a number is missing; or the errors of
 * reading. */
int dq_layout_apply(
    struct dq_layout_shaping *s, const char *operations, size_t len, struct dq_error *e);

/* Completes s->gather but for its model. */
int dq_layout_finish(struct dq_layout_shaping *s, struct dq_error *e);

#endif
