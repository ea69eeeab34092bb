/* Types whose tensors have another size than the type says. */
#ifndef DQ_SPANS_H
#define DQ_SPANS_H

#include <stddef.h>

#include "base/err.h"

struct dq_model;
struct dq_tensor;

/* Sets the span of the n tensors, which are sorted by place, and the size of those of unknown type. Then
 * compares spans with sizes: if all tensors of a type agree on another block, either their type
 * becomes the one with that block, or they are refused. Their neighbours keep their data. */
int dq_spans_check(
    const struct dq_model *m, struct dq_tensor **placed, size_t n, struct dq_error *e);

#endif
