/* A list of the models that were found in a cache. */
#ifndef DQ_CACHED_H
#define DQ_CACHED_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct dq_cached {
    char *name; /* by which it is found, "hf:OWNER/REPO:QUANT", or its path; owned */
    char *path; /* of its file, or of the first one of a split set; owned */
    size_t n_files;
    uint64_t n_bytes; /* of these together */
};

/* All zero is an empty list. */
struct dq_cached_list {
    struct dq_cached *items;
    size_t n;
};

/* Appends a model; both texts are copied. */
int dq_cached_add(
    struct dq_cached_list *list, const char *name, const char *path, struct dq_error *e);
void dq_cached_finish(struct dq_cached_list *list);

#endif
