/* Where arrays go: a file that appears whole or not at all, or a stream. */
#ifndef DQ_SINK_H
#define DQ_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct dq_sink {
    const struct dq_sink_ops *ops;
};

struct dq_sink_ops {
    /* Writes len bytes at off of this array. One call at a time; a stream wants the array from its
     * start on, without gaps, and steps over what it has already. */
    int (*put)(struct dq_sink *s, const void *buf, size_t len, uint64_t off, struct dq_error *e);
    /* All is written: makes it last. */
    int (*commit)(struct dq_sink *s, struct dq_error *e);
    /* Frees the sink, and takes back what is not committed where that is possible. */
    void (*free)(struct dq_sink *s);
};

/* Writes to a temporary file beside path, which commit renames to path. replace says whether a file
 * of that name may be replaced; otherwise commit fails if there is one. len says how long it will
 * be, as far as that is known, and 0 if not. */
int dq_sink_new_file(
    const char *path, bool replace, uint64_t len, struct dq_sink **out, struct dq_error *e);

/* The descriptor of such a file's temporary, for those who write to it themselves. */
int dq_sink_file_fd(const struct dq_sink *s);

/* Writes to an open descriptor, which stays the caller's. name is for messages. */
int dq_sink_new_stream(int fd, const char *name, struct dq_sink **out, struct dq_error *e);

/* Frees a sink of any kind, or NULL. */
void dq_sink_free(struct dq_sink *s);

#endif
