/* Zeros that cannot be meant: where a download has reserved a file and not filled all of it, the bytes
 * are zero. That the weights of a bias or of an untrained part are zero is normal. */
#ifndef DQ_ZEROS_H
#define DQ_ZEROS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf/gguf.h"

/* Shorter runs are not looked at. Holes of files consist of pages of this size. */
enum { DQ_ZERO_RUN_MIN = 4096 /* bytes */ };

/* Bytes of a tensor's data that are all zero. */
struct dq_zero_run {
    uint64_t off; /* from the start of the data */
    uint64_t len;
};

/* The runs of a tensor. All zero is empty. */
struct dq_zero_runs {
    struct dq_zero_run *items; /* owned */
    size_t n;
};

/* Adds the runs of len bytes of data at off, or those of another list. Calls may be in any order. Both
 * return false if memory is short. */
bool dq_zero_runs_add(struct dq_zero_runs *z, const uint8_t *bytes, size_t len, uint64_t off);
bool dq_zero_runs_append(struct dq_zero_runs *z, const struct dq_zero_runs *more);

/* When all of the data was added: sorts the runs, joins what touches, and drops what is short. */
void dq_zero_runs_join(struct dq_zero_runs *z);

void dq_zero_runs_finish(struct dq_zero_runs *z);

/* Reports zeros of a tensor: that all of its weights are zero, or else the joined runs of a weight
 * matrix: those that cannot be meant are errors, the others notes. */
void dq_zeros_emit(const struct dq_model *m, const struct dq_tensor *t, bool all_zero,
    const struct dq_zero_runs *z, const struct dq_diagnostic_sink *diag);

#endif
