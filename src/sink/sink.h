/* Sinks: what arrays are written to. A file appears complete or not at all; a stream is written as
 * it is. One thread at a time uses a sink, but several may put different parts of a file at once. */
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
    /* Writes len bytes at off of the output. A stream takes the bytes from its start on, without gaps,
     * one call at a time, and skips those that it has written already. */
    int (*put)(struct dq_sink *s, const void *buf, size_t len, uint64_t off, struct dq_error *e);
    /* Brings everything to where it is safe, so that commit can hardly fail. NULL: nothing to do. */
    int (*flush)(struct dq_sink *s, struct dq_error *e);
    /* Flushes and completes the output: a file gets its name and is closed. */
    int (*commit)(struct dq_sink *s, struct dq_error *e);
    /* Frees the sink. A file that was not committed is removed. */
    void (*free)(struct dq_sink *s);
};

struct dq_sink_file {
    const char *path; /* the last component is the name in the folder; the rest is for messages */
    bool replace;     /* replace an existing file of that name; otherwise commit fails */
    bool
        durable; /* once commit has returned, the file survives a loss of power; its name does if the
                   * file system can sync a folder (dq_file_sync_folder) */
    uint64_t len; /* exact length in bytes, to reserve space or to collect the file; 0 if unknown */
};

enum {
    DQ_FOLDER_FOLLOW = 1,  /* the path may be a symbolic link */
    DQ_FOLDER_DURABLE = 2, /* files in it will be durable, which requires permission to read it */
    DQ_FOLDER_SWEEP = 4,   /* remove temporary files that killed runs left in it */
};

/* Opens a folder for new files. Later work uses the descriptor, so it stays in this folder even if its
 * name changes. flags are those above. display_name is used in messages. The caller closes *out.
 * DQ_ERR_IO. */
int dq_sink_open_folder(
    const char *path, const char *display_name, unsigned flags, int *out, struct dq_error *e);

/* Creates a sink that writes to a temporary file in an open folder; commit renames it. Signals are
 * deferred from then on, or, if the file is so small that it is collected in memory first, from the flush
 * on, until the sink is freed. The folder stays the caller's. */
int dq_sink_new_file(
    int folder, const struct dq_sink_file *file, struct dq_sink **out, struct dq_error *e);

/* Returns the descriptor of the temporary file of a sink of unknown length, for callers that write to it
 * directly. */
int dq_sink_file_fd(const struct dq_sink *s);

/* Whether commit failed because a file of that name existed, and for no other reason. */
bool dq_sink_file_was_taken(const struct dq_sink *s);

/* Whether a file has its name, because commit got that far. */
bool dq_sink_file_has_name(const struct dq_sink *s);

/* Creates a sink that writes to an open descriptor, which stays the caller's. name is for messages
 * and must outlive the sink. */
int dq_sink_new_stream(int fd, const char *name, struct dq_sink **out, struct dq_error *e);

/* Frees a sink of any kind, or NULL. */
void dq_sink_free(struct dq_sink *s);

#endif
