#include "arrays/build.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

int dq_arrays_add_file(struct dq_model *m, const char *path, struct dq_error *e)
{
    struct dq_shard *shards = dq_array_grow(m->shards, m->n_shards, sizeof *shards);
    struct dq_source *source;
    if (!shards)
        return dq_fail_nomem(e);
    m->shards = shards;
    const int rc = dq_file_store.open(&dq_file_store, path, &source, e);
    if (rc != 0)
        return rc;
    m->shards[m->n_shards++] =
        (struct dq_shard){.source = source, .path = source->name, .alignment = 1, .data_off = 1};
    return 0;
}

/* Why an array cannot be used although its file is sound; NULL: it can, or memory is short, which *rc says. */
static const char *problem_of(
    struct dq_model *m, const struct dq_described *d, int *rc, struct dq_error *e)
{
    char words[128];
    if (d->type)
        return NULL;
    snprintf(
        words, sizeof words, "its type %.64s is not one of those that can be read", d->type_name);
    const char *problem = dq_pool_strdup(m->texts, words);
    *rc = problem ? 0 : dq_fail_nomem(e);
    return problem;
}

int dq_arrays_add(struct dq_model *m, const struct dq_described *d, struct dq_error *e)
{
    const char *path = m->shards[m->n_shards - 1].path;
    struct dq_tensor *tensors = dq_array_grow(m->tensors, m->n_tensors, sizeof *tensors);
    uint64_t n_bytes = 0;
    int rc = 0;
    if (!tensors)
        return dq_fail_nomem(e);
    m->tensors = tensors;
    struct dq_tensor t = {.name = dq_pool_strndup(m->texts, d->name, d->name_len),
        .name_len = d->name_len,
        .n_dims_stored = (uint32_t)d->n_shape,
        .n_dims = (uint32_t)d->n_shape,
        .n_weights = 1,
        .n_bytes = d->n_bytes,
        .n_there = d->n_bytes,
        .offset = d->offset,
        .type = d->type,
        .type_id = d->type ? d->type->id : UINT32_MAX,
        .shard = (uint32_t)(m->n_shards - 1)};
    t.display_name = t.name ? dq_text_display(m->texts, t.name, t.name_len) : NULL;
    if (!t.display_name)
        return dq_fail_nomem(e);
    for (size_t i = 0; i < DQ_DIMS_MAX; i++)
        t.dims[i] = i < d->n_shape ? d->shape[d->n_shape - 1 - i] : 1;
    bool is_empty = false;
    for (size_t i = 0; i < d->n_shape; i++)
        is_empty |= d->shape[i] == 0;
    bool fits = true;
    for (size_t i = 0; i < d->n_shape && !is_empty; i++)
        fits = fits && dq_mul_u64(t.n_weights, d->shape[i], &t.n_weights);
    if (is_empty)
        t.n_weights = 0;
    fits = fits && dq_mul_u64(t.n_weights, d->type ? d->type->bytes : 1, &n_bytes);
    if (!fits || (d->type && n_bytes != d->n_bytes))
        return dq_fail(e, DQ_ERR_MALFORMED,
            "%s: array '%.256s': its shape and type do not fit its %" PRIu64 " bytes", path,
            t.display_name, d->n_bytes);
    t.problem = problem_of(m, d, &rc, e);
    if (rc != 0)
        return rc;
    rc = dq_strmap_add(&m->names, t.name, t.name_len, m->n_tensors);
    if (rc < 0)
        return dq_fail_nomem(e);
    if (rc > 0)
        return dq_fail(
            e, DQ_ERR_MALFORMED, "%s: array '%.256s' is there twice", path, t.display_name);
    m->tensors[m->n_tensors++] = t;
    return 0;
}
