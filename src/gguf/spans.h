/* Types whose tensors have another size than the type says. */
#ifndef DQ_SPANS_H
#define DQ_SPANS_H

#include <stddef.h>

#include "base/err.h"

struct dq_model;
struct dq_tensor;

/* Measures the spans of the n tensors, which are sorted by place: from the data of one to that of the
 * next, or the end of the file. Sets the size of those of unknown type to it and compares it with that of
 * the others: if all tensors of a type agree on another block, either their type becomes the one with
 * that block, or they are refused. Their neighbours keep their data. */
int dq_spans_check(
    const struct dq_model *m, struct dq_tensor **placed, size_t n, struct dq_error *e);

#endif
