/* Where arrays go: a file that appears whole or not at all, or a stream. */
#ifndef DQ_SINK_H
#define DQ_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

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

struct dq_sink_file {
    const char *path; /* its last part is the name in the folder; the rest is for messages */
    bool replace;     /* a file of that name, if there is one; otherwise commit fails */
    bool durable;     /* commit returns when a loss of power takes nothing away any more */
    uint64_t len;     /* how long it will be, as far as that is known, and 0 if not */
};

/* Opens a folder for files, and removes what killed runs left in it. All that is done there later
 * is done in this very folder, whatever becomes of its name. follow says whether it may be a
 * symbolic link; durable, whether its files will be, which takes the right to read it; shown is for
 * messages. The caller closes it. */
int dq_sink_open_folder(
    const char *path, const char *shown, bool follow, bool durable, int *out, struct dq_error *e);

/* Writes to a temporary file in an open folder, which commit gives its name. From now on until it
 * is freed, signals are held. */
int dq_sink_new_file(
    int folder, const struct dq_sink_file *file, struct dq_sink **out, struct dq_error *e);

/* The descriptor of such a file's temporary, for those who write to it themselves. */
int dq_sink_file_fd(const struct dq_sink *s);

/* Whether commit failed because the name was taken, and for no other reason. */
bool dq_sink_file_was_taken(const struct dq_sink *s);

/* Writes to an open descriptor, which stays the caller's. name is for messages. */
int dq_sink_new_stream(int fd, const char *name, struct dq_sink **out, struct dq_error *e);

/* Frees a sink of any kind, or NULL. */
void dq_sink_free(struct dq_sink *s);

#endif
