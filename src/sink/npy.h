/* Headers of numpy's .npy files, byte for byte as numpy.save writes them.
 * Source: numpy's format specification (numpy.lib.format), version 1.0, and numpy 1.24. */
#ifndef DQ_NPY_H
#define DQ_NPY_H

#include "sink/container.h"

enum { DQ_NPY_HEADER_MAX = 512 }; /* bytes */

/* Writes the header of a C-order array: descr is numpy's name of the type ("<f4"), shape has n_dims
 * (at most 8) dimensions, outermost first. Returns the length of the header in bytes, a multiple of
 * 64. Cannot fail. */
size_t dq_npy_header(
    const char *descr, const uint64_t *shape, size_t n_dims, uint8_t out[DQ_NPY_HEADER_MAX]);

/* The same for an array of a type that numpy has, or of bytes. */
size_t dq_npy_header_of(const struct dq_array *a, uint8_t out[DQ_NPY_HEADER_MAX]);

/* Whether numpy has a type for these elements. */
bool dq_npy_has_type(const struct dq_type_info *type);

#endif
