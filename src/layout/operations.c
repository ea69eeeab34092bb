#include "layout/operations.h"

#include "base/checked.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARGS = 8, MAX_ZEROS = 1 << 16 /* rows */ };

struct args {
    const char *text[MAX_ARGS];
    size_t len[MAX_ARGS];
    size_t n;
};

static uint64_t product(const uint64_t *shape, size_t n)
{
    uint64_t p = 1;
    for (size_t i = 0; i < n; i++)
        p *= shape[i];
    return p;
}

static int argument(const struct dq_layout_shaping *s, const struct args *a, size_t i,
    uint64_t *out, struct dq_error *e)
{
    return dq_layout_number(s->keys, a->text[i], a->len[i], out, e);
}

static int fail_shape(const struct dq_layout_shaping *s, const char *what, struct dq_error *e)
{
    char shape[DQ_LAYOUT_DIMS_MAX * 24] = "a scalar";
    size_t len = 0;
    for (size_t i = 0; i < s->n_shape; i++)
        len += (size_t)snprintf(
            shape + len, sizeof shape - len, "%s%" PRIu64, i > 0 ? "x" : "", s->shape[i]);
    return dq_fail(e, DQ_ERR_TYPE, "%s does not fit the shape (%s)", what, shape);
}

/* From now on units are what one index of an axis, and of those before it, holds. */
static int use_units(struct dq_layout_shaping *s, size_t axis, const char *what, struct dq_error *e)
{
    if (axis >= s->n_shape)
        return fail_shape(s, what, e);
    const uint64_t len = product(s->shape + axis + 1, s->n_shape - axis - 1);
    if (s->unit_len != 0 && s->unit_len != len)
        return fail_shape(s, what, e);
    s->unit_len = len;
    return 0;
}

/* Puts a step before those that are there: the last operation is the first on the way back. */
static int add_step(
    struct dq_layout_shaping *s, const struct dq_gather_step *step, struct dq_error *e)
{
    struct dq_gather *g = &s->gather;
    if (g->n_steps == DQ_GATHER_STEPS)
        return dq_fail(e, DQ_ERR_TYPE, "too many operations");
    memmove(g->steps + 1, g->steps, g->n_steps * sizeof *g->steps);
    g->steps[0] = *step;
    g->n_steps++;
    return 0;
}

static void set_shape(struct dq_layout_shaping *s, const struct dq_layout_input *in)
{
    memcpy(s->shape, in->shape, sizeof s->shape);
    s->n_shape = in->n_shape;
}

/* Gives an input at least n dimensions: ggml drops outermost ones of size 1. */
void dq_layout_pad_shape(uint64_t *shape, size_t *n_shape, size_t n)
{
    while (*n_shape < n) {
        memmove(shape + 1, shape, *n_shape * sizeof *shape);
        shape[0] = 1;
        ++*n_shape;
    }
}

static int unrope(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    uint64_t n_heads;
    int rc = argument(s, a, 0, &n_heads, e);
    if (rc == 0)
        rc = use_units(s, 0, "unrope", e);
    if (rc != 0)
        return rc;
    if (n_heads == 0 || n_heads > s->shape[0] || s->shape[0] % (2 * n_heads) != 0)
        return dq_fail(e, DQ_ERR_TYPE, "%" PRIu64 " rows are not %" PRIu64 " heads of pairs",
            s->shape[0], n_heads);
    const uint64_t head = s->shape[0] / n_heads;
    s->gather.grains[0] = head;
    return add_step(s, &(struct dq_gather_step){dq_gather_swap, s->source, {0, 2, head / 2, 1}}, e);
}

static int untile(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    static const char n_k[] = "n_k_head";
    static const char n_v[] = "n_v_head";
    uint64_t axis;
    uint64_t head;
    uint64_t skip;
    uint64_t k;
    uint64_t v;
    int rc = argument(s, a, 0, &axis, e);
    if (rc == 0)
        rc = argument(s, a, 1, &head, e);
    if (rc == 0)
        rc = argument(s, a, 2, &skip, e);
    if (rc == 0)
        rc = dq_layout_number(s->keys, n_k, strlen(n_k), &k, e);
    if (rc == 0)
        rc = dq_layout_number(s->keys, n_v, strlen(n_v), &v, e);
    if (rc != 0 || k == v)
        return rc;
    uint64_t moved;
    if (axis >= s->n_shape || k == 0 || v % k != 0 || !dq_mul_u64(v, head, &moved) ||
        moved > s->shape[axis] || s->shape[axis] - moved != skip)
        return fail_shape(s, "untile", e);
    struct dq_gather_step step = {dq_gather_swap, 0, {skip, k, v / k, head}};
    if (axis == 0) {
        rc = use_units(s, 0, "untile", e);
    } else { /* units are the heads within a row */
        if (axis + 1 != s->n_shape || skip != 0 || s->unit_len != 0)
            return fail_shape(s, "untile", e);
        s->unit_len = head;
        s->gather.grains[0] = v;
        step.n[3] = 1;
    }
    return rc == 0 ? add_step(s, &step, e) : rc;
}

static int groupqkv(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    uint64_t n_q;
    uint64_t n_kv;
    int rc = argument(s, a, 0, &n_q, e);
    if (rc == 0)
        rc = argument(s, a, 1, &n_kv, e);
    if (rc == 0)
        rc = use_units(s, 0, "groupqkv", e);
    if (rc != 0)
        return rc;
    if (n_kv == 0 || n_kv > s->shape[0] || n_q > s->shape[0] || n_q % n_kv != 0 ||
        s->shape[0] % (n_q + 2 * n_kv) != 0)
        return fail_shape(s, "groupqkv", e);
    const uint64_t head = s->shape[0] / (n_q + 2 * n_kv);
    return add_step(
        s, &(struct dq_gather_step){dq_gather_group, 0, {n_kv, n_q / n_kv * head, head, head}}, e);
}

/* Joins the inputs along an axis, from which on each has its own count of units in turn. */
static int join(struct dq_layout_shaping *s, size_t axis, const uint64_t *counts, const char *what,
    struct dq_error *e)
{
    struct dq_gather_step deal = {.move = dq_gather_deal};
    uint64_t joined = 0;
    for (size_t i = 0; i < s->n_inputs; i++) {
        struct dq_layout_input *in = &s->inputs[i];
        dq_layout_pad_shape(in->shape, &in->n_shape, axis + 1);
        if (in->n_shape != s->inputs[0].n_shape)
            return fail_shape(s, what, e);
        for (size_t k = 0; k < in->n_shape; k++) {
            if (k != axis && in->shape[k] != s->inputs[0].shape[k])
                return fail_shape(s, what, e);
        }
        joined += in->shape[axis];
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): there is one for each input */
        deal.n[i] = counts ? counts[i] : in->shape[axis];
    }
    set_shape(s, &s->inputs[0]);
    s->shape[axis] = joined;
    s->is_joined = true;
    s->join_axis = axis;
    const int rc = use_units(s, axis, what, e);
    return rc == 0 ? add_step(s, &deal, e) : rc;
}

static int cat(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    uint64_t axis;
    const int rc = argument(s, a, 0, &axis, e);
    if (rc != 0)
        return rc;
    return axis < DQ_DIMS_MAX ? join(s, (size_t)axis, NULL, "cat", e) : fail_shape(s, "cat", e);
}

static int ilv(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    static const uint64_t ones[DQ_GATHER_SOURCES] = {1, 1, 1};
    uint64_t axis;
    const int rc = argument(s, a, 0, &axis, e);
    if (rc != 0)
        return rc;
    s->is_interleaved = true;
    if (s->n_inputs != 2 || axis >= DQ_DIMS_MAX)
        return fail_shape(s, "ilv", e);
    dq_layout_pad_shape(s->inputs[0].shape, &s->inputs[0].n_shape, (size_t)axis + 1);
    dq_layout_pad_shape(s->inputs[1].shape, &s->inputs[1].n_shape, (size_t)axis + 1);
    if (s->inputs[0].shape[axis] != s->inputs[1].shape[axis])
        return fail_shape(s, "ilv", e);
    return join(s, (size_t)axis, ones, "ilv", e);
}

/* After a join of rows, each column of the one input is followed by the same one of the other, or the
 * two alternate item by item. */
static int transpose(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    enum { BLOCK = 256 };
    struct dq_gather *g = &s->gather;
    (void)a;
    dq_layout_pad_shape(s->shape, &s->n_shape, 2);
    uint64_t *rows = &s->shape[s->n_shape - 2];
    uint64_t *columns = &s->shape[s->n_shape - 1];
    if (g->n_steps != s->is_joined || (s->is_joined && s->join_axis + 2 != s->n_shape) ||
        *rows % s->n_inputs != 0)
        return fail_shape(s, "T", e);
    s->unit_len = *rows / s->n_inputs;
    for (size_t i = 0; i < s->n_inputs; i++) {
        if (s->is_joined && s->inputs[i].shape[s->join_axis] != s->unit_len)
            return fail_shape(s, "T", e);
        s->columns[i] = true;
        g->steps[0].n[i] = 1;
    }
    if (s->is_interleaved)
        g->interleave = s->n_inputs;
    g->grains[0] = s->n_inputs * *columns;
    g->grains[1] = s->n_inputs * BLOCK;
    const uint64_t kept = *rows;
    *rows = *columns;
    *columns = kept;
    return 0;
}

static int mla(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    struct dq_layout_input *k_b = &s->inputs[0];
    struct dq_layout_input *v_b = &s->inputs[1];
    (void)a;
    if (s->n_inputs != 2 || s->unit_len != 0)
        return fail_shape(s, "mla", e);
    dq_layout_pad_shape(k_b->shape, &k_b->n_shape, 3);
    dq_layout_pad_shape(v_b->shape, &v_b->n_shape, 3);
    const uint64_t n_heads = k_b->shape[0];
    const uint64_t lora = k_b->shape[1];
    const uint64_t nope = k_b->shape[2];
    const uint64_t v = v_b->shape[1];
    if (k_b->n_shape != 3 || v_b->n_shape != 3 || v_b->shape[0] != n_heads || v_b->shape[2] != lora)
        return fail_shape(s, "mla", e);
    s->columns[0] = true;
    s->unit_len = lora;
    s->n_shape = 2;
    s->shape[0] = n_heads * (nope + v);
    s->shape[1] = lora;
    s->gather.grains[0] = nope + v;
    return add_step(s, &(struct dq_gather_step){dq_gather_deal, 0, {nope, v}}, e);
}

static int qkvz(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    static const char *const names[] = {"n_k_head", "n_v_head", "hk", "hv"};
    uint64_t n[4];
    int rc = 0;
    (void)a;
    for (size_t i = 0; rc == 0 && i < 4; i++)
        rc = dq_layout_number(s->keys, names[i], strlen(names[i]), &n[i], e);
    if (rc != 0)
        return rc;
    const uint64_t n_groups = n[0];
    uint64_t v; /* of a group */
    if (s->n_inputs != 2 || s->n_shape == 0 || n_groups == 0 || n[1] % n_groups != 0 ||
        n[2] > s->shape[0] || !dq_mul_u64(n[1] / n_groups, n[3], &v) || v > s->shape[0])
        return fail_shape(s, "qkvz", e);
    const uint64_t counts[] = {2 * n[2] + v, v};
    if (s->shape[0] / n_groups != counts[0] || s->shape[0] % n_groups != 0 ||
        s->inputs[1].shape[0] != n_groups * v)
        return fail_shape(s, "qkvz", e);
    rc = use_units(s, 0, "qkvz", e);
    if (rc == 0)
        rc =
            add_step(s, &(struct dq_gather_step){dq_gather_group, 0, {n_groups, n[2], n[2], v}}, e);
    return rc == 0 ? join(s, 0, counts, "qkvz", e) : rc;
}

static int as(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    const uint64_t n = product(s->shape, s->n_shape);
    uint64_t shape[DQ_LAYOUT_DIMS_MAX] = {0};
    uint64_t known = 1;
    size_t rest = DQ_LAYOUT_DIMS_MAX; /* which one is -1 */
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < a->n; i++) {
        if (strncmp(a->text[i], "-1", a->len[i]) == 0)
            rest = i;
        else if (a->len[i] == 1 && *a->text[i] == 'K')
            shape[i] = s->inputs[0].tensor->dims[0];
        else
            rc = argument(s, a, i, &shape[i], e);
        if (rc == 0 && i != rest && !dq_mul_u64(known, shape[i], &known))
            rc = fail_shape(s, "as", e);
    }
    if (rc != 0)
        return rc;
    if (known == 0 || n % known != 0 || (rest == DQ_LAYOUT_DIMS_MAX && known != n))
        return fail_shape(s, "as", e);
    if (rest < DQ_LAYOUT_DIMS_MAX)
        shape[rest] = n / known;
    memcpy(s->shape, shape, sizeof shape);
    s->n_shape = a->n;
    return 0;
}

static int zeros(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    uint64_t n;
    int rc = argument(s, a, 0, &n, e);
    if (rc == 0)
        rc = use_units(s, 0, "zeros", e);
    if (rc != 0)
        return rc;
    if (s->gather.n_steps > 0 || s->n_inputs != 1 || n > MAX_ZEROS)
        return fail_shape(s, "zeros", e);
    const uint64_t rows = s->shape[0];
    s->shape[0] += n;
    s->has_zeros = true;
    return add_step(s, &(struct dq_gather_step){dq_gather_deal, 0, {n, rows}}, e);
}

static int rows(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    uint64_t n;
    if (s->keys->config && argument(s, a, 0, &n, e) == 0 && s->n_shape > 0 && n != s->shape[0])
        snprintf(s->note, sizeof s->note,
            "%.*s in config.json is %" PRIu64 ", but the model has %" PRIu64
            " rows: the others are lost; change config.json before loading it",
            (int)a->len[0], a->text[0], n, s->shape[0]);
    return 0;
}

static int meta(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    char key[128];
    struct dq_value v;
    snprintf(key, sizeof key, "%.*s", (int)a->len[0], a->text[0]);
    const int rc = dq_layout_metadata(s->keys, key, &v, e);
    if (rc != 0)
        return rc;
    const enum dq_value_kind kind = dq_value_types[v.type].kind;
    s->gather.sources[0].constant = kind == DQ_KIND_FLOAT    ? (float)v.f
                                    : kind == DQ_KIND_SIGNED ? (float)v.i
                                                             : (float)v.u;
    s->n_shape = 1;
    s->shape[0] = 1;
    return 0;
}

static int drop(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    (void)a;
    (void)e;
    s->is_dropped = true;
    return 0;
}

static int add(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    char number[32];
    (void)e;
    snprintf(number, sizeof number, "%.*s", (int)a->len[0], a->text[0]);
    s->gather.value = dq_gather_add;
    s->gather.operand = strtof(number, NULL);
    return 0;
}

static int logneg(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e)
{
    (void)a;
    (void)e;
    s->gather.value = dq_gather_log_negative;
    return 0;
}

static const struct {
    const char *name;
    int n_args; /* -1: any number */
    bool is_exact;
    int (*apply)(struct dq_layout_shaping *s, const struct args *a, struct dq_error *e);
} operations[] = {
#define T transpose
#define DQ_OPERATION(function, n, exact) {#function, n, exact, function},
#include "layout/operations.def"
#undef DQ_OPERATION
#undef T
};

/* Splits the text after a colon at commas. */
static bool split_args(const char *text, size_t len, struct args *out)
{
    *out = (struct args){.n = 0};
    for (size_t i = 0; i < len; i++) {
        if (out->n == MAX_ARGS)
            return false;
        const char *comma = memchr(text + i, ',', len - i);
        out->text[out->n] = text + i;
        out->len[out->n] = comma ? (size_t)(comma - text) - i : len - i;
        i += out->len[out->n++];
    }
    return true;
}

static int apply_one(struct dq_layout_shaping *s, const char *text, size_t len, struct dq_error *e)
{
    const char *colon = memchr(text, ':', len);
    const size_t name_len = colon ? (size_t)(colon - text) : len;
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        struct args a = {.n = 0};
        if (strlen(operations[i].name) != name_len ||
            strncmp(operations[i].name, text, name_len) != 0)
            continue;
        if ((colon && !split_args(colon + 1, len - name_len - 1, &a)) ||
            (operations[i].n_args >= 0 && a.n != (size_t)operations[i].n_args))
            break;
        s->is_rounded = s->is_rounded || !operations[i].is_exact;
        return operations[i].apply(s, &a, e);
    }
    return dq_fail(e, DQ_ERR_TYPE, "the layout table has no operation '%.*s'", (int)len, text);
}

int dq_layout_apply(struct dq_layout_shaping *s, const char *text, size_t len, struct dq_error *e)
{
    static const char separator[] = " | ";
    int rc = 0;
    while (rc == 0 && len > 0) {
        const char *end = strstr(text, separator);
        const bool is_last = !end || (size_t)(end - text) >= len;
        const size_t n = is_last ? len : (size_t)(end - text);
        rc = apply_one(s, text, n, e);
        text += n + (is_last ? 0 : strlen(separator));
        len -= n + (is_last ? 0 : strlen(separator));
    }
    return rc;
}

void dq_layout_input_whole(struct dq_layout_input *in, const struct dq_tensor *t)
{
    *in = (struct dq_layout_input){
        .tensor = t,
        .n_shape = t->n_dims,
        .n_slices = 1,
        .slice_len = t->n_weights,
        .slice_stride = t->n_weights,
    };
    for (size_t i = 0; i < t->n_dims; i++)
        in->shape[i] = t->dims[t->n_dims - 1 - i];
}

void dq_layout_input_rows(
    struct dq_layout_input *in, bool is_vector, uint64_t first_row, uint64_t n_rows)
{
    dq_layout_pad_shape(in->shape, &in->n_shape, is_vector ? 1 : 2);
    const uint64_t row_len = is_vector ? 1 : in->shape[in->n_shape - 1];
    uint64_t *all_rows = &in->shape[in->n_shape - (is_vector ? 1 : 2)];
    in->base = first_row * row_len;
    in->slice_len = n_rows * row_len;
    in->slice_stride = *all_rows * row_len;
    in->n_slices = in->slice_stride ? in->tensor->n_weights / in->slice_stride : 0;
    *all_rows = n_rows;
}

/* Sets where the units of an input are. */
static int set_source(const struct dq_layout_shaping *s, const struct dq_layout_input *in,
    bool columns, struct dq_gather_source *out, struct dq_error *e)
{
    const uint64_t row_len = in->n_shape > 0 ? in->shape[in->n_shape - 1] : 1;
    const bool is_contiguous = in->slice_len == in->slice_stride;
    *out = (struct dq_gather_source){
        .tensor = in->tensor,
        .base = in->base,
        .slice_stride = in->slice_stride,
        .unit_stride = columns ? 1 : s->unit_len,
        .step = columns ? row_len : 1,
        .scale = in->scale,
        .scale_by_slice = in->scale && in->scale->n_weights > 1,
    };
    if (columns) {
        if (row_len % in->tensor->type->weights != 0) /* a shape from the metadata */
            return fail_shape(s, "T", e);
        out->slice_units = row_len;
        if (is_contiguous)
            out->slice_stride = s->unit_len * row_len;
        return out->scale_by_slice && out->slice_stride != in->slice_stride
                   ? fail_shape(s, "the scale", e)
                   : 0;
    }
    if (in->slice_len % s->unit_len == 0) {
        out->slice_units = in->slice_len / s->unit_len;
        return 0;
    }
    out->slice_units = UINT64_MAX;
    return is_contiguous && !out->scale_by_slice ? 0 : fail_shape(s, "a fused tensor", e);
}

int dq_layout_finish(struct dq_layout_shaping *s, struct dq_error *e)
{
    struct dq_gather *g = &s->gather;
    const uint64_t n = product(s->shape, s->n_shape);
    int rc = 0;
    if (g->interleave == 0)
        g->interleave = 1;
    if (s->unit_len == 0)
        s->unit_len = s->n_inputs > 0 ? s->inputs[0].slice_len : n;
    if (s->unit_len == 0)
        s->unit_len = 1; /* nothing */
    g->unit_len = s->unit_len;
    g->n_units = n / s->unit_len;
    g->n_sources = s->has_zeros + (s->n_inputs > 0 ? s->n_inputs : 1);
    for (size_t i = 0; rc == 0 && i < s->n_inputs; i++)
        rc = set_source(s, &s->inputs[i], s->columns[i], &g->sources[s->has_zeros + i], e);
    return rc;
}
