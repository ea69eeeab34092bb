/* The forms that an array can be written in. A form with a header is a row with a function. */
#ifndef DQ_CONTAINER_H
#define DQ_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/npy.h"

enum { DQ_HEADER_MAX = DQ_NPY_HEADER_MAX };

struct dq_container {
    const char *name;    /* "npy", as the command line spells it */
    const char *ending;  /* ".npy", of the files that are made */
    const char *ending2; /* another one that is understood; may be NULL */
    /* Writes what comes before the data and returns its length; NULL: nothing does. */
    size_t (*header)(
        const char *descr, const uint64_t *shape, size_t n_dims, uint8_t out[DQ_HEADER_MAX]);
};

/* Finds a form by its name, or by the ending of a file's name; NULL if there is none. */
const struct dq_container *dq_container_by_name(const char *name);
const struct dq_container *dq_container_by_ending(const char *path);

/* Whether a file's ending promises a form that is not written here, such as ".npz". */
bool dq_container_is_foreign(const char *path);

#endif
