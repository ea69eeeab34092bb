#include "cli/metadata.h"

#include "base/stdout.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHOWN_ELEMENTS = 6,       /* of an array in text */
    SHOWN_BYTES = 120,        /* of a string in text */
    SHOWN_ELEMENT_BYTES = 24, /* of a string in an array in text */
    JSON_BYTES = 16 << 20,    /* of a string in JSON, which is held in memory */
    ESCAPED_BYTES = 4 << 20,  /* of one that is not UTF-8: escaping makes it four times as long */
    BRIEF_ELEMENTS = 16,      /* more elements, or bytes of a string, are left out when brief */
    BRIEF_BYTES = 65536,
    TYPE_SIZE = 40,
};

/* Prints the fewest digits that read back as the same number. */
static void print_float(struct dq_report *r, double f, enum dq_value_type type)
{
    char text[40];
    const int most = type == DQ_VALUE_f32 ? 9 : 17;
    for (int digits = 6; digits <= most; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, f);
        const double again = strtod(text, NULL);
        if (type == DQ_VALUE_f32 ? (float)again == (float)f : again == f)
            break;
    }
    dq_report_print(r, "%s", text);
}

static void print_string(struct dq_report *r, const struct dq_value *v)
{
    char escaped[4 * SHOWN_BYTES + 1];
    size_t len = v->text_len;
    /* The cut may be in the middle of a character. */
    while (len > 0 && len < v->u && v->text_len - len < 4 && !dq_utf8_valid(v->text, len))
        len--;
    dq_escape(v->text, len, DQ_ESCAPE_NAME, escaped, sizeof escaped);
    dq_report_print(r, "\"%s\"", escaped);
    if (v->text_len < v->u)
        dq_report_print(r, "... (%" PRIu64 " bytes)", v->u);
}

/* Prints a value that is not an array. */
static void print_plain(struct dq_report *r, const struct dq_value *v)
{
    switch (dq_value_types[v->type].kind) {
    case DQ_KIND_UNSIGNED:
        dq_report_print(r, "%" PRIu64, v->u);
        break;
    case DQ_KIND_SIGNED:
        dq_report_print(r, "%" PRId64, v->i);
        break;
    case DQ_KIND_FLOAT:
        print_float(r, v->f, v->type);
        break;
    case DQ_KIND_BOOL:
        dq_report_print(r, "%s", v->u ? "true" : "false");
        break;
    case DQ_KIND_STRING:
        print_string(r, v);
        break;
    case DQ_KIND_ARRAY:
        break;
    }
}

/* Writes a value that is not an array as JSON; file is for the error. */
static int put_plain(struct dq_json *j, const char *key, const struct dq_value *v, const char *file,
    struct dq_error *e)
{
    switch (dq_value_types[v->type].kind) {
    case DQ_KIND_UNSIGNED:
        dq_json_put_u64(j, key, v->u);
        break;
    case DQ_KIND_SIGNED:
        dq_json_put(j, key, json_integer(v->i));
        break;
    case DQ_KIND_FLOAT:
        dq_json_put_digits(j, key, dq_json_real(v->f), v->type == DQ_VALUE_f32 ? 9 : 17);
        break;
    case DQ_KIND_BOOL:
        dq_json_put(j, key, json_boolean(v->u));
        break;
    case DQ_KIND_STRING:
        if (v->text_len < v->u || (v->u > ESCAPED_BYTES && !dq_utf8_valid(v->text, v->text_len)))
            return dq_fail(e, DQ_ERR_MEMORY,
                "%s: a string of %" PRIu64 " bytes is too long for JSON", file, v->u);
        dq_json_put_text(j, key, v->text, v->text_len);
        break;
    case DQ_KIND_ARRAY:
        break;
    }
    return 0;
}

/* Where metadata is read from and put. */
struct metadata_put {
    struct dq_report *r;
    struct dq_cursor c;
    bool brief;
};

static int put_value(struct metadata_put *p, enum dq_value_type type, unsigned depth,
    const char *key, struct dq_error *e);

static bool is_left_out(const struct metadata_put *p, const struct dq_value *v)
{
    if (!p->brief)
        return false;
    return v->type == DQ_VALUE_array ? v->u > BRIEF_ELEMENTS
                                     : v->type == DQ_VALUE_string && v->u > BRIEF_BYTES;
}

/* Puts the length of a value in its place; that of an element is known by the elements around it. */
static void leave_out(const struct metadata_put *p, const struct dq_value *v, const char *key)
{
    struct dq_json *j = dq_report_json(p->r);
    if (j && key)
        dq_json_put_u64(j, "length", v->u);
    if (j)
        dq_json_put_null(j, key);
    else if (v->type == DQ_VALUE_array)
        dq_report_print(p->r, "[...] (%" PRIu64 " elements)", v->u);
    else
        print_string(p->r, v);
}

/* Puts the elements of an array: all into JSON; the first ones into text, which leaves the cursor
 * anywhere after the head of the array, as leaving out does. */
static int put_array(struct metadata_put *p, const struct dq_value *v, unsigned depth,
    const char *key, struct dq_error *e)
{
    struct dq_report *r = p->r;
    struct dq_json *j = dq_report_json(r);
    int rc = 0;
    if (j)
        dq_json_begin_row(j, key);
    dq_report_print(r, "[");
    for (uint64_t i = 0; rc == 0 && i < v->u && (j || i < SHOWN_ELEMENTS); i++) {
        const uint64_t start = p->c.pos;
        if (i > 0)
            dq_report_print(r, ", ");
        rc = put_value(p, v->element, depth + 1, NULL, e);
        if (rc == 0 && (!j || p->brief) && v->element == DQ_VALUE_array) {
            p->c.pos = start;
            rc = dq_value_skip(&p->c, v->element, depth + 1, e);
        }
    }
    if (j)
        dq_json_end(j);
    else if (rc == 0 && v->u > SHOWN_ELEMENTS)
        dq_report_print(r, ", ...] (%" PRIu64 " elements)", v->u);
    else if (rc == 0)
        dq_report_print(r, "]");
    return rc;
}

/* Reads and puts a value that was checked when the file was opened. The file may have changed since,
 * so the depth of arrays is checked again. */
static int put_value(struct metadata_put *p, enum dq_value_type type, unsigned depth,
    const char *key, struct dq_error *e)
{
    struct dq_json *j = dq_report_json(p->r);
    const size_t json_max = p->brief ? BRIEF_BYTES : JSON_BYTES;
    const size_t text_max = j ? json_max : (depth > 0 ? SHOWN_ELEMENT_BYTES : SHOWN_BYTES);
    struct dq_value v;
    int rc = dq_stdout_failed() ? dq_stdout_flush(e) : 0;
    if (rc == 0 && type == DQ_VALUE_array)
        rc = dq_value_check_depth(&p->c, depth, e);
    if (rc == 0)
        rc = dq_value_read(&p->c, type, text_max, &v, e);
    if (rc != 0)
        return rc;
    if (is_left_out(p, &v))
        leave_out(p, &v, key);
    else if (type == DQ_VALUE_array)
        rc = put_array(p, &v, depth, key, e);
    else if (j)
        rc = put_plain(j, key, &v, p->c.source->name, e);
    else
        print_plain(p->r, &v);
    dq_value_finish(&v);
    return rc;
}

/* Writes the type of the pair whose value the cursor is at: "u32", "array of string". Does not move
 * the cursor. */
static int type_name(
    struct dq_cursor *c, enum dq_value_type type, char out[TYPE_SIZE], struct dq_error *e)
{
    const uint64_t start = c->pos;
    struct dq_value v = {.type = type};
    int rc = 0;
    snprintf(out, TYPE_SIZE, "%s", dq_value_types[type].name);
    if (type == DQ_VALUE_array)
        rc = dq_value_read(c, type, 0, &v, e);
    if (rc == 0 && type == DQ_VALUE_array)
        snprintf(out, TYPE_SIZE, "array of %s", dq_value_types[v.element].name);
    c->pos = start;
    return rc;
}

static int put_pair(
    struct metadata_put *p, const struct dq_kv *kv, const char *json_key, struct dq_error *e)
{
    struct dq_json *j = dq_report_json(p->r);
    char type[TYPE_SIZE];
    p->c.pos = kv->value_off;
    int rc = type_name(&p->c, kv->type, type, e);
    if (rc != 0)
        return rc;
    if (j) {
        dq_json_begin_object(j, json_key);
        dq_json_put(j, "type", json_string(type));
    }
    dq_report_print(p->r, "%s (%s) = ", kv->display_name, type);
    rc = put_value(p, kv->type, 0, "value", e);
    if (j)
        dq_json_end(j);
    dq_report_print(p->r, "\n");
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

int dq_metadata_put(struct dq_report *r, const struct dq_model *m, bool brief, struct dq_error *e)
{
    const struct dq_shard *s = dq_model_head(m);
    struct dq_json *j = dq_report_json(r);
    struct dq_strmap display_names = {0};
    struct metadata_put p = {.r = r, .brief = brief};
    int rc = add_display_names(s, &display_names, e);
    if (rc == 0 && s->n_kvs > 0)
        rc = dq_kv_open(s, &s->kvs[0], &p.c, e); /* one cursor for all pairs: there may be many */
    if (j)
        dq_json_begin_object(j, "metadata");
    for (size_t i = 0; rc == 0 && i < s->n_kvs; i++)
        rc = put_pair(&p, &s->kvs[i], json_key(&s->kvs[i], &display_names), e);
    if (j)
        dq_json_end(j);
    dq_cursor_finish(&p.c);
    dq_strmap_finish(&display_names);
    return rc;
}

int dq_metadata_text(
    const struct dq_model *m, const char *key, char *out, size_t size, struct dq_error *e)
{
    const struct dq_shard *s = dq_model_head(m);
    const struct dq_kv *kv = dq_shard_kv(s, key);
    struct dq_cursor c;
    struct dq_value v;
    out[0] = '\0';
    if (!kv || kv->type != DQ_VALUE_string)
        return 0;
    int rc = dq_kv_open(s, kv, &c, e);
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
