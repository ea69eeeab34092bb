/* Slices in the syntax of numpy: "[0:16, :]", "[3]", "[..., ::-1]". */
#ifndef DQ_SLICE_H
#define DQ_SLICE_H

#include "run/plan.h"

struct dq_slice {
    struct dq_range ranges[DQ_DIMS_MAX]; /* innermost first, one for each dimension */
    uint64_t shape[DQ_DIMS_MAX];         /* of the result, outermost first */
    size_t n_shape;
};

/* If text ends in brackets that contain only a slice, returns a pointer to the opening one, else NULL. */
const char *dq_slice_find(const char *text);

/* Sets *out to all of a tensor. */
void dq_slice_all(const struct dq_tensor *t, struct dq_slice *out);

/* Applies a slice, brackets included, to the shape of a tensor by numpy's rules: ranges are clamped to
 * the shape; an index must be in range and removes its dimension. A tensor with a problem that
 * may concern its shape gives all of it. DQ_ERR_USAGE if the slice does not fit; *out is then unchanged. */
int dq_slice_parse(
    const char *text, const struct dq_tensor *t, struct dq_slice *out, struct dq_error *e);

/* Returns how many bytes of the tensor's data, from its beginning, hold all that a slice takes. */
uint64_t dq_slice_bytes(const struct dq_slice *s, const struct dq_tensor *t);

#endif
