#include "cli/compare_report.h"

#include "base/mem.h"
#include "cli/compare_limits.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { J = DQ_SHOWN_JSON, C = DQ_SHOWN_CSV, T = DQ_SHOWN_TABLE };

static const struct dq_figure figures[DQ_COMPARE_FIGURES] = {
#define FIGURE DQ_FIGURE_ROW
#include "cli/compare_figures.def"
};

const struct dq_figure_table dq_compare_table = {
    figures, DQ_COMPARE_FIGURES, DQ_COMPARE_percentiles, "Comparing models"};

char *dq_compare_name(const struct dq_compare_pair *pair, const char *slice)
{
    return dq_mem_printf("%s%s",
        pair->array ? pair->reference->display_name : pair->pick->tensor->display_name,
        slice ? slice : "");
}

/* ---- units ---- */

void dq_pair_units_init(
    struct dq_pair_units *u, const struct dq_compare_pair *pair, enum dq_unit unit)
{
    const struct dq_tensor *t = pair->pick->tensor;
    struct dq_slice slice;
    u->shaped = (struct dq_tensor){.n_dims = t->n_dims};
    memcpy(u->shaped.dims, t->dims, sizeof t->dims);
    u->unit = dq_stats_unit(unit, t);
    if (pair->array) {
        u->shaped.n_dims = (uint32_t)pair->n_shape;
        for (size_t d = 0; d < DQ_DIMS_MAX; d++)
            u->shaped.dims[d] = d < pair->n_shape ? pair->shape[pair->n_shape - 1 - d] : 1;
        u->unit = unit == DQ_UNIT_BLOCK ? DQ_UNIT_ROW : unit;
        dq_slice_all(&u->shaped, &slice);
    } else {
        dq_pick_slice(pair->pick, &slice);
    }
    dq_units_init(&u->units, slice.ranges, u->unit, t->type->weights, 1, 0);
}

void dq_pair_units_text(const struct dq_pair_units *u, uint64_t number, char slice[DQ_UNIT_TEXT])
{
    struct dq_range ranges[DQ_DIMS_MAX];
    dq_units_group(&u->units, number, ranges);
    dq_unit_text(u->unit, ranges, &u->shaped, slice);
}

void dq_compared_slice(const struct dq_compared *c, char slice[DQ_UNIT_TEXT])
{
    const char *given = c->pair->pick->slice_text;
    struct dq_pair_units u;
    snprintf(slice, DQ_UNIT_TEXT, "%s", given ? given : "");
    if (c->unit == DQ_UNIT_TENSOR)
        return;
    dq_pair_units_init(&u, c->pair, c->unit);
    dq_pair_units_text(&u, c->result.number, slice);
}

/* Sets the shape of it and returns the number of its dimensions. */
static size_t find_shape(const struct dq_compared *c, uint64_t shape[DQ_DIMS_MAX])
{
    struct dq_range ranges[DQ_DIMS_MAX];
    struct dq_pair_units u;
    memcpy(shape, c->pair->shape, sizeof c->pair->shape);
    if (c->unit == DQ_UNIT_TENSOR)
        return c->pair->n_shape;
    dq_pair_units_init(&u, c->pair, c->unit);
    dq_units_group(&u.units, c->result.number, ranges);
    return dq_unit_shape(u.unit, ranges, &u.shaped, shape);
}

/* ---- what is text in a table ---- */

static int append(char *text, size_t size, const char *format, ...) DQ_PRINTF(3, 4);

/* Appends to a text that holds less than size bytes, after "; " if it is not empty. */
static int append(char *text, size_t size, const char *format, ...)
{
    va_list args;
    size_t len = strlen(text);
    if (len > 0)
        len += (size_t)snprintf(text + len, size - len, "; ");
    va_start(args, format);
    const int n = vsnprintf(text + len, size - len, format, args);
    va_end(args);
    return n;
}

/* Whether it is of those whose rows converters permute for llama.cpp. */
static bool is_permuted_usually(const struct dq_compare_pair *pair)
{
    static const char *const names[] = {"attn_q.", "attn_k.", "q_proj.", "k_proj."};
    bool is = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        is = is || strstr(pair->reference->display_name, names[i]);
    return is;
}

static void describe(struct dq_compare_row *row, const struct dq_compared *c)
{
    const struct dq_difference *d = &c->result.difference;
    const enum dq_difference_pattern pattern = c->result.pattern;
    char *out = row->pattern;
    const size_t size = sizeof row->pattern;
    out[0] = row->limits[0] = '\0';
    for (int i = 0; i < DQ_LIMITS; i++) {
        if (!(c->beyond >> i & 1))
            continue;
        const char *name = dq_compare_limit_name((enum dq_compare_limit)i);
        const size_t len = strlen(row->limits);
        append(out, size, "beyond --%s", name);
        snprintf(row->limits + len, sizeof row->limits - len, len > 0 ? " %s" : "%s", name);
    }
    if (dq_difference_n_unlike(d) > 0)
        append(out, size, "%" PRIu64 " differ in NaN or infinity", dq_difference_n_unlike(d));
    if (pattern == DQ_DIFFERENCE_OFFSET)
        append(out, size, "b = a %c %.6g", d->min_step < 0 ? '-' : '+', fabs((double)d->min_step));
    else if (pattern == DQ_DIFFERENCE_SCALED)
        append(out, size, "b = %.6g a", 1 / c->figures.gain);
    else if (pattern != DQ_DIFFERENCE_NONE)
        append(out, size, "%s%s", dq_difference_description(pattern),
            pattern == DQ_DIFFERENCE_ROWS && is_permuted_usually(c->pair)
                ? " (q/k as llama.cpp permutes them?)"
                : "");
}

int dq_compare_row_init(struct dq_compare_row *row, const struct dq_compared *c, struct dq_error *e)
{
    const struct dq_compare_pair *pair = c->pair;
    const struct dq_difference *d = &c->result.difference;
    const uint64_t n_finite = dq_difference_n_finite(d);
    struct dq_cell *cells = row->cells;
    const struct dq_difference_figures *f = &c->figures;
    describe(row, c);
    const size_t n_shape = find_shape(c, row->shape);
    dq_compared_slice(c, row->slice);
    row->name = dq_compare_name(pair, row->slice);
    if (!row->name)
        return dq_fail_nomem(e);
    for (size_t i = 0; i < DQ_COMPARE_FIGURES_MAX; i++)
        cells[i] = dq_cell_null();
    cells[DQ_COMPARE_name] =
        dq_cell_shown(dq_cell_name(pair->pick->tensor->display_name), row->name);
    cells[DQ_COMPARE_reference_name] = dq_cell_name(pair->reference->display_name);
    cells[DQ_COMPARE_slice] = dq_cell_text(row->slice[0] ? row->slice : NULL);
    cells[DQ_COMPARE_reference_type] = dq_cell_text(pair->reference->type->name);
    cells[DQ_COMPARE_type] = dq_cell_text(pair->pick->tensor->type->name);
    cells[DQ_COMPARE_shape] = dq_cell_shown(dq_cell_u64s(row->shape, n_shape),
        n_shape > 0 ? dq_figure_join(row->shape, n_shape, "x", row->shape_text) : "1");
    cells[DQ_COMPARE_weights] = dq_cell_u64(d->n_weights);
    cells[DQ_COMPARE_finite] = dq_cell_u64(n_finite);
    cells[DQ_COMPARE_equal_bits] = dq_cell_u64(d->n_equal_bits);
    cells[DQ_COMPARE_equal_values] = dq_cell_u64(d->n_equal_values);
    cells[DQ_COMPARE_sign_flips] = dq_cell_u64(d->n_sign_flips);
    cells[DQ_COMPARE_to_zero] = dq_cell_u64(d->n_to_zero);
    cells[DQ_COMPARE_from_zero] = dq_cell_u64(d->n_from_zero);
    cells[DQ_COMPARE_nonfinite] = dq_cell_u64(d->n_weights - n_finite);
    cells[DQ_COMPARE_mse] = dq_figure_cell(f->mse);
    cells[DQ_COMPARE_rmse] = dq_figure_cell(f->rmse);
    cells[DQ_COMPARE_nmse] = dq_figure_cell(f->nmse);
    cells[DQ_COMPARE_rel] = dq_figure_cell(f->rel);
    cells[DQ_COMPARE_snr] = dq_figure_cell(f->snr);
    cells[DQ_COMPARE_cosine] = dq_figure_cell(f->cosine);
    cells[DQ_COMPARE_gain] = dq_figure_cell(f->gain);
    cells[DQ_COMPARE_bias] = dq_figure_cell(f->bias);
    cells[DQ_COMPARE_pattern] =
        dq_cell_shown(dq_cell_text(dq_difference_description(c->result.pattern)), row->pattern);
    cells[DQ_COMPARE_beyond] = dq_cell_text(row->limits);
    for (size_t i = 0; i < DQ_PERCENTILES_MAX; i++)
        cells[DQ_COMPARE_FIGURES + i] = dq_figure_cell((double)c->result.percentiles[i]);
    if (!isnan(c->result.worst_nmse)) {
        struct dq_pair_units rows;
        dq_pair_units_init(&rows, pair, DQ_UNIT_ROW);
        dq_pair_units_text(&rows, c->result.worst_row, row->worst_row);
        cells[DQ_COMPARE_worst_row] = dq_cell_text(row->worst_row);
        cells[DQ_COMPARE_worst_nmse] = dq_cell_real(c->result.worst_nmse);
    }
    if (n_finite > 0)
        cells[DQ_COMPARE_max_abs] = dq_cell_real((double)d->max_abs);
    if (d->max_abs > 0) {
        uint64_t number = d->first_max;
        for (size_t k = pair->n_shape; k-- > 0; number /= pair->shape[k])
            row->max_at[k] = number % pair->shape[k];
        cells[DQ_COMPARE_max_at] = dq_cell_shown(dq_cell_u64s(row->max_at, pair->n_shape),
            dq_figure_join(row->max_at, pair->n_shape, ",", row->place_text));
    }
    return 0;
}

/* ---- what is nested in JSON ---- */

static json_t *limits_json(unsigned beyond)
{
    json_t *list = json_array();
    for (int i = 0; list && i < DQ_LIMITS; i++) {
        if (beyond >> i & 1 && json_array_append_new(list, json_string(dq_compare_limit_name(
                                                               (enum dq_compare_limit)i))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Counts of pairs of which one is not finite: {"nan/number": 3}, the reference's first. */
static json_t *nonfinite_json(const struct dq_difference *d)
{
    static const char *const names[DQ_WEIGHT_KINDS] = {
        [DQ_NUMBER] = "number", [DQ_NAN] = "nan", [DQ_PINF] = "inf", [DQ_NINF] = "-inf"};
    json_t *object = json_object();
    for (size_t i = 0; i < DQ_WEIGHT_KINDS; i++) {
        for (size_t k = 0; object && k < DQ_WEIGHT_KINDS; k++) {
            char key[32];
            if (d->kinds[i][k] == 0 || (i == DQ_NUMBER && k == DQ_NUMBER))
                continue;
            snprintf(key, sizeof key, "%s/%s", names[i], names[k]);
            if (json_object_set_new(object, key, dq_json_u64(d->kinds[i][k])) != 0) {
                json_decref(object);
                object = NULL;
            }
        }
    }
    return object;
}

/* A weight and where it is stored; nowhere, if it is a constant of the layout. */
static json_t *side_json(const struct dq_plan *p, uint64_t number, float value)
{
    const struct dq_tensor *t;
    uint64_t index;
    dq_plan_locate(p, number, &t, &index);
    if (!t)
        return json_pack("{s:o, s:n, s:n, s:n}", "value", dq_json_real((double)value), "block",
            "file", "offset");
    const uint64_t block = index / t->type->weights;
    const char *path = p->model->shards[t->shard].path;
    return json_pack("{s:o, s:o, s:o, s:o}", "value", dq_json_real((double)value), "block",
        dq_json_u64(block), "file", dq_json_text(path, strlen(path)), "offset",
        dq_json_u64(t->offset + block * t->type->bytes));
}

void dq_compare_row_json(struct dq_compare_row *row, const struct dq_figure_columns *columns,
    const struct dq_compared *c, const struct dq_plan_pair *plans)
{
    const struct dq_difference *d = &c->result.difference;
    struct dq_cell *cells = row->cells;
    if (dq_figures_have(columns, DQ_COMPARE_nonfinite))
        cells[DQ_COMPARE_nonfinite] = dq_cell_json(nonfinite_json(d));
    if (dq_figures_have(columns, DQ_COMPARE_beyond))
        cells[DQ_COMPARE_beyond] = dq_cell_json(limits_json(c->beyond));
    if (dq_figures_have(columns, DQ_COMPARE_max_at) && d->max_abs > 0)
        cells[DQ_COMPARE_max_at] = dq_cell_json(
            json_pack("{s:o, s:o, s:o}", "indices", dq_json_u64s(row->max_at, c->pair->n_shape),
                "reference", side_json(&plans->reference, d->first_max, d->max_reference), "model",
                side_json(&plans->model, d->first_max, d->max_model)));
}
