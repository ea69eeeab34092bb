#include "gguf/lint_metadata.h"

#include "base/text.h"
#include "gguf/model.h"

#include <inttypes.h>
#include <string.h>

enum {
    GGML_LENGTH_MAX = 1 << 30, /* bytes of a string, elements of an array */
    QUANTIZATION_VERSION = 2,
    ARCHITECTURE_MAX = 64,
    PIECE_SIZE = 4096 /* bytes of a string at a time: it may be larger than memory */
};

struct metadata_lint {
    const struct dq_shard *s;
    const struct dq_diagnostic_sink *diag;
};

static void note_key(const struct metadata_lint *r, const struct dq_kv *kv, enum dq_rule rule,
    uint64_t offset, const char *expected, const char *found)
{
    const struct dq_diagnostic d = {.rule = rule,
        .path = r->s->path,
        .kv = kv,
        .offset = offset,
        .expected = expected,
        .found = found};
    dq_emit(r->diag, &d);
}

/* What readers interpret differently, or ggml refuses. */
enum value_fault { BOOL, UTF8, LONG_STRING, NESTED_ARRAY, LONG_ARRAY, N_VALUE_FAULTS };

static const struct {
    enum dq_rule rule;
    const char *expected;
    const char *found; /* or NULL: the number */
} value_faults[N_VALUE_FAULTS] = {
    [BOOL] = {DQ_RULE_bool_value, "0 or 1", NULL},
    [UTF8] = {DQ_RULE_string_utf8, "UTF-8", "other bytes"},
    [LONG_STRING] = {DQ_RULE_string_long, "at most 2^30 bytes", NULL},
    [NESTED_ARRAY] = {DQ_RULE_array_nested, "elements that are no arrays", "arrays"},
    [LONG_ARRAY] = {DQ_RULE_array_long, "at most 2^30 elements", NULL},
};

/* Where a value, or a value in it, has each of these for the first time. */
struct faults_found {
    bool there[N_VALUE_FAULTS];
    uint64_t offset[N_VALUE_FAULTS];
    uint64_t number[N_VALUE_FAULTS];
};

static void found(struct faults_found *o, enum value_fault fault, uint64_t offset, uint64_t number)
{
    if (o->there[fault])
        return;
    o->there[fault] = true;
    o->offset[fault] = offset;
    o->number[fault] = number;
}

static int check_bool(struct dq_cursor *c, struct faults_found *o, struct dq_error *e)
{
    uint64_t value;
    const int rc = dq_cursor_number(c, 1, "bool", &value, e);
    if (rc == 0 && value > 1)
        found(o, BOOL, c->pos - 1, value);
    return rc;
}

/* Reads a string piece by piece; a character that a piece cuts is completed by the next. */
static int check_string(struct dq_cursor *c, struct faults_found *o, struct dq_error *e)
{
    char piece[PIECE_SIZE];
    size_t have = 0;
    uint64_t left;
    const uint64_t start = c->pos;
    int rc = dq_cursor_count(c, "string length", &left, e);
    if (rc == 0 && left > GGML_LENGTH_MAX)
        found(o, LONG_STRING, start, left);
    while (rc == 0 && left > 0 && !o->there[UTF8]) {
        const size_t space = sizeof piece - have;
        const size_t len = left < space ? (size_t)left : space;
        rc = dq_cursor_bytes(c, "string", piece + have, len, e);
        if (rc != 0)
            break;
        have += len;
        left -= len;
        const size_t whole = dq_utf8_prefix(piece, have);
        have -= whole;
        if (have > 3 || (have > 0 && left == 0))
            found(o, UTF8, c->pos - have, 0);
        memmove(piece, piece + whole, have);
    }
    return rc == 0 ? dq_cursor_skip(c, "string", left, e) : rc;
}

static int check_value(struct dq_cursor *c, enum dq_value_type type, unsigned depth,
    struct faults_found *o, struct dq_error *e)
{
    const struct dq_value_info *info = &dq_value_types[type];
    struct dq_value v;
    if (info->kind == DQ_KIND_BOOL)
        return check_bool(c, o, e);
    if (info->kind == DQ_KIND_STRING)
        return check_string(c, o, e);
    if (info->kind != DQ_KIND_ARRAY || depth > DQ_NESTING_MAX) /* opening checked the depth */
        return dq_cursor_skip(c, info->name, info->len, e);
    const uint64_t start = c->pos;
    int rc = dq_value_read(c, type, 0, &v, e);
    if (rc != 0)
        return rc;
    info = &dq_value_types[v.element];
    if (info->kind == DQ_KIND_ARRAY)
        found(o, NESTED_ARRAY, start, 0);
    if (v.u > GGML_LENGTH_MAX)
        found(o, LONG_ARRAY, start, v.u);
    if (info->len > 1 || info->kind == DQ_KIND_UNSIGNED || info->kind == DQ_KIND_SIGNED)
        return dq_cursor_skip(c, info->name, v.u * info->len, e);
    for (uint64_t i = 0; rc == 0 && i < v.u; i++)
        rc = check_value(c, v.element, depth + 1, o, e);
    return rc;
}

static int check_pair(
    const struct metadata_lint *r, const struct dq_kv *kv, struct dq_cursor *c, struct dq_error *e)
{
    struct faults_found o = {0};
    c->pos = kv->value_off;
    const int rc = check_value(c, kv->type, 0, &o, e);
    for (size_t i = 0; i < N_VALUE_FAULTS; i++) {
        const char *words = value_faults[i].found;
        if (o.there[i])
            note_key(r, kv, value_faults[i].rule, o.offset[i], value_faults[i].expected,
                words ? words : DQ_WORDS("%" PRIu64, o.number[i]));
    }
    return rc;
}

/* Keys consist of a-z, 0-9, _ and dots, apart from the name of the architecture that many keys
 * begin with ("gpt-oss.block_count"). */
static void check_key(
    const struct metadata_lint *r, const struct dq_kv *kv, const char *architecture)
{
    static const char usual[] = "abcdefghijklmnopqrstuvwxyz0123456789_.";
    const size_t prefix = strlen(architecture);
    size_t i = 0;
    if (prefix > 0 && prefix < kv->key_len && memcmp(kv->key, architecture, prefix) == 0 &&
        kv->key[prefix] == '.')
        i = prefix;
    for (; i < kv->key_len; i++) {
        if (kv->key[i] != '\0' && strchr(usual, kv->key[i]))
            continue;
        const uint64_t key_off = kv->value_off - 4 - kv->key_len; /* the type is in between */
        note_key(r, kv, DQ_RULE_key_letters, key_off + i, "a-z, 0-9, _ and .",
            DQ_WORDS("0x%02x", (unsigned char)kv->key[i]));
        return;
    }
}

/* Keys whose type, and maybe value, is prescribed. */
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

static int check_known_keys(const struct metadata_lint *r, struct dq_error *e)
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
                DQ_WORDS("type %s", dq_value_types[kv->type].name));
        } else if (known->value != 0) {
            rc = dq_kv_integer(r->s, kv, known->rule, r->diag, &value, e);
            if (rc == 0 && value != known->value)
                note_key(r, kv, known->rule, kv->value_off, DQ_WORDS("%" PRId64, known->value),
                    DQ_WORDS("%" PRId64, value));
        }
    }
    return rc;
}

/* Reads the name of the architecture; "" if there is none or it is too long to be one. */
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

int dq_lint_metadata(const struct dq_model *m, const struct dq_shard *s,
    const struct dq_diagnostic_sink *diag, struct dq_error *e)
{
    const struct metadata_lint r = {s, diag};
    char architecture[ARCHITECTURE_MAX + 1];
    struct dq_cursor c;
    if (s->n_kvs == 0)
        return 0;
    int rc = read_architecture(dq_model_head(m), architecture, e);
    if (rc == 0)
        rc = check_known_keys(&r, e);
    if (rc == 0)
        rc = dq_kv_open(s, &s->kvs[0], &c, e); /* one cursor for all pairs: there may be many */
    if (rc != 0)
        return rc;
    for (size_t i = 0; rc == 0 && i < s->n_kvs; i++) {
        const struct dq_kv *kv = &s->kvs[i];
        if (kv->value_off == 0)
            continue;
        check_key(&r, kv, architecture);
        rc = check_pair(&r, kv, &c, e);
    }
    dq_cursor_finish(&c);
    return rc;
}
