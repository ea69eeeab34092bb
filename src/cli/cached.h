/* A list of the models that were found in a cache. */
#ifndef DQ_CACHED_H
#define DQ_CACHED_H

#include <stddef.h>
#include <stdint.h>

#include "base/strvec.h"

/* What the names of repositories and models consist of. */
extern const char dq_cached_portable[];

struct dq_cached {
    char *name;     /* by which it is found, "hf:OWNER/REPO:QUANT", or its path; owned */
    char *path;     /* of its file, or of the first one of a split set; owned */
    size_t n_files; /* these two are 0 until dq_cached_measure */
    uint64_t n_bytes;
};

/* All zero is an empty list. */
struct dq_cached_list {
    struct dq_cached *items;
    size_t n;
    struct dq_strvec unread; /* what could not be read, so that its models are missing: texts */
};

/* Appends a model; both texts are copied. */
int dq_cached_add(
    struct dq_cached_list *list, const char *name, const char *path, struct dq_error *e);

/* Lets a list go on without what could not be read: an error DQ_ERR_IO, with its text in why, is kept in
 * `unread`, and 0 is returned. Any other rc is returned, with its text in e. */
int dq_cached_pass_over(
    struct dq_cached_list *list, int rc, const struct dq_error *why, struct dq_error *e);

/* Counts the files and bytes of each model, which takes a look at its folder. */
void dq_cached_measure(struct dq_cached_list *list);

void dq_cached_finish(struct dq_cached_list *list);

#endif
