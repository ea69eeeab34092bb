/* The forms in which arrays are written to files. A container is one row of functions: plan works
 * out every header and offset from the shapes alone, the others write what is not data. */
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
    uint64_t shape[DQ_ARRAY_DIMS_MAX]; /* outermost first */
    size_t n_shape;
    uint64_t n_bytes;  /* of its data */
    uint64_t data_off; /* of its data in the file; plan sets it */
};

/* A file whose contents are known but for the data. */
struct dq_file_plan {
    uint8_t *header; /* the first bytes of the file; NULL if there are none */
    size_t header_len;
    uint64_t len; /* of the whole file */
};

struct dq_container {
    const char *name;    /* "npy", as the command line spells it */
    const char *ending;  /* ".npy", of the files that are made */
    const char *ending2; /* another one that is understood; NULL: none */

    /* Places n arrays in a file and makes its header. dq_file_plan_finish frees the plan. Fails with
     * DQ_ERR_USAGE if the container cannot hold an array. */
    int (*plan)(struct dq_array *arrays, size_t n, struct dq_file_plan *out, struct dq_error *e);

    /* Writes what comes before all data, before the data of array i, and after all data. NULL:
     * nothing does. */
    int (*begin)(const struct dq_file_plan *p, struct dq_sink *s, struct dq_error *e);
    int (*array)(const struct dq_file_plan *p, size_t i, struct dq_sink *s, struct dq_error *e);
    int (*end)(const struct dq_file_plan *p, struct dq_sink *s, struct dq_error *e);
};

extern const struct dq_container dq_container_npy;
extern const struct dq_container dq_container_raw;

void dq_file_plan_finish(struct dq_file_plan *p);

/* Finds a container by its name, or by the ending of a file's name; NULL if there is none. */
const struct dq_container *dq_container_by_name(const char *name);
const struct dq_container *dq_container_by_ending(const char *path);

/* Whether a file's ending promises a form that is not written here, such as ".npz". */
bool dq_container_is_foreign(const char *path);

#endif
