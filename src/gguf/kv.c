#include "gguf/kv.h"

#include "gguf/shard.h"

#include <inttypes.h>
#include <string.h>

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
    enum { FIRST = 4096 }; /* most values are short */
    const int rc = dq_cursor_init(c, s->source, kv->value_off, e);
    c->window = FIRST;
    c->big_endian = s->big_endian;
    c->narrow = s->version == 1;
    return rc;
}

int dq_kv_integer(const struct dq_shard *s, const struct dq_kv *kv, enum dq_rule rule,
    const struct dq_diagnostic_sink *diag, int64_t *out, struct dq_error *e)
{
    struct dq_diagnostic d = {.rule = rule,
        .path = s->path,
        .kv = kv,
        .offset = kv->value_off,
        .expected = "an integer below 2^63"};
    const struct dq_value v = dq_value_scalar(kv->type, kv->bits);
    const enum dq_value_kind kind = dq_value_types[kv->type].kind;
    if (kind != DQ_KIND_SIGNED && kind != DQ_KIND_UNSIGNED) {
        d.found = DQ_WORDS("a value of type %s", dq_value_types[kv->type].name);
        return dq_emit_fail(diag, &d, e);
    }
    if (kind == DQ_KIND_UNSIGNED && v.u > INT64_MAX) {
        d.found = DQ_WORDS("%" PRIu64, v.u);
        return dq_emit_fail(diag, &d, e);
    }
    *out = kind == DQ_KIND_SIGNED ? v.i : (int64_t)v.u;
    return 0;
}
