/* Notes on the metadata of a file. */
#ifndef DQ_LINT_METADATA_H
#define DQ_LINT_METADATA_H

#include "base/err.h"
#include "gguf/diagnostic.h"

struct dq_model;
struct dq_shard;

/* Emits them for a shard of m, reading all values. */
int dq_lint_metadata(const struct dq_model *m, const struct dq_shard *s,
    const struct dq_diagnostic_sink *diag, struct dq_error *e);

#endif
