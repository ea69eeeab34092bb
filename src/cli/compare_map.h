/* Tensors that have another name in the reference: the file of --map. */
#ifndef DQ_COMPARE_MAP_H
#define DQ_COMPARE_MAP_H

#include "gguf/gguf.h"

/* All NULL if no file was given. */
struct dq_compare_map {
    const struct dq_tensor *
        *partners;  /* of each tensor of the model; NULL: not in the file; owned */
    bool *is_taken; /* each tensor of the reference: it is in the file; owned */
};

/* Reads lines of the name of a tensor of the model, a tab, and that of one of the reference. Errors name the line:
 * DQ_ERR_NO_TENSOR for an unknown name, DQ_ERR_USAGE for one that is there twice, or for a line that is not like this.
 * dq_compare_map_finish frees *out, also after an error; the models must outlive it. */
int dq_compare_map_read(const char *path, const struct dq_model *reference,
    const struct dq_model *model, struct dq_compare_map *out, struct dq_error *e);
void dq_compare_map_finish(struct dq_compare_map *m);

#endif
