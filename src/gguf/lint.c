#include "gguf/lint.h"

#include "base/mem.h"
#include "base/text.h"
#include "gguf/endian.h"
#include "gguf/lint_layout.h"
#include "gguf/model.h"

#include <inttypes.h>
#include <string.h>

enum {
    GGML_NAME_MAX = 63,
    FILE_NAME_MAX = 255,
    QUANTIZATION_VERSION = 2,
    ARCHITECTURE_MAX = 64,
    PIECE = 4096 /* of a string, which may be longer than the memory */
};

/* What the notes on one file share. */
struct lint {
    const struct dq_model *m;
    const struct dq_shard *s;
    const struct dq_diagnostic_sink *diag;
};

static void note_file(const struct lint *r, enum dq_rule rule, uint64_t offset,
    const char *expected, const char *found)
{
    const struct dq_diagnostic f = {
        .rule = rule, .path = r->s->path, .offset = offset, .expected = expected, .found = found};
    dq_emit(r->diag, &f);
}

static void note_key(const struct lint *r, const struct dq_kv *kv, enum dq_rule rule,
    uint64_t offset, const char *expected, const char *found)
{
    const struct dq_diagnostic f = {.rule = rule,
        .path = r->s->path,
        .kv = kv,
        .offset = offset,
        .expected = expected,
        .found = found};
    dq_emit(r->diag, &f);
}

static void note_tensor(const struct lint *r, const struct dq_tensor *t, enum dq_rule rule,
    const char *expected, const char *found)
{
    const struct dq_diagnostic f = {.rule = rule,
        .path = r->s->path,
        .tensor = t,
        .offset = t->info_off,
        .expected = expected,
        .found = found};
    dq_emit(r->diag, &f);
}

/* The first odd bool and the first odd string of a value. */
struct oddities {
    bool has_bool;
    bool has_text;
    uint64_t bool_off;
    uint64_t text_off;
    uint64_t bool_value;
};

static int look_at_bool(struct dq_cursor *c, struct oddities *o, struct dq_error *e)
{
    uint64_t value;
    const int rc = dq_cursor_number(c, 1, "bool", &value, e);
    if (rc == 0 && value > 1 && !o->has_bool) {
        o->has_bool = true;
        o->bool_value = value;
        o->bool_off = c->pos - 1;
    }
    return rc;
}

/* Reads a string piece by piece; the first bytes of a letter may wait for the next piece. */
static int look_at_string(struct dq_cursor *c, struct oddities *o, struct dq_error *e)
{
    char piece[PIECE];
    size_t have = 0;
    uint64_t left;
    int rc = dq_cursor_count(c, "string length", &left, e);
    while (rc == 0 && left > 0 && !o->has_text) {
        const size_t room = sizeof piece - have;
        const size_t len = left < room ? (size_t)left : room;
        size_t whole = 0;
        size_t letter;
        rc = dq_cursor_bytes(c, "string", piece + have, len, e);
        if (rc != 0)
            break;
        have += len;
        left -= len;
        while ((letter = dq_utf8_len(piece + whole, have - whole)) > 0)
            whole += letter;
        have -= whole;
        if (have > 3 || (have > 0 && left == 0)) {
            o->has_text = true;
            o->text_off = c->pos - have;
        }
        memmove(piece, piece + whole, have);
    }
    return rc == 0 ? dq_cursor_skip(c, "string", left, e) : rc;
}

static int look_at_value(struct dq_cursor *c, enum dq_value_type type, unsigned depth,
    struct oddities *o, struct dq_error *e)
{
    const struct dq_value_info *info = &dq_value_types[type];
    struct dq_value v;
    if (info->kind == DQ_KIND_BOOL)
        return look_at_bool(c, o, e);
    if (info->kind == DQ_KIND_STRING)
        return look_at_string(c, o, e);
    if (info->kind != DQ_KIND_ARRAY || depth > DQ_NESTING_MAX) /* the reader saw to the depth */
        return dq_cursor_skip(c, info->name, info->len, e);
    int rc = dq_value_read(c, type, 0, &v, e);
    if (rc != 0)
        return rc;
    info = &dq_value_types[v.element];
    if (info->len > 1 || info->kind == DQ_KIND_UNSIGNED || info->kind == DQ_KIND_SIGNED)
        return dq_cursor_skip(c, info->name, v.u * info->len, e);
    for (uint64_t i = 0; rc == 0 && i < v.u; i++)
        rc = look_at_value(c, v.element, depth + 1, o, e);
    return rc;
}

/* Notes on the values of a pair that readers understand differently. */
static int look_at_pair(
    const struct lint *r, const struct dq_kv *kv, struct dq_cursor *c, struct dq_error *e)
{
    struct oddities o = {0};
    c->pos = kv->value_off;
    const int rc = look_at_value(c, kv->type, 0, &o, e);
    if (o.has_bool)
        note_key(
            r, kv, DQ_RULE_bool_value, o.bool_off, "0 or 1", DQ_WORDS("%" PRIu64, o.bool_value));
    if (o.has_text)
        note_key(r, kv, DQ_RULE_string_utf8, o.text_off, "UTF-8", "other bytes");
    return rc;
}

/* The letters of keys are a-z, 0-9, _ and the dot. The name of an architecture, which many keys
 * begin with, may have others ("gpt-oss.block_count"). */
static void look_at_key(const struct lint *r, const struct dq_kv *kv, const char *architecture)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_.";
    const size_t prefix = strlen(architecture);
    size_t i = 0;
    if (prefix > 0 && prefix < kv->key_len && memcmp(kv->key, architecture, prefix) == 0 &&
        kv->key[prefix] == '.')
        i = prefix;
    for (; i < kv->key_len; i++) {
        if (kv->key[i] != '\0' && strchr(letters, kv->key[i]))
            continue;
        const uint64_t key_off = kv->value_off - 4 - kv->key_len; /* its type lies between */
        note_key(r, kv, DQ_RULE_key_letters, key_off + i, "a-z, 0-9, _ and .",
            DQ_WORDS("0x%02x", (unsigned char)kv->key[i]));
        return;
    }
}

/* Keys whose values are laid down. */
static const struct known_key {
    const char *key;
    enum dq_rule rule;
    enum dq_value_type type;
    int64_t value; /* 0: any */
} known_keys[] = {
    {"general.architecture", DQ_RULE_architecture, DQ_VALUE_string, 0},
    {"general.quantization_version", DQ_RULE_quantization_version, DQ_VALUE_u32,
        QUANTIZATION_VERSION},
    {"general.file_type", DQ_RULE_file_type, DQ_VALUE_u32, 0},
};

static int look_at_known_keys(const struct lint *r, struct dq_error *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof known_keys / sizeof known_keys[0]; i++) {
        const struct known_key *known = &known_keys[i];
        const struct dq_kv *kv = dq_shard_kv(r->s, known->key);
        int64_t value;
        if (!kv || kv->value_off == 0)
            continue;
        if (kv->type != known->type) {
            note_key(r, kv, known->rule, kv->value_off,
                DQ_WORDS("a value of type %s", dq_value_types[known->type].name),
                DQ_WORDS("one of type %s", dq_value_types[kv->type].name));
        } else if (known->value != 0) {
            rc = dq_kv_integer(r->s, kv, &value, e);
            if (rc == 0 && value != known->value)
                note_key(r, kv, known->rule, kv->value_off, DQ_WORDS("%" PRId64, known->value),
                    DQ_WORDS("%" PRId64, value));
        }
    }
    return rc;
}

/* The name of the architecture; "" if there is none, or it is too long to be one. */
static int read_architecture(
    const struct dq_shard *s, char out[ARCHITECTURE_MAX + 1], struct dq_error *e)
{
    const struct dq_kv *kv = dq_shard_kv(s, "general.architecture");
    struct dq_cursor c;
    struct dq_value v;
    out[0] = '\0';
    if (!kv || kv->value_off == 0 || kv->type != DQ_VALUE_string)
        return 0;
    int rc = dq_kv_open(s, kv, &c, e);
    if (rc != 0)
        return rc;
    rc = dq_value_read(&c, kv->type, ARCHITECTURE_MAX + 1, &v, e);
    dq_cursor_finish(&c);
    if (rc != 0)
        return rc;
    if (v.text_len <= ARCHITECTURE_MAX)
        memcpy(out, v.text, v.text_len + 1);
    dq_value_finish(&v);
    return 0;
}

static int look_at_metadata(const struct lint *r, const char *architecture, struct dq_error *e)
{
    struct dq_cursor c;
    if (r->s->n_kvs == 0)
        return 0;
    int rc = look_at_known_keys(r, e);
    if (rc == 0)
        rc = dq_kv_open(r->s, &r->s->kvs[0], &c, e); /* one for all: there may be many */
    if (rc != 0)
        return rc;
    for (size_t i = 0; rc == 0 && i < r->s->n_kvs; i++) {
        const struct dq_kv *kv = &r->s->kvs[i];
        if (kv->value_off == 0)
            continue;
        look_at_key(r, kv, architecture);
        rc = look_at_pair(r, kv, &c, e);
    }
    dq_cursor_finish(&c);
    return rc;
}

static void look_at_header(const struct lint *r)
{
    const struct dq_shard *s = r->s;
    const struct dq_kv *alignment = dq_shard_kv(s, "general.alignment");
    if (s->version == 1)
        note_file(r, DQ_RULE_version_1, 4, "3", "1");
    if (s->big_endian)
        note_file(r, DQ_RULE_big_endian, 4, "little-endian", "big-endian");
    if (s->data_off == 0) /* broken before the end of the infos: not all keys may be there */
        return;
    if (s == &r->m->shards[0] && !dq_shard_kv(s, "general.architecture"))
        note_file(r, DQ_RULE_architecture, DQ_NO_OFFSET, "general.architecture", "no such key");
    if (alignment && s->alignment % 8 != 0)
        note_key(r, alignment, DQ_RULE_alignment_multiple, alignment->value_off, "a multiple of 8",
            DQ_WORDS("%" PRIu64, s->alignment));
}

/* How long its file would be named. */
static size_t file_name_len(const struct dq_tensor *t)
{
    size_t len = t->name_len > 0 ? strlen(".npy") : strlen("%.npy");
    for (size_t i = 0; i < t->name_len; i++)
        len += dq_text_is_portable((unsigned char)t->name[i], i == 0) ? 1 : strlen("%XX");
    return len;
}

static void look_at_name(const struct lint *r, const struct dq_tensor *t)
{
    const size_t file_len = file_name_len(t);
    if (t->name_len == 0)
        note_tensor(r, t, DQ_RULE_name_empty, "a name", "0 bytes");
    if (t->name_len > GGML_NAME_MAX)
        note_tensor(r, t, DQ_RULE_name_long, DQ_WORDS("at most %d bytes", GGML_NAME_MAX),
            DQ_WORDS("%zu", t->name_len));
    if (memchr(t->name, '\0', t->name_len))
        note_tensor(r, t, DQ_RULE_name_nul, "no NUL", "a NUL");
    if (!dq_utf8_valid(t->name, t->name_len))
        note_tensor(r, t, DQ_RULE_name_utf8, "UTF-8", "other bytes");
    if (file_len > FILE_NAME_MAX)
        note_tensor(r, t, DQ_RULE_name_file, DQ_WORDS("at most %d bytes", FILE_NAME_MAX),
            DQ_WORDS("%zu", file_len));
}

static void look_at_type(const struct lint *r, const struct dq_tensor *t)
{
    static const uint32_t removed[] = {4, 5, 31, 32, 33, 36, 37, 38};
    enum dq_rule rule = DQ_RULE_type_unknown;
    if (t->type) {
        if (r->s->big_endian && !dq_endian_defined(t->type->type))
            note_tensor(r, t, DQ_RULE_type_endian, "a type that is defined", t->type->name);
        return;
    }
    for (size_t i = 0; i < sizeof removed / sizeof removed[0]; i++) {
        if (t->type_id == removed[i])
            rule = DQ_RULE_type_removed;
    }
    note_tensor(r, t, rule, "a type of `gguf-dq types`", DQ_WORDS("type %" PRIu32, t->type_id));
}

static void look_at_tensor(const struct lint *r, const struct dq_tensor *t)
{
    char shape[DQ_SHAPE_WORDS];
    look_at_name(r, t);
    look_at_type(r, t);
    for (uint32_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] == 0) {
            note_tensor(r, t, DQ_RULE_tensor_empty, "no dimension of 0",
                DQ_WORDS("a shape of %s", dq_tensor_shape(t, shape)));
            break;
        }
    }
}

/* Some disks cannot tell files apart whose names differ in capitals only. */
static int look_at_cases(
    const struct dq_model *m, const struct dq_diagnostic_sink *diag, struct dq_error *e)
{
    struct dq_strmap folded = {0};
    size_t len = 1;
    int rc = 0;
    for (size_t i = 0; i < m->n_tensors; i++)
        len += m->tensors[i].name_len;
    char *folds = dq_mem_alloc(len);
    if (!folds)
        return dq_fail_nomem(e);
    char *fold = folds;
    for (size_t i = 0; rc == 0 && i < m->n_tensors; i++) {
        const struct dq_tensor *t = &m->tensors[i];
        const struct lint r = {m, &m->shards[t->shard], diag};
        char name[128];
        size_t other;
        for (size_t k = 0; k < t->name_len; k++)
            fold[k] =
                (char)(t->name[k] >= 'A' && t->name[k] <= 'Z' ? t->name[k] | 0x20 : t->name[k]);
        const int added = dq_strmap_add(&folded, fold, t->name_len, i);
        if (added < 0)
            rc = dq_fail_nomem(e);
        if (added > 0 && dq_strmap_find(&folded, fold, t->name_len, &other) && t->info_off != 0 &&
            memcmp(m->tensors[other].name, t->name, t->name_len) !=
                0) /* twice: the reader told of it */
            note_tensor(&r, t, DQ_RULE_name_case, "a name that differs in more",
                DQ_WORDS(
                    "tensor '%s'", dq_text_cut(m->tensors[other].display_name, name, sizeof name)));
        fold += t->name_len;
    }
    dq_strmap_finish(&folded);
    dq_mem_free(folds);
    return rc;
}

int dq_model_lint(
    const struct dq_model *m, const struct dq_diagnostic_sink *diag, struct dq_error *e)
{
    char architecture[ARCHITECTURE_MAX + 1] = "";
    size_t first = 0; /* tensor of the file */
    int rc = m->n_shards > 0 ? read_architecture(&m->shards[0], architecture, e) : 0;
    for (size_t i = 0; rc == 0 && i < m->n_shards; i++) {
        const struct lint r = {m, &m->shards[i], diag};
        struct dq_tensor *tensors = m->n_tensors > 0 ? m->tensors + first : NULL;
        size_t n = 0;
        look_at_header(&r);
        rc = look_at_metadata(&r, architecture, e);
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): they are there if one is */
        for (; first + n < m->n_tensors && tensors[n].shard == i; n++) {
            if (tensors[n].info_off != 0)
                look_at_tensor(&r, &tensors[n]);
        }
        if (rc == 0 && r.s->data_off != 0)
            rc = dq_lint_layout(r.s, tensors, n, diag, e);
        first += n;
    }
    return rc == 0 ? look_at_cases(m, diag, e) : rc;
}
