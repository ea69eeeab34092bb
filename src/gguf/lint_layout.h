/* Notes on where the tensors of a file lie, and on the bytes between them. */
#ifndef DQ_LINT_LAYOUT_H
#define DQ_LINT_LAYOUT_H

#include <stddef.h>

#include "base/err.h"
#include "gguf/diagnostic.h"

struct dq_shard;
struct dq_tensor;

/* Emits them for a shard and its n tensors. */
int dq_lint_layout(const struct dq_shard *s, struct dq_tensor *tensors, size_t n,
    const struct dq_diagnostic_sink *diag, struct dq_error *e);

#endif
