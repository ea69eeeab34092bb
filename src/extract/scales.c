#include "extract/scales.h"

#include "base/mem.h"
#include "cpu/cpu.h"

#include <string.h>

/* llama.cpp quantizes to NVFP4 with a second scale for the whole tensor, or for each expert, and
 * multiplies the result by it; BitNet has the same. */
static const char weight_suffix[] = ".weight";
static const char scale_suffix[] = ".scale";

static bool is_float(const struct dq_tensor *t)
{
    static const enum dq_type floats[] = {DQ_TYPE_f32, DQ_TYPE_f16, DQ_TYPE_bf16, DQ_TYPE_f64};
    for (size_t i = 0; t->type && i < sizeof floats / sizeof floats[0]; i++) {
        if (t->type->type == floats[i])
            return true;
    }
    return false;
}

const struct dq_tensor *dq_scale_find(const struct dq_model *m, const struct dq_tensor *t)
{
    enum { WEIGHT_LEN = sizeof weight_suffix - 1, SCALE_LEN = sizeof scale_suffix - 1 };
    char name[DQ_NAME_MAX + 1];
    if (t->name_len > DQ_NAME_MAX || !dq_tensor_name_ends(t, weight_suffix))
        return NULL;
    const size_t stem_len = t->name_len - WEIGHT_LEN;
    memcpy(name, t->name, stem_len);
    memcpy(name + stem_len, scale_suffix, SCALE_LEN);
    const struct dq_tensor *scale = dq_model_find(m, name, stem_len + SCALE_LEN);
    if (!scale || !is_float(scale))
        return NULL;
    const bool for_experts = t->n_dims >= 3 && scale->n_weights == t->dims[t->n_dims - 1];
    return scale->n_weights == 1 || for_experts ? scale : NULL;
}

int dq_scale_read(const struct dq_model *m, const struct dq_tensor *t,
    const struct dq_tensor *scale, struct dq_scaling *out, struct dq_error *e)
{
    int rc = dq_tensor_usable(m, scale, true, e);
    if (rc != 0)
        return rc;
    const size_t n = (size_t)scale->n_weights;
    uint8_t *stored = dq_mem_alloc((size_t)scale->n_bytes);
    float *factors = dq_mem_alloc(n * sizeof *factors);
    rc = stored && factors ? dq_tensor_read(m, scale, 0, stored, (size_t)scale->n_bytes, e)
                           : dq_fail_nomem(e);
    if (rc == 0) {
        dq_cpu_best()->decode[scale->type->type](stored, factors, n, DQ_DTYPE_f32);
        *out = (struct dq_scaling){factors, t->n_weights / n};
        factors = NULL;
    }
    dq_mem_free(stored);
    dq_mem_free(factors);
    return rc;
}
