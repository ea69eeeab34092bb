/* Containers: the file formats that arrays are written in. A container is a table of functions: plan
 * computes the header and all offsets from the shapes alone; the others write everything that is not
 * array data. Containers have no state, so threads may share them. */
#ifndef DQ_CONTAINER_H
#define DQ_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sink/sink.h"

enum { DQ_ARRAY_DIMS_MAX = 8 };

/* An array as a container sees it. */
struct dq_array {
    const char *descr;                 /* numpy's name of its type, "<f4"; "" if numpy has none */
    uint64_t shape[DQ_ARRAY_DIMS_MAX]; /* outermost dimension first */
    size_t n_shape;                    /* dimensions */
    uint64_t n_bytes;                  /* length of the data */
    uint64_t data_off;                 /* offset of the data in the file, in bytes; set by plan */
};

/* The layout of a file: its header and its length, before any data is known. */
struct dq_file_plan {
    uint8_t *header;   /* the first bytes of the file; NULL if it has no header; owned */
    size_t header_len; /* bytes */
    uint64_t len;      /* of the whole file, in bytes */
};

struct dq_container {
    const char *name;          /* "npy", as the command line spells it */
    const char *extension;     /* ".npy", of the files that are written */
    const char *alt_extension; /* another one that is recognised, or NULL */

    /* Assigns offsets in one file to n arrays and creates its header; the caller frees *out with
     * dq_file_plan_finish. Fails with DQ_ERR_USAGE if the container cannot hold an array, or with
     * DQ_ERR_MEMORY. */
    int (*plan)(struct dq_array *arrays, size_t n, struct dq_file_plan *out, struct dq_error *e);

    /* Write what precedes all data, what precedes the data of array i, and what follows all data.
     * NULL: nothing to write. They return the errors of the sink. */
    int (*begin)(const struct dq_file_plan *p, struct dq_sink *s, struct dq_error *e);
    int (*array)(const struct dq_file_plan *p, size_t i, struct dq_sink *s, struct dq_error *e);
    int (*end)(const struct dq_file_plan *p, struct dq_sink *s, struct dq_error *e);
};

extern const struct dq_container dq_container_npy;
extern const struct dq_container dq_container_raw;

void dq_file_plan_finish(struct dq_file_plan *p);

/* Finds a container by its name, or by the extension of a path; case does not matter. NULL if there
 * is none. */
const struct dq_container *dq_container_by_name(const char *name);
const struct dq_container *dq_container_by_extension(const char *path);

/* Whether the extension of a path belongs to a format that cannot be written, such as ".npz". */
bool dq_container_is_foreign(const char *path);

#endif
