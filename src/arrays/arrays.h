/* Arrays in files that are no models, read as the tensors of a model: .npy files, .safetensors files, and sets of
 * these.
 *
 * Sources: numpy.lib.format, and the README of safetensors with what its library 0.8.0 refuses. */
#ifndef DQ_ARRAYS_H
#define DQ_ARRAYS_H

#include "gguf/gguf.h"

enum dq_arrays_kind {
    DQ_ARRAYS_NONE, /* something else */
    DQ_ARRAYS_NPY,
    DQ_ARRAYS_SAFETENSORS,
    DQ_ARRAYS_INDEX, /* model.safetensors.index.json, which names the files of a set */
};

/* Looks at the name and the beginning of a file. What cannot be read is NONE, but for DQ_ERR_USAGE: it must not be read,
 * because output goes into it, or has no random access. */
int dq_arrays_kind(const char *path, enum dq_arrays_kind *out, struct dq_error *e);

/* Returns the path of what a folder has: its index, or else its only .safetensors file. NULL if it has neither, or if
 * memory is short. The caller frees it with dq_mem_free. */
char *dq_arrays_in_folder(const char *folder);

/* Opens a file of a kind but NONE. Everything in its header is checked; arrays of types that ggml does not have are
 * tensors with a problem. Only what tensors need of *out is set: there is no metadata. dq_model_free closes it.
 * DQ_ERR_MALFORMED, DQ_ERR_TYPE (an npy array of another type), DQ_ERR_IO or DQ_ERR_MEMORY. */
int dq_arrays_open(
    const char *path, enum dq_arrays_kind kind, struct dq_model **out, struct dq_error *e);

#endif
