#include "gguf/gguf.h"

#include "base/mem.h"
#include "base/text.h"
#include "gguf/parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void dq_model_drop_shards(struct dq_model *m)
{
    dq_strmap_finish(&m->names); /* before the names that it points to */
    for (size_t i = 0; i < m->n_tensors; i++) {
        struct dq_tensor *t = &m->tensors[i];
        if (t->display_name != t->name)
            dq_mem_free(t->display_name);
        dq_mem_free(t->name);
        dq_mem_free(t->problem);
    }
    m->n_tensors = 0;
    for (size_t i = 0; i < m->n_shards; i++) {
        struct dq_shard *s = &m->shards[i];
        for (size_t k = 0; k < s->n_kvs; k++) {
            if (s->kvs[k].display_name != s->kvs[k].key)
                dq_mem_free(s->kvs[k].display_name);
            dq_mem_free(s->kvs[k].key);
        }
        dq_mem_free(s->kvs);
        dq_source_close(s->source);
    }
    m->n_shards = 0;
}

static int read_model(struct dq_model *m, const char *path, struct dq_error *e)
{
    m->path = dq_mem_strdup(path);
    if (!m->path)
        return dq_fail_nomem(e);
    int rc = dq_shard_open(m, path, e);
    if (rc == 0)
        rc = dq_split_open(m, e);
    if (rc != 0 && (rc != DQ_ERR_MALFORMED || !m->diag))
        return rc;
    struct dq_error why;
    const int rc_regions = dq_regions_check(m, &why);
    return rc_regions != 0 ? dq_fail(e, rc_regions, "%s", why.text) : rc;
}

int dq_model_examine(const struct dq_store *store, const char *path,
    const struct dq_diagnostic_sink *diag, struct dq_model **out, struct dq_error *e)
{
    *out = NULL;
    struct dq_model *m = dq_mem_calloc(1, sizeof *m);
    if (!m)
        return dq_fail_nomem(e);
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
    dq_model_drop_shards(m);
    dq_mem_free(m->tensors);
    dq_mem_free(m->shards);
    dq_mem_free(m->path);
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

const struct dq_tensor *dq_model_find(const struct dq_model *m, const char *name, size_t len)
{
    size_t i;
    return dq_strmap_find(&m->names, name, len, &i) ? &m->tensors[i] : NULL;
}

const struct dq_kv *dq_shard_kv(const struct dq_shard *s, const char *key)
{
    for (size_t i = 0; i < s->n_kvs; i++) {
        if (s->kvs[i].key_len == strlen(key) && strcmp(s->kvs[i].key, key) == 0)
            return &s->kvs[i];
    }
    return NULL;
}

int dq_kv_open(
    const struct dq_shard *s, const struct dq_kv *kv, struct dq_cursor *c, struct dq_error *e)
{
    const int rc = dq_cursor_init(c, s->source, kv->value_off, e);
    c->big_endian = s->big_endian;
    c->narrow = s->version == 1;
    return rc;
}

int dq_kv_integer(
    const struct dq_shard *s, const struct dq_kv *kv, int64_t *out, struct dq_error *e)
{
    struct dq_cursor c;
    struct dq_value v;
    const enum dq_value_kind kind = dq_value_types[kv->type].kind;
    if (kind != DQ_KIND_SIGNED && kind != DQ_KIND_UNSIGNED)
        return dq_fail(e, DQ_ERR_MALFORMED,
            "%s: %s is of type %s, not a whole number (offset %" PRIu64 ")", s->path,
            kv->display_name, dq_value_types[kv->type].name, kv->value_off);
    int rc = dq_kv_open(s, kv, &c, e);
    if (rc != 0)
        return rc;
    rc = dq_value_read(&c, kv->type, 0, &v, e);
    dq_cursor_finish(&c);
    if (rc != 0)
        return rc;
    if (kind == DQ_KIND_UNSIGNED && v.u > INT64_MAX)
        return dq_fail(e, DQ_ERR_MALFORMED, "%s: %s is %" PRIu64 ", too large (offset %" PRIu64 ")",
            s->path, kv->display_name, v.u, kv->value_off);
    *out = kind == DQ_KIND_SIGNED ? v.i : (int64_t)v.u;
    return 0;
}

int dq_tensor_fail(const struct dq_model *m, const struct dq_tensor *t, struct dq_error *e,
    int code, const char *format, ...)
{
    char text[640];
    char name[257];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return dq_fail(e, code, "%s: tensor '%s': %s", m->shards[t->shard].path,
        dq_text_cut(t->display_name, name, sizeof name), text);
}

const char *dq_tensor_shape(const struct dq_tensor *t, char out[DQ_SHAPE_WORDS])
{
    char *end = out;
    if (t->n_dims == 0)
        return strcpy(out, "scalar");
    for (uint32_t i = t->n_dims; i-- > 0;) {
        end = dq_put_number(end, t->dims[i]);
        *end++ = i ? 'x' : '\0';
    }
    return out;
}

int dq_tensor_usable(
    const struct dq_model *m, const struct dq_tensor *t, bool decode, struct dq_error *e)
{
    if (t->problem)
        return dq_tensor_fail(m, t, e, DQ_ERR_MALFORMED, "%s", t->problem);
    if (!decode)
        return 0;
    if (!t->type)
        return dq_tensor_fail(m, t, e, DQ_ERR_TYPE,
            "type %" PRIu32 " is not known and cannot be decoded; extract --dtype native copies it",
            t->type_id);
    if (m->shards[t->shard].big_endian && !dq_endian_defined(t->type->type))
        return dq_tensor_fail(m, t, e, DQ_ERR_TYPE, "big-endian %s is not defined", t->type->name);
    return 0;
}

int dq_tensor_read(const struct dq_model *m, const struct dq_tensor *t, uint64_t off, void *buf,
    size_t len, struct dq_error *e)
{
    const struct dq_shard *s = &m->shards[t->shard];
    const int rc = dq_source_pread(s->source, buf, len, t->offset + off, e);
    if (rc == 0 && s->big_endian && t->type)
        dq_endian_swap(t->type->type, buf, len / t->type->bytes);
    return rc;
}
