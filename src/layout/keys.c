#include "layout/keys.h"

#include "base/checked.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_WORD = 128, MAX_DEPTH = 8 };

/* Reads elements of an array up to the one of the layer. */
static int read_element(const struct dq_layout_keys *k, const char *key, struct dq_cursor *c,
    struct dq_value *v, struct dq_error *e)
{
    const uint64_t n = v->u;
    const enum dq_value_type type = v->element;
    int rc = 0;
    if (k->layer >= n || dq_value_types[type].len == 0)
        return dq_fail(e, DQ_ERR_MALFORMED,
            "the metadata has no number for layer %" PRIu64 " at %s", k->layer, key);
    for (uint64_t i = 0; rc == 0 && i <= k->layer; i++)
        rc = dq_value_read(c, type, 0, v, e);
    return rc;
}

int dq_layout_metadata(
    const struct dq_layout_keys *k, const char *key, struct dq_value *out, struct dq_error *e)
{
    const struct dq_shard *shard = &k->model->shards[0];
    const struct dq_kv *kv = dq_shard_kv(shard, key);
    struct dq_cursor c;
    if (!kv || kv->value_off == 0)
        return dq_fail(e, DQ_ERR_TYPE, "the metadata has no %s", key);
    int rc = dq_kv_open(shard, kv, &c, e);
    if (rc != 0)
        return rc;
    rc = dq_value_read(&c, kv->type, 0, out, e);
    if (rc == 0 && out->type == DQ_VALUE_array)
        rc = read_element(k, key, &c, out, e);
    dq_value_finish(out); /* text, if any, is not needed */
    dq_cursor_finish(&c);
    if (rc == 0 && dq_value_types[out->type].len == 0)
        return dq_fail(e, DQ_ERR_MALFORMED, "%s of the metadata is not a number", key);
    return rc;
}

static int metadata_integer(
    const struct dq_layout_keys *k, const char *key, uint64_t *out, struct dq_error *e)
{
    struct dq_value v;
    const int rc = dq_layout_metadata(k, key, &v, e);
    if (rc != 0)
        return rc;
    const enum dq_value_kind kind = dq_value_types[v.type].kind;
    if (kind == DQ_KIND_FLOAT || (kind == DQ_KIND_SIGNED && v.i < 0))
        return dq_fail(e, DQ_ERR_MALFORMED, "%s of the metadata is not a natural number", key);
    *out = kind == DQ_KIND_SIGNED ? (uint64_t)v.i : v.u;
    return 0;
}

static int compute(const struct dq_layout_keys *k, const char *expression, size_t len,
    unsigned depth, uint64_t *out, struct dq_error *e);

static int word_value(const struct dq_layout_keys *k, const char *word, unsigned depth,
    uint64_t *out, struct dq_error *e)
{
    static const char config[] = "config.";
    char key[MAX_WORD * 2];
    if (*word >= '0' && *word <= '9') {
        for (*out = 0; *word; word++)
            *out = *out * 10 + (uint64_t)(*word - '0');
        return 0;
    }
    if (strcmp(word, "rows") == 0) {
        *out = k->rows;
        return 0;
    }
    if (strncmp(word, "A.", 2) == 0) {
        snprintf(key, sizeof key, "%.*s%s", MAX_WORD, k->architecture, word + 1);
        return metadata_integer(k, key, out, e);
    }
    if (strncmp(word, config, strlen(config)) == 0) {
        if (k->config && dq_hf_config_number(k->config, word + strlen(config), out))
            return 0;
        return dq_fail(e, DQ_ERR_TYPE, "%s %s", k->config ? "config.json has no" : k->needs_config,
            word + strlen(config));
    }
    const char *expression = json_string_value(json_object_get(k->table, word));
    if (!expression || depth >= MAX_DEPTH)
        return dq_fail(e, DQ_ERR_TYPE, "the layout table has no key %s", word);
    return compute(k, expression, strlen(expression), depth + 1, out, e);
}

/* Applies an operator to *value; false if the result is not a natural number below 2^64. */
static bool apply(char operator, uint64_t operand, uint64_t *value)
{
    switch (operator) {
    case '+':
        return dq_add_u64(*value, operand, value);
    case '*':
        return dq_mul_u64(*value, operand, value);
    default:
        if (operand == 0 || *value % operand != 0)
            return false;
        *value /= operand;
        return true;
    }
}

/* Computes one alternative: words with operators between them. */
static int compute_terms(const struct dq_layout_keys *k, const char *text, size_t len,
    unsigned depth, uint64_t *out, struct dq_error *e)
{
    uint64_t value = 0;
    char operator= '+';
    for (size_t i = 0; i < len;) {
        const size_t n = strcspn(text + i, " ") < len - i ? strcspn(text + i, " ") : len - i;
        char word[MAX_WORD];
        uint64_t operand;
        snprintf(word, sizeof word, "%.*s", (int)n, text + i);
        const int rc = word_value(k, word, depth, &operand, e);
        if (rc != 0)
            return rc;
        if (!apply(operator, operand, &value))
            return dq_fail(e, DQ_ERR_TYPE,
                "%.*s does not come out even (%" PRIu64 " %c %" PRIu64 ")", (int)len, text,
                value, operator, operand);
        if (i + n + 1 < len)
            operator= text[i + n + 1];
        i += n + 3;
    }
    *out = value;
    return 0;
}

static int compute(const struct dq_layout_keys *k, const char *expression, size_t len,
    unsigned depth, uint64_t *out, struct dq_error *e)
{
    static const char or [] = " or ";
    for (;;) {
        const char *end = strstr(expression, or);
        const bool is_last = !end || (size_t)(end - expression) >= len;
        const size_t n = is_last ? len : (size_t)(end - expression);
        const int rc = compute_terms(k, expression, n, depth, out, e);
        if (rc != DQ_ERR_TYPE || is_last)
            return rc;
        expression += n + strlen(or);
        len -= n + strlen(or);
    }
}

int dq_layout_number(const struct dq_layout_keys *k, const char *expression, size_t len,
    uint64_t *out, struct dq_error *e)
{
    return compute(k, expression, len, 0, out, e);
}
