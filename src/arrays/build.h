/* For the readers of files: a model that is being made. */
#ifndef DQ_ARRAYS_BUILD_H
#define DQ_ARRAYS_BUILD_H

#include "gguf/gguf.h"

/* An array as its file describes it. */
struct dq_described {
    const char *name;
    size_t name_len;
    const struct dq_type_info *type; /* NULL: unknown */
    const char *type_name;           /* as the file has it */
    uint64_t shape[DQ_DIMS_MAX];     /* outermost dimension first */
    size_t n_shape;
    uint64_t offset; /* of its data in the file */
    uint64_t n_bytes;
};

/* Opens a file as the next one of m. */
int dq_arrays_add_file(struct dq_model *m, const char *path, struct dq_error *e);

/* Appends an array of the last file. DQ_ERR_MALFORMED if there is another one with its name, or if its shape needs
 * another number of bytes. */
int dq_arrays_add(struct dq_model *m, const struct dq_described *d, struct dq_error *e);

/* Reads the header of the last file and appends its arrays. */
int dq_npy_read(struct dq_model *m, struct dq_error *e);
int dq_safetensors_read(struct dq_model *m, struct dq_error *e);

#endif
