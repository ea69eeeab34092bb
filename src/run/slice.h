/* Slices in numpy's spelling: "[0:16, :]", "[3]", "[..., ::-1]". */
#ifndef DQ_SLICE_H
#define DQ_SLICE_H

#include "run/plan.h"

struct dq_slice {
    struct dq_range ranges[DQ_DIMS_MAX]; /* innermost first, one for each dimension */
    uint64_t shape[DQ_DIMS_MAX];         /* of the result, outermost first */
    size_t n_shape;
};

/* If text ends in brackets that hold nothing but a slice, returns where they begin; else NULL. */
const char *dq_slice_find(const char *text);

/* Sets everything of a tensor. */
void dq_slice_all(const struct dq_tensor *t, struct dq_slice *out);

/* Applies text, with its brackets, to the shape of a tensor, with numpy's rules: ranges are cut to
 * the shape, a single index must lie inside and removes its dimension. Of a tensor with a problem,
 * all is taken. */
int dq_slice_parse(
    const char *text, const struct dq_tensor *t, struct dq_slice *out, struct dq_error *e);

#endif
