/* Scale tensors: X.scale, whose weights the decoded weights of X.weight have to be multiplied by. */
#ifndef DQ_SCALES_H
#define DQ_SCALES_H

#include "gguf/gguf.h"
#include "run/plan.h"

/* Returns the tensor that has the name of the scale tensor of t, or NULL. */
const struct dq_tensor *dq_scale_named(const struct dq_model *m, const struct dq_tensor *t);

/* The same if it is one: F32, F16, BF16 or F64, and with one weight, or one for each index of the
 * outermost of three or more dimensions (the experts). */
const struct dq_tensor *dq_scale_find(const struct dq_model *m, const struct dq_tensor *t);

/* Returns X.weight if t is X.scale, or X.input_scale, which is for activations; or NULL. */
const struct dq_tensor *dq_scale_target(const struct dq_model *m, const struct dq_tensor *t);

/* Reads weight i of a scale tensor. DQ_ERR_IO. */
int dq_scale_factor(const struct dq_model *m, const struct dq_tensor *scale, uint64_t i, float *out,
    struct dq_error *e);

/* Reads the scales of t. The caller frees out->factors with dq_mem_free. DQ_ERR_MALFORMED if they are
 * unusable, DQ_ERR_IO, DQ_ERR_MEMORY. */
int dq_scale_read(const struct dq_model *m, const struct dq_tensor *t,
    const struct dq_tensor *scale, struct dq_scaling *out, struct dq_error *e);

#endif
