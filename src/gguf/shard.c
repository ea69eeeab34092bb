#include "gguf/shard.h"

#include "base/array.h"
#include "base/mem.h"
#include "base/text.h"
#include "gguf/foreign.h"
#include "gguf/model.h"

#include <inttypes.h>
#include <string.h>

enum { DEFAULT_ALIGNMENT = 32 };

/* magic | version u32 | n_tensors | n_kv; the counts have 64 bits, or 32 in version 1.
 * A big-endian file has no flag: the lower half of its version, read as little-endian, is zero. */
static int read_version(struct dq_cursor *c, struct dq_shard *s, struct dq_error *e)
{
    const int rc = dq_cursor_u32(c, "version", &s->version, e);
    if (rc != 0)
        return rc;
    if (s->version != 0 && (s->version & 0xffff) == 0) {
        c->big_endian = true;
        s->big_endian = true;
        s->version = s->version >> 24 | (s->version >> 8 & 0xff00);
    }
    c->narrow = s->version == 1;
    if (s->big_endian ? s->version == 3 : s->version >= 1 && s->version <= 3)
        return 0;
    const struct dq_diagnostic d = {.rule = DQ_RULE_version,
        .path = s->path,
        .offset = s->begin + 4,
        .expected = "1, 2, 3 or big-endian 3",
        .found = DQ_WORDS("%s%" PRIu32, s->big_endian ? "big-endian " : "", s->version),
        .hint = dq_foreign_version_hint(s->version, s->big_endian)};
    return dq_emit_fail(c->diag, &d, e);
}

static int read_magic(struct dq_cursor *c, struct dq_shard *s, struct dq_error *e)
{
    uint8_t magic[4] = {0};
    struct dq_foreign foreign;
    const uint64_t left = dq_cursor_left(c);
    int rc =
        dq_cursor_bytes(c, "magic", magic, left < sizeof magic ? (size_t)left : sizeof magic, e);
    if (rc != 0 || memcmp(magic, "GGUF", sizeof magic) == 0)
        return rc;
    rc = dq_foreign_identify(s->source, s->begin, &foreign, e);
    if (rc != 0)
        return rc;
    s->may_be_piece = foreign.is_piece;
    const struct dq_diagnostic d = {.rule = DQ_RULE_magic,
        .path = s->path,
        .offset = s->begin,
        .expected = "47 47 55 46 (GGUF)",
        .found = foreign.found,
        .hint = foreign.hint};
    return dq_emit_fail(c->diag, &d, e);
}

static int read_header(struct dq_cursor *c, struct dq_shard *s, uint64_t *n_tensors, uint64_t *n_kv,
    struct dq_error *e)
{
    int rc = read_magic(c, s, e);
    if (rc == 0)
        rc = read_version(c, s, e);
    const uint64_t n_tensors_off = c->pos;
    if (rc == 0)
        rc = dq_cursor_count(c, "number of tensors", n_tensors, e);
    if (rc == 0)
        rc = dq_cursor_count(c, "number of metadata pairs", n_kv, e);
    if (rc != 0)
        return rc;
    const uint64_t kv_len = c->narrow ? 10 : 14; /* at least: a length, a letter, a type, a byte */
    const uint64_t tensor_len = c->narrow ? 20 : 24; /* a length, n_dims, a type, an offset */
    const uint64_t kv_max = dq_cursor_left(c) / kv_len;
    const uint64_t tensors_max = dq_cursor_left(c) / tensor_len;
    if (*n_kv <= kv_max && *n_tensors <= tensors_max)
        return 0;
    if (*n_tensors > tensors_max)
        c->item = n_tensors_off;
    c->past_end = true;
    const struct dq_diagnostic d = {.rule = DQ_RULE_counts,
        .expected =
            DQ_WORDS("at most %" PRIu64 " pairs and %" PRIu64 " tensors", kv_max, tensors_max),
        .found = DQ_WORDS("%" PRIu64 " and %" PRIu64, *n_kv, *n_tensors)};
    return dq_cursor_fail(c, &d, e);
}

/* key: string | type u32 | value */
static int read_kv(
    struct dq_cursor *c, struct dq_model *m, struct dq_strmap *keys, struct dq_error *e)
{
    struct dq_shard *s = &m->shards[m->n_shards - 1];
    struct dq_kv *grown = dq_array_grow(s->kvs, s->n_kvs, sizeof *grown);
    if (!grown)
        return dq_fail_nomem(e);
    s->kvs = grown;
    c->kv = NULL;
    struct dq_kv *kv = &s->kvs[s->n_kvs];
    *kv = (struct dq_kv){0};
    int rc = dq_cursor_string(c, "key", DQ_KEY_MAX, m->texts, &kv->key, &kv->key_len, e);
    if (rc != 0)
        return rc;
    s->n_kvs++; /* from here on the shard owns it */
    kv->display_name = dq_text_display(m->texts, kv->key, kv->key_len);
    if (!kv->display_name)
        return dq_fail_nomem(e);
    c->kv = kv;
    if (kv->key_len == 0) {
        const struct dq_diagnostic d = {.rule = DQ_RULE_key_empty,
            .expected = DQ_WORDS("a key for metadata pair %zu", s->n_kvs),
            .found = "0 bytes"};
        return dq_cursor_fail(c, &d, e);
    }
    const int added = dq_strmap_add(keys, kv->key, kv->key_len, s->n_kvs);
    if (added < 0)
        return dq_fail_nomem(e);
    if (added > 0) {
        const struct dq_diagnostic d = {
            .rule = DQ_RULE_key_duplicate, .expected = "each key once", .found = "a second one"};
        return dq_cursor_fail(c, &d, e);
    }
    rc = dq_value_read_type(c, &kv->type, e);
    if (rc != 0)
        return rc;
    const uint64_t value_off = c->pos;
    const struct dq_value_info *info = &dq_value_types[kv->type];
    rc = info->len > 0 ? dq_cursor_number(c, info->len, info->name, &kv->bits, e)
                       : dq_value_skip(c, kv->type, 0, e);
    if (rc == 0)
        kv->value_off = value_off;
    return rc;
}

static int read_kvs(struct dq_cursor *c, struct dq_model *m, uint64_t n_kv, struct dq_error *e)
{
    struct dq_strmap keys = {0};
    int rc = 0;
    for (uint64_t i = 0; rc == 0 && i < n_kv; i++)
        rc = read_kv(c, m, &keys, e);
    c->kv = NULL;
    dq_strmap_finish(&keys);
    return rc;
}

static int find_alignment(const struct dq_cursor *c, struct dq_shard *s, struct dq_error *e)
{
    const struct dq_kv *kv = dq_shard_kv(s, "general.alignment");
    int64_t alignment;
    if (!kv) {
        s->alignment = DEFAULT_ALIGNMENT;
        return 0;
    }
    struct dq_diagnostic d = {.rule = DQ_RULE_alignment_type,
        .path = s->path,
        .kv = kv,
        .offset = kv->value_off,
        .expected = "u32",
        .found = dq_value_types[kv->type].name};
    if (kv->type != DQ_VALUE_u32)
        return dq_emit_fail(c->diag, &d, e);
    const int rc = dq_kv_integer(s, kv, d.rule, c->diag, &alignment, e);
    if (rc != 0)
        return rc;
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        d.rule = DQ_RULE_alignment_power;
        d.expected = "a power of two";
        d.found = DQ_WORDS("%" PRId64, alignment);
        return dq_emit_fail(c->diag, &d, e);
    }
    s->alignment = (uint64_t)alignment;
    return 0;
}

/* Reads the dimensions. More than there is room for are skipped; regions.c refuses the tensor. */
static int read_shape(struct dq_cursor *c, struct dq_tensor *t, struct dq_error *e)
{
    for (size_t i = 0; i < DQ_DIMS_MAX; i++)
        t->dims[i] = 1;
    int rc = dq_cursor_u32(c, "number of dimensions", &t->n_dims_stored, e);
    if (rc == 0 && t->n_dims_stored > DQ_DIMS_MAX)
        return dq_cursor_skip(c, "dimensions", t->n_dims_stored * (uint64_t)(c->narrow ? 4 : 8), e);
    for (uint32_t i = 0; rc == 0 && i < t->n_dims_stored; i++)
        rc = dq_cursor_count(c, "dimension", &t->dims[i], e);
    if (rc == 0)
        t->n_dims = t->n_dims_stored;
    return rc;
}

/* name: string | n_dims u32 | dims, u64 each (u32 in version 1), innermost first | type u32 |
 * offset u64 in the data section */
static int read_tensor(struct dq_cursor *c, struct dq_model *m, struct dq_error *e)
{
    struct dq_tensor *grown = dq_array_grow(m->tensors, m->n_tensors, sizeof *grown);
    if (!grown)
        return dq_fail_nomem(e);
    m->tensors = grown;
    struct dq_tensor *t = &m->tensors[m->n_tensors];
    const uint64_t info_off = c->pos;
    c->tensor = NULL;
    *t = (struct dq_tensor){.shard = (uint32_t)(m->n_shards - 1)};
    int rc = dq_cursor_string(c, "tensor name", DQ_NAME_MAX, m->texts, &t->name, &t->name_len, e);
    if (rc != 0)
        return rc;
    m->n_tensors++; /* from here on the model owns it */
    t->display_name = dq_text_display(m->texts, t->name, t->name_len);
    if (!t->display_name)
        return dq_fail_nomem(e);
    c->tensor = t;
    rc = read_shape(c, t, e);
    if (rc == 0)
        rc = dq_cursor_u32(c, "tensor type", &t->type_id, e);
    if (rc == 0)
        rc = dq_cursor_u64(c, "tensor offset", &t->offset, e);
    if (rc != 0)
        return rc;
    t->type = dq_type_by_id(t->type_id);
    t->info_off = info_off;
    const int added = dq_strmap_add(&m->names, t->name, t->name_len, m->n_tensors - 1);
    if (added < 0)
        return dq_fail_nomem(e);
    size_t other;
    if (added == 0 || !dq_strmap_find(&m->names, t->name, t->name_len, &other) ||
        m->tensors[other].shard != t->shard)
        return 0; /* dq_split_check refuses a name that is in two files */
    const struct dq_diagnostic d = {
        .rule = DQ_RULE_tensor_duplicate, .expected = "each name once", .found = "a second one"};
    c->item = info_off;
    return dq_cursor_fail(c, &d, e);
}

/* Reserves room for the names that the file claims, but not much on its word alone: a table of more
 * names grows with them. */
static int reserve_names(struct dq_model *m, uint64_t n_more, struct dq_error *e)
{
    enum { CLAIM_MAX = 1 << 17 };
    const size_t n = m->n_tensors + (n_more < CLAIM_MAX ? (size_t)n_more : CLAIM_MAX);
    return dq_strmap_reserve(&m->names, n) == 0 ? 0 : dq_fail_nomem(e);
}

static int read_all(struct dq_cursor *c, struct dq_model *m, struct dq_error *e)
{
    struct dq_shard *s = &m->shards[m->n_shards - 1];
    uint64_t n_tensors;
    uint64_t n_kv;
    int rc = read_header(c, s, &n_tensors, &n_kv, e);
    if (rc == 0)
        rc = read_kvs(c, m, n_kv, e);
    if (rc == 0)
        rc = find_alignment(c, s, e);
    if (rc == 0)
        rc = reserve_names(m, n_tensors, e);
    const size_t first = m->n_tensors;
    for (uint64_t i = 0; rc == 0 && i < n_tensors; i++)
        rc = read_tensor(c, m, e);
    s->n_tensors = m->n_tensors - first;
    s->infos_end = c->pos;
    if (rc == 0) /* no overflow: a file size has 63 bits and an alignment 32 */
        s->data_off = s->begin + ((c->pos - s->begin + s->alignment - 1) & ~(s->alignment - 1));
    return rc;
}

int dq_shard_open(struct dq_model *m, const char *path, struct dq_error *e)
{
    struct dq_shard *grown = dq_array_grow(m->shards, m->n_shards, sizeof *grown);
    if (!grown)
        return dq_fail_nomem(e);
    m->shards = grown;
    struct dq_source *source;
    int rc = m->store->open(m->store, path, &source, e);
    if (rc != 0)
        return rc;
    struct dq_shard *s = &m->shards[m->n_shards++];
    struct dq_error why;
    *s = (struct dq_shard){.source = source, .path = source->name};
    if (strcmp(path, m->path) == 0) /* other files of a set are files of their own */
        s->begin = m->begin;
    if (s->begin > source->size)
        return dq_fail(e, DQ_ERR_USAGE,
            "%s: has %" PRIu64 " bytes; no model can begin at offset %" PRIu64, path, source->size,
            s->begin);
    struct dq_cursor c;
    rc = dq_cursor_init(&c, source, s->begin, e);
    if (rc != 0)
        return rc;
    c.diag = m->diag;
    rc = read_all(&c, m, &why);
    s->may_be_piece = s->may_be_piece || c.past_end;
    dq_cursor_finish(&c);
    if (rc != 0)
        dq_fail(e, rc, "%s", why.text);
    if (rc == DQ_ERR_MALFORMED) {
        s->problem = dq_pool_strdup(m->texts, why.text);
        if (!s->problem)
            return dq_fail_nomem(e);
    }
    return rc;
}

void dq_shards_close(struct dq_model *m)
{
    for (size_t i = 0; i < m->n_shards; i++) {
        dq_mem_free(m->shards[i].kvs);
        dq_source_close(m->shards[i].source);
    }
    m->n_shards = 0;
}
