#include "run/scales.h"

#include "base/mem.h"
#include "cpu/cpu.h"

#include <string.h>

/* llama.cpp quantizes to NVFP4 with a second scale for the whole tensor, or for each expert, and
 * multiplies the result by it; BitNet has the same. */
static const char weight_suffix[] = ".weight";
static const char scale_suffix[] = ".scale";
static const char input_scale_suffix[] = ".input_scale";

static bool is_float(const struct dq_tensor *t)
{
    static const enum dq_type floats[] = {DQ_TYPE_f32, DQ_TYPE_f16, DQ_TYPE_bf16, DQ_TYPE_f64};
    for (size_t i = 0; t->type && i < sizeof floats / sizeof floats[0]; i++) {
        if (t->type->type == floats[i])
            return true;
    }
    return false;
}

/* Returns the tensor whose name ends with `to` where that of t ends with `from`, or NULL. */
static const struct dq_tensor *find_sibling(
    const struct dq_model *m, const struct dq_tensor *t, const char *from, const char *to)
{
    char name[DQ_NAME_MAX + sizeof scale_suffix + sizeof weight_suffix];
    if (t->name_len > DQ_NAME_MAX || !dq_tensor_name_ends(t, from))
        return NULL;
    const size_t stem_len = t->name_len - strlen(from);
    memcpy(name, t->name, stem_len);
    memcpy(name + stem_len, to, strlen(to));
    return dq_model_find(m, name, stem_len + strlen(to));
}

const struct dq_tensor *dq_scale_named(const struct dq_model *m, const struct dq_tensor *t)
{
    return find_sibling(m, t, weight_suffix, scale_suffix);
}

const struct dq_tensor *dq_scale_find(const struct dq_model *m, const struct dq_tensor *t)
{
    const struct dq_tensor *scale = dq_scale_named(m, t);
    if (!scale || !is_float(scale))
        return NULL;
    const bool for_experts =
        t->n_dims >= 3 && scale->n_weights == t->dims[t->n_dims - 1] && scale->n_weights > 0;
    return scale->n_weights == 1 || for_experts ? scale : NULL;
}

const struct dq_tensor *dq_scale_target(const struct dq_model *m, const struct dq_tensor *t)
{
    const struct dq_tensor *weight = find_sibling(m, t, scale_suffix, weight_suffix);
    return weight ? weight : find_sibling(m, t, input_scale_suffix, weight_suffix);
}

/* Reads n factors from number i on. */
static int read_factors(const struct dq_model *m, const struct dq_tensor *scale, uint64_t i,
    size_t n, float *out, struct dq_error *e)
{
    const size_t len = scale->type->bytes;
    uint8_t *stored = dq_mem_alloc(n * len);
    int rc = stored ? 0 : dq_fail_nomem(e);
    if (rc == 0)
        rc = dq_tensor_read(m, scale, i * len, stored, n * len, e);
    if (rc == 0)
        dq_cpu_best()->decode[scale->type->type](stored, out, n, DQ_DTYPE_f32);
    dq_mem_free(stored);
    return rc;
}

int dq_scale_factor(const struct dq_model *m, const struct dq_tensor *scale, uint64_t i, float *out,
    struct dq_error *e)
{
    return read_factors(m, scale, i, 1, out, e);
}

int dq_scale_read(const struct dq_model *m, const struct dq_tensor *t,
    const struct dq_tensor *scale, struct dq_scaling *out, struct dq_error *e)
{
    int rc = dq_tensor_usable(m, scale, true, e);
    if (rc != 0)
        return rc;
    const size_t n = (size_t)scale->n_weights;
    float *factors = dq_mem_alloc(n * sizeof *factors);
    if (!factors)
        return dq_fail_nomem(e);
    rc = read_factors(m, scale, 0, n, factors, e);
    if (rc == 0)
        *out = (struct dq_scaling){factors, n > 1 ? t->n_weights / n : t->n_weights};
    else
        dq_mem_free(factors);
    return rc;
}
