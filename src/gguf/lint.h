/* Notes on what is unusual in a model, although it can be used. */
#ifndef DQ_LINT_H
#define DQ_LINT_H

#include "base/err.h"
#include "gguf/diagnostic.h"

struct dq_model;

/* Emits the notes on a model, or on what could be read of a damaged one. Reads the values of its
 * metadata and the bytes between its tensors. Fails only if reading does. */
int dq_model_lint(
    const struct dq_model *m, const struct dq_diagnostic_sink *diag, struct dq_error *e);

#endif
