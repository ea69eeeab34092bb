#include "gguf/value.h"

#include "base/mem.h"

#include <inttypes.h>
#include <string.h>

const struct dq_value_info dq_value_types[DQ_VALUE_COUNT] = {
    [DQ_VALUE_u8] = {"u8", DQ_KIND_UNSIGNED, 1},
    [DQ_VALUE_i8] = {"i8", DQ_KIND_SIGNED, 1},
    [DQ_VALUE_u16] = {"u16", DQ_KIND_UNSIGNED, 2},
    [DQ_VALUE_i16] = {"i16", DQ_KIND_SIGNED, 2},
    [DQ_VALUE_u32] = {"u32", DQ_KIND_UNSIGNED, 4},
    [DQ_VALUE_i32] = {"i32", DQ_KIND_SIGNED, 4},
    [DQ_VALUE_f32] = {"f32", DQ_KIND_FLOAT, 4},
    [DQ_VALUE_bool] = {"bool", DQ_KIND_BOOL, 1},
    [DQ_VALUE_string] = {"string", DQ_KIND_STRING, 0},
    [DQ_VALUE_array] = {"array", DQ_KIND_ARRAY, 0},
    [DQ_VALUE_u64] = {"u64", DQ_KIND_UNSIGNED, 8},
    [DQ_VALUE_i64] = {"i64", DQ_KIND_SIGNED, 8},
    [DQ_VALUE_f64] = {"f64", DQ_KIND_FLOAT, 8},
};

int dq_value_read_type(struct dq_cursor *c, enum dq_value_type *out, struct dq_error *e)
{
    uint32_t type;
    const int rc = dq_cursor_u32(c, "value type", &type, e);
    if (rc != 0)
        return rc;
    if (type >= DQ_VALUE_COUNT) {
        const struct dq_diagnostic d = {.rule = DQ_RULE_value_type,
            .expected = DQ_WORDS("0 to %d", DQ_VALUE_COUNT - 1),
            .found = DQ_WORDS("%" PRIu32, type)};
        return dq_cursor_fail(c, &d, e);
    }
    *out = (enum dq_value_type)type;
    return 0;
}

/* Reads the head of an array and refuses counts that do not fit the rest of the file. */
static int read_array_head(
    struct dq_cursor *c, enum dq_value_type *element, uint64_t *count, struct dq_error *e)
{
    const uint64_t length_len = c->narrow ? 4 : 8;
    int rc = dq_value_read_type(c, element, e);
    if (rc != 0)
        return rc;
    rc = dq_cursor_count(c, "array length", count, e);
    if (rc != 0)
        return rc;
    /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.ArraySubscript): it was read */
    uint64_t least = dq_value_types[*element].len;
    if (*element == DQ_VALUE_string)
        least = length_len;
    else if (*element == DQ_VALUE_array)
        least = 4 + length_len;
    if (*count > dq_cursor_left(c) / least) {
        const uint64_t left = dq_cursor_left(c);
        c->past_end = true;
        const struct dq_diagnostic d = {.rule = DQ_RULE_array_in_file,
            .expected =
                DQ_WORDS("at most %" PRIu64 " elements of type %s in the %" PRIu64 " bytes left",
                    left / least, dq_value_types[*element].name, left),
            .found = DQ_WORDS("%" PRIu64, *count)};
        return dq_cursor_fail(c, &d, e);
    }
    return 0;
}

static double to_double(uint64_t bits, size_t len)
{
    if (len == 4) {
        const uint32_t narrow = (uint32_t)bits;
        float f;
        memcpy(&f, &narrow, sizeof f);
        return (double)f;
    }
    double f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

struct dq_value dq_value_scalar(enum dq_value_type type, uint64_t bits)
{
    const struct dq_value_info *info = &dq_value_types[type];
    struct dq_value v = {.type = type, .u = bits};
    if (info->len == 0)
        return v;
    const unsigned unused = 64 - 8 * (unsigned)info->len;
    const uint64_t sign = (uint64_t)1 << (63 - unused);
    v.i = (int64_t)((bits ^ sign) - sign);
    if (info->kind == DQ_KIND_FLOAT)
        v.f = to_double(bits, info->len);
    if (info->kind == DQ_KIND_BOOL)
        v.u = bits != 0;
    return v;
}

static int read_string(struct dq_cursor *c, size_t text_max, struct dq_value *v, struct dq_error *e)
{
    int rc = dq_cursor_count(c, "string length", &v->u, e);
    if (rc != 0)
        return rc;
    if (v->u > dq_cursor_left(c)) /* fails, before memory is allocated */
        return dq_cursor_skip(c, "string", v->u, e);
    v->text_len = v->u < text_max ? (size_t)v->u : text_max;
    v->text = dq_mem_alloc(v->text_len + 1);
    if (!v->text)
        return dq_fail_nomem(e);
    v->text[v->text_len] = '\0';
    rc = dq_cursor_bytes(c, "string", v->text, v->text_len, e);
    return rc != 0 ? rc : dq_cursor_skip(c, "string", v->u - v->text_len, e);
}

int dq_value_read(struct dq_cursor *c, enum dq_value_type type, size_t text_max,
    struct dq_value *out, struct dq_error *e)
{
    const struct dq_value_info *info = &dq_value_types[type];
    struct dq_value v = {.type = type};
    int rc;
    if (info->kind == DQ_KIND_STRING) {
        rc = read_string(c, text_max, &v, e);
    } else if (info->kind == DQ_KIND_ARRAY) {
        rc = read_array_head(c, &v.element, &v.u, e);
    } else {
        rc = dq_cursor_number(c, info->len, info->name, &v.u, e);
        if (rc == 0)
            v = dq_value_scalar(type, v.u);
    }
    if (rc == 0)
        *out = v;
    else
        dq_value_finish(&v);
    return rc;
}

void dq_value_finish(struct dq_value *v)
{
    dq_mem_free(v->text);
    v->text = NULL;
}

int dq_value_check_depth(struct dq_cursor *c, unsigned depth, struct dq_error *e)
{
    if (depth < DQ_NESTING_MAX)
        return 0;
    const struct dq_diagnostic d = {.rule = DQ_RULE_array_depth,
        .expected = DQ_WORDS("at most %d levels", DQ_NESTING_MAX),
        .found = "more"};
    c->item = c->pos; /* where the array begins that is one too many */
    return dq_cursor_fail(c, &d, e);
}

static int skip_string(struct dq_cursor *c, struct dq_error *e)
{
    uint64_t len;
    const int rc = dq_cursor_count(c, "string length", &len, e);
    return rc == 0 ? dq_cursor_skip(c, "string", len, e) : rc;
}

int dq_value_skip(struct dq_cursor *c, enum dq_value_type type, unsigned depth, struct dq_error *e)
{
    const struct dq_value_info *info = &dq_value_types[type];
    uint64_t count;
    enum dq_value_type element;
    if (info->kind == DQ_KIND_STRING)
        return skip_string(c, e);
    if (info->kind != DQ_KIND_ARRAY)
        return dq_cursor_skip(c, info->name, info->len, e);
    int rc = dq_value_check_depth(c, depth, e);
    if (rc != 0)
        return rc;
    rc = read_array_head(c, &element, &count, e);
    if (rc != 0)
        return rc;
    if (dq_value_types[element].len > 0) /* the product fits: it was compared with what is left */
        return dq_cursor_skip(c, "array", count * dq_value_types[element].len, e);
    for (uint64_t i = 0; rc == 0 && i < count; i++)
        rc = element == DQ_VALUE_string ? skip_string(c, e)
                                        : dq_value_skip(c, element, depth + 1, e);
    return rc;
}
