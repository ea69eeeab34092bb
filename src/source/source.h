/* Where bytes come from: read-only, of a fixed size, readable at any offset.
 *
 * Reading is thread-safe, since no source has a position of its own. */
#ifndef DQ_SOURCE_H
#define DQ_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/file.h"

struct dq_source_ops;

struct dq_source {
    const struct dq_source_ops *ops;
    char *name;    /* for messages; owned */
    uint64_t size; /* bytes; what can be read when it is opened */
};

/* What an implementation provides. Its own struct begins with a struct dq_source. */
struct dq_source_ops {
    /* Reads exactly len bytes at off; fails with DQ_ERR_IO if there are fewer. */
    int (*pread)(
        const struct dq_source *s, void *buf, size_t len, uint64_t off, struct dq_error *e);
    /* Begins to fetch bytes that will be read soon. NULL: reading never waits. */
    void (*expect)(const struct dq_source *s, uint64_t off, uint64_t len);
    /* Whether reading has been seen to take long. NULL: it never does. */
    bool (*is_far)(const struct dq_source *s);
    /* Whether it is the file that st describes. NULL: it is never a file. */
    bool (*is_file)(const struct dq_source *s, const struct stat *st);
    /* Releases what the implementation holds besides its memory. NULL: nothing. */
    void (*close)(struct dq_source *s);
};

/* Reads exactly len bytes at off. DQ_ERR_IO: it ends before that, as a file does that was cut after
 * it was opened. DQ_ERR_INTERRUPTED: a signal asks the program to end. */
int dq_source_pread(
    const struct dq_source *s, void *buf, size_t len, uint64_t off, struct dq_error *e);

/* Says that len bytes from off on, or as many as there are, will be read soon. Returns at once; where
 * each read takes its time because the bytes are far away, they come together meanwhile. */
void dq_source_expect(const struct dq_source *s, uint64_t off, uint64_t len);

/* Whether each read takes its time, so that it is worth something to announce all of them. */
bool dq_source_is_far(const struct dq_source *s);

/* Whether the bytes are those of the file that st describes. */
bool dq_source_is_file(const struct dq_source *s, const struct stat *st);

/* Closes and frees a source; NULL is allowed. */
void dq_source_close(struct dq_source *s);

/* For implementations: allocates a source of len bytes, of which the first are a struct dq_source
 * with ops and a copy of name. NULL if memory is short. */
void *dq_source_new(size_t len, const struct dq_source_ops *ops, const char *name);

/* A set of named sources, such as the file system: a model may consist of several files. */
struct dq_store {
    /* Opens the source of that name. The caller closes it. */
    int (*open)(
        const struct dq_store *store, const char *name, struct dq_source **out, struct dq_error *e);
    /* Calls take for the name, without folder, of every source in the folder of the one named. */
    int (*list)(const struct dq_store *store, const char *name, dq_file_take_fn take, void *arg,
        struct dq_error *e);
};

/* Files by their path; "-" is standard input. What cannot be read at any offset (a pipe, a
 * terminal, a folder) is refused: DQ_ERR_USAGE, or DQ_ERR_IO for a folder. So is a file that standard
 * output or error goes into, which is then closed for writing (dq_file_protect). */
extern const struct dq_store dq_file_store;

/* Bytes in memory, which stay the caller's and must outlive what is opened. */
struct dq_memory_file {
    const char *name;
    const void *bytes;
    size_t len;
};

struct dq_memory_store {
    struct dq_store store; /* DQ_MEMORY_STORE sets it */
    const struct dq_memory_file *files;
    size_t n_files;
};

int dq_memory_open(
    const struct dq_store *store, const char *name, struct dq_source **out, struct dq_error *e);
int dq_memory_list(const struct dq_store *store, const char *name, dq_file_take_fn take, void *arg,
    struct dq_error *e);

#define DQ_MEMORY_STORE(files, n_files)                                                            \
    {                                                                                              \
        {dq_memory_open, dq_memory_list}, files, n_files                                           \
    }

#endif
