#include "gguf/model.h"

#include "base/mem.h"
#include "gguf/real_names.h"
#include "gguf/regions.h"
#include "gguf/split.h"

static int read_model(struct dq_model *m, const char *path, struct dq_error *e)
{
    m->texts = dq_pool_new();
    m->path = m->texts ? dq_pool_strdup(m->texts, path) : NULL;
    if (!m->path)
        return dq_fail_nomem(e);
    struct dq_error why;
    const int rc = dq_split_open(m, e);
    if (rc != 0 && rc != DQ_ERR_MALFORMED)
        return rc;
    /* They grew in powers of two. No more are added. */
    struct dq_tensor *tensors = dq_mem_realloc(m->tensors, (m->n_tensors + 1) * sizeof *tensors);
    m->tensors = tensors ? tensors : m->tensors;
    int rc_tensors = dq_regions_check(m, &why);
    if (rc_tensors == 0)
        rc_tensors = dq_real_names_apply(m, &why);
    if (rc_tensors == 0)
        rc_tensors = dq_files_check(m, &why);
    return rc_tensors != 0 ? dq_fail(e, rc_tensors, "%s", why.text) : dq_split_check(m, rc, e);
}

int dq_model_examine_at(const struct dq_store *store, const char *path, uint64_t begin,
    const struct dq_diagnostic_sink *diag, struct dq_model **out, struct dq_error *e)
{
    *out = NULL;
    struct dq_model *m = dq_mem_calloc(1, sizeof *m);
    if (!m)
        return dq_fail_nomem(e);
    m->begin = begin;
    m->store = store;
    m->diag = diag;
    const int rc = read_model(m, path, e);
    m->diag = NULL;
    m->store = NULL;
    if (rc == 0 || (rc == DQ_ERR_MALFORMED && diag))
        *out = m;
    else
        dq_model_free(m);
    return rc;
}

int dq_model_examine(const struct dq_store *store, const char *path,
    const struct dq_diagnostic_sink *diag, struct dq_model **out, struct dq_error *e)
{
    return dq_model_examine_at(store, path, 0, diag, out, e);
}

int dq_model_open(const char *path, struct dq_model **out, struct dq_error *e)
{
    struct dq_model *m;
    const int rc = dq_model_examine(&dq_file_store, path, NULL, &m, e);
    if (rc == 0)
        *out = m;
    return rc;
}

void dq_model_free(struct dq_model *m)
{
    if (!m)
        return;
    dq_shards_close(m);
    dq_mem_free(m->tensors);
    dq_mem_free(m->shards);
    dq_strmap_finish(&m->names);
    dq_pool_free(m->texts);
    dq_mem_free(m);
}

bool dq_model_is_file(const struct dq_model *m, const struct stat *st)
{
    for (size_t i = 0; i < m->n_shards; i++) {
        if (dq_source_is_file(m->shards[i].source, st))
            return true;
    }
    return false;
}

const struct dq_shard *dq_model_head(const struct dq_model *m)
{
    for (size_t i = 0; i < m->n_shards; i++) {
        if (m->shards[i].data_off != 0)
            return &m->shards[i];
    }
    return &m->shards[0];
}

const struct dq_tensor *dq_model_find(const struct dq_model *m, const char *name, size_t len)
{
    size_t i;
    return dq_strmap_find(&m->names, name, len, &i) ? &m->tensors[i] : NULL;
}
