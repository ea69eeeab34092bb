#include "cli/metadata.h"

#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHOWN_ELEMENTS = 6,       /* of an array */
    SHOWN_BYTES = 120,        /* of a string */
    SHOWN_ELEMENT_BYTES = 24, /* of a string in an array */
    JSON_BYTES = 16 << 20,    /* of a string in JSON, which needs it in memory */
    ESCAPED_BYTES = 4 << 20   /* of one that is not UTF-8: escaping makes it four times as long */
};

/* Prints the fewest digits that read back as the same number. */
static void print_float(double f, enum dq_value_type type, FILE *to)
{
    char text[40];
    const int most = type == DQ_VALUE_f32 ? 9 : 17;
    for (int digits = 6; digits <= most; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, f);
        const double again = strtod(text, NULL);
        if (type == DQ_VALUE_f32 ? (float)again == (float)f : again == f)
            break;
    }
    fputs(text, to);
}

static void print_string(const struct dq_value *v, FILE *to)
{
    char escaped[4 * SHOWN_BYTES + 1];
    size_t len = v->text_len;
    /* The cut may be in the middle of a character. */
    while (len > 0 && len < v->u && v->text_len - len < 4 && !dq_utf8_valid(v->text, len))
        len--;
    dq_escape(v->text, len, DQ_ESCAPE_NAME, escaped, sizeof escaped);
    fprintf(to, "\"%s\"", escaped);
    if (v->text_len < v->u)
        fprintf(to, "... (%" PRIu64 " bytes)", v->u);
}

/* Reads a value that was checked when the file was opened. The file may have changed since, so the
 * depth of arrays is checked again. */
static int read_again(struct dq_cursor *c, enum dq_value_type type, unsigned depth, size_t text_max,
    struct dq_value *out, struct dq_error *e)
{
    const int rc = type == DQ_VALUE_array ? dq_value_check_depth(c, depth, e) : 0;
    return rc == 0 ? dq_value_read(c, type, text_max, out, e) : rc;
}

static int print_value(struct dq_cursor *c, enum dq_value_type type, unsigned depth,
    size_t text_max, FILE *to, struct dq_error *e);

/* Prints the first elements. Leaves the cursor anywhere after the head of the array. */
static int print_array(
    struct dq_cursor *c, const struct dq_value *v, unsigned depth, FILE *to, struct dq_error *e)
{
    int rc = 0;
    putc('[', to);
    for (uint64_t i = 0; rc == 0 && i < v->u && i < SHOWN_ELEMENTS; i++) {
        const uint64_t start = c->pos;
        fputs(i ? ", " : "", to);
        rc = print_value(c, v->element, depth + 1, SHOWN_ELEMENT_BYTES, to, e);
        if (rc == 0 && v->element == DQ_VALUE_array) { /* not all of it may have been read */
            c->pos = start;
            rc = dq_value_skip(c, v->element, depth + 1, e);
        }
    }
    if (rc == 0)
        fprintf(to, v->u > SHOWN_ELEMENTS ? ", ...] (%" PRIu64 " elements)" : "]", v->u);
    return rc;
}

static int print_value(struct dq_cursor *c, enum dq_value_type type, unsigned depth,
    size_t text_max, FILE *to, struct dq_error *e)
{
    struct dq_value v;
    int rc = read_again(c, type, depth, text_max, &v, e);
    if (rc != 0)
        return rc;
    switch (dq_value_types[type].kind) {
    case DQ_KIND_UNSIGNED:
        fprintf(to, "%" PRIu64, v.u);
        break;
    case DQ_KIND_SIGNED:
        fprintf(to, "%" PRId64, v.i);
        break;
    case DQ_KIND_FLOAT:
        print_float(v.f, type, to);
        break;
    case DQ_KIND_BOOL:
        fputs(v.u ? "true" : "false", to);
        break;
    case DQ_KIND_STRING:
        print_string(&v, to);
        break;
    case DQ_KIND_ARRAY:
        rc = print_array(c, &v, depth, to, e);
        break;
    }
    dq_value_finish(&v);
    return rc;
}

/* Writes the type of a pair: "u32", "array of string". */
static int type_name(
    const struct dq_shard *s, const struct dq_kv *kv, char out[40], struct dq_error *e)
{
    struct dq_cursor c;
    struct dq_value v;
    snprintf(out, 40, "%s", dq_value_types[kv->type].name);
    if (kv->type != DQ_VALUE_array)
        return 0;
    int rc = dq_kv_open(s, kv, &c, e);
    if (rc != 0)
        return rc;
    rc = dq_value_read(&c, kv->type, 0, &v, e);
    if (rc == 0)
        snprintf(out, 40, "array of %s", dq_value_types[v.element].name);
    dq_cursor_finish(&c);
    return rc;
}

int dq_metadata_print(const struct dq_model *m, FILE *to, struct dq_error *e)
{
    const struct dq_shard *s = &m->shards[0];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->n_kvs; i++) {
        const struct dq_kv *kv = &s->kvs[i];
        struct dq_cursor c;
        char type[40];
        rc = dq_kv_open(s, kv, &c, e);
        if (rc != 0)
            return rc;
        rc = type_name(s, kv, type, e);
        if (rc == 0) {
            fprintf(to, "%s (%s) = ", kv->display_name, type);
            rc = print_value(&c, kv->type, 0, SHOWN_BYTES, to, e);
            putc('\n', to);
        }
        dq_cursor_finish(&c);
    }
    return rc;
}

/* JSON has neither infinities nor NaN: they become strings. */
static json_t *float_json(double f)
{
    if (isnan(f))
        return json_string("nan");
    if (isinf(f))
        return json_string(f < 0 ? "-inf" : "inf");
    return json_real(f);
}

static int put_value(struct dq_cursor *c, enum dq_value_type type, unsigned depth, const char *key,
    struct dq_json *j, struct dq_error *e)
{
    struct dq_value v;
    int rc = read_again(c, type, depth, JSON_BYTES, &v, e);
    if (rc != 0)
        return rc;
    switch (dq_value_types[type].kind) {
    case DQ_KIND_UNSIGNED:
        dq_json_put(j, key, dq_json_u64(v.u));
        break;
    case DQ_KIND_SIGNED:
        dq_json_put(j, key, json_integer(v.i));
        break;
    case DQ_KIND_FLOAT:
        dq_json_put_digits(j, key, float_json(v.f), type == DQ_VALUE_f32 ? 9 : 17);
        break;
    case DQ_KIND_BOOL:
        dq_json_put(j, key, json_boolean(v.u));
        break;
    case DQ_KIND_STRING:
        if (v.text_len < v.u || (v.u > ESCAPED_BYTES && !dq_utf8_valid(v.text, v.text_len)))
            rc = dq_fail(e, DQ_ERR_MEMORY, "%s: a string of %" PRIu64 " bytes is too long for JSON",
                c->source->name, v.u);
        else
            dq_json_put(j, key, dq_json_text(v.text, v.text_len));
        break;
    case DQ_KIND_ARRAY:
        dq_json_begin_row(j, key);
        for (uint64_t i = 0; rc == 0 && i < v.u; i++)
            rc = put_value(c, v.element, depth + 1, NULL, j, e);
        dq_json_end(j);
        break;
    }
    dq_value_finish(&v);
    return rc;
}

/* Returns the key itself if it can be a JSON key and no other key is displayed like it, or else its
 * display name: so JSON keys are unique. */
static const char *json_key(const struct dq_kv *kv, const struct dq_strmap *display_names)
{
    size_t other;
    const bool verbatim = strlen(kv->key) == kv->key_len && dq_utf8_valid(kv->key, kv->key_len) &&
                          !dq_strmap_find(display_names, kv->key, kv->key_len, &other);
    return verbatim ? kv->key : kv->display_name;
}

static int add_display_names(
    const struct dq_shard *s, struct dq_strmap *display_names, struct dq_error *e)
{
    for (size_t i = 0; i < s->n_kvs; i++) {
        const struct dq_kv *kv = &s->kvs[i];
        if (kv->display_name != kv->key &&
            dq_strmap_add(display_names, kv->display_name, strlen(kv->display_name), i) < 0)
            return dq_fail_nomem(e);
    }
    return 0;
}

int dq_metadata_json(const struct dq_model *m, struct dq_json *j, struct dq_error *e)
{
    const struct dq_shard *s = &m->shards[0];
    struct dq_strmap display_names = {0};
    int rc = add_display_names(s, &display_names, e);
    for (size_t i = 0; rc == 0 && i < s->n_kvs; i++) {
        const struct dq_kv *kv = &s->kvs[i];
        struct dq_cursor c;
        char type[40];
        rc = dq_kv_open(s, kv, &c, e);
        if (rc != 0)
            break;
        rc = type_name(s, kv, type, e);
        if (rc == 0) {
            dq_json_begin_object(j, json_key(kv, &display_names));
            dq_json_put(j, "type", json_string(type));
            rc = put_value(&c, kv->type, 0, "value", j, e);
            dq_json_end(j);
        }
        dq_cursor_finish(&c);
    }
    dq_strmap_finish(&display_names);
    return rc;
}

int dq_metadata_text(
    const struct dq_model *m, const char *key, char *out, size_t size, struct dq_error *e)
{
    const struct dq_kv *kv = dq_shard_kv(&m->shards[0], key);
    struct dq_cursor c;
    struct dq_value v;
    out[0] = '\0';
    if (!kv || kv->type != DQ_VALUE_string)
        return 0;
    int rc = dq_kv_open(&m->shards[0], kv, &c, e);
    if (rc != 0)
        return rc;
    rc = dq_value_read(&c, kv->type, SHOWN_BYTES, &v, e);
    if (rc == 0) {
        dq_escape(v.text, v.text_len, DQ_ESCAPE_NAME, out, size);
        dq_value_finish(&v);
    }
    dq_cursor_finish(&c);
    return rc;
}
