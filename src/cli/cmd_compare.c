#include "cli/cmd.h"

#include "arrays/arrays.h"
#include "base/mem.h"
#include "cli/compare_against.h"
#include "cli/compare_limits.h"
#include "cli/compare_report.h"
#include "cli/figure_page.h"
#include "cli/progress.h"
#include "cli/ranking.h"
#include "cli/reducing.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

struct compare_command {
    const struct dq_args *args;
    struct dq_model *reference;
    struct dq_model *model;
    struct dq_names names;
    struct dq_picks picks;
    struct dq_compare_pairs pairs;
    struct dq_compare_against against;
    struct dq_engine engine;
    struct dq_progress progress;
    struct dq_report report;
    struct dq_figure_columns columns;
    struct dq_figure_page page;
    struct dq_ranking ranking;
    struct dq_compare_row row;                   /* the last one */
    struct dq_plan_pair plans[DQ_RUN_ITEMS_MAX]; /* a ring */
    struct dq_gather gathers[DQ_RUN_ITEMS_MAX];  /* of these plans */
    enum dq_arrays_kind kind;                    /* of the reference; NONE: a GGUF */
    struct dq_difference total;
    /* Of tensors, or of their parts with --by: */
    size_t n_units;
    size_t n_equal;
    size_t n_beyond; /* those that are farther apart than they may be */
};

/* ---- the report ---- */

static const struct dq_column unpaired_columns[] = {
    {.key = "only_in", .heading = "", .width = -9},
    {.key = "name", .heading = ""},
    {.key = "type"},
    {.key = "shape"},
};

enum { N_UNPAIRED_COLUMNS = sizeof unpaired_columns / sizeof unpaired_columns[0] };

static json_t *figure_json(double value)
{
    return isnan(value) ? json_null() : dq_json_real(value);
}

/* How both sides of a pair are read. g is for what is gathered, and has to outlive *out. */
static void plan_pair(
    const struct compare_command *h, size_t i, struct dq_gather *g, struct dq_plan_pair *out)
{
    const struct dq_compare_pair *pair = &h->pairs.items[i];
    const struct dq_range *ranges = pair->pick->slice ? pair->pick->slice->ranges : NULL;
    struct dq_pair_units u;
    if (pair->array) {
        dq_layout_gather(pair->array, g);
        dq_plan_init_gather(&out->model, g, DQ_DTYPE_f32);
    } else {
        dq_plan_init(&out->model, h->model, pair->pick->tensor, DQ_DTYPE_f32, ranges);
    }
    dq_plan_init(&out->reference, h->reference, pair->reference, DQ_DTYPE_f32,
        pair->is_sliced ? ranges : NULL);
    dq_pair_units_init(&u, pair, h->args->unit);
    out->unit_len = u.units.n_weights;
    out->row_len = u.unit == DQ_UNIT_ROW || u.unit == DQ_UNIT_BLOCK ? 0 : u.units.ranges[0].count;
    if (out->row_len == out->unit_len) /* the only one */
        out->row_len = 0;
}

/* Puts h->row, which is that of c. */
static int put_row(struct compare_command *h, const struct dq_compared *c, struct dq_error *e)
{
    struct dq_gather gather;
    struct dq_plan_pair plans;
    dq_figure_page_row(&h->page, h->row.name, h->row.cells, NULL);
    if (h->args->json || h->args->jsonl) {
        plan_pair(h, (size_t)(c->pair - h->pairs.items), &gather, &plans);
        dq_compare_row_json(&h->row, &h->columns, c, &plans);
    }
    dq_figures_put(&h->columns, h->row.cells, &h->report);
    return dq_report_flush(&h->report, e);
}

/* Adds h->row to the map of the page, and its largest difference to the places. */
static int add_to_page(struct compare_command *h, const struct dq_compared *c, struct dq_error *e)
{
    const struct dq_difference *d = &c->result.difference;
    const struct dq_cell *cells = h->row.cells;
    if (!h->page.page)
        return 0;
    h->page.n_weights += d->n_weights;
    dq_figure_page_map(&h->page,
        c->pair->array ? c->pair->reference->display_name : c->pair->pick->tensor->display_name,
        h->row.name, cells);
    if (cells[DQ_COMPARE_nmse].kind != DQ_CELL_REAL || d->max_abs == 0)
        return 0;
    return dq_ranking_add(&h->page.places, cells[DQ_COMPARE_nmse], c, e);
}

static int end_row(struct compare_command *h, const struct dq_compared *c, struct dq_error *e)
{
    int rc = dq_compare_row_init(&h->row, c, e);
    if (rc == 0)
        rc = add_to_page(h, c, e);
    if (rc == 0)
        rc = h->columns.is_sorted ? dq_ranking_add(&h->ranking, h->row.cells[h->columns.sort], c, e)
                                  : put_row(h, c, e);
    dq_mem_free(h->row.name);
    return rc;
}

static int judge(struct compare_command *h, struct dq_compared *c, struct dq_error *e)
{
    const struct dq_difference *d = &c->result.difference;
    char slice[DQ_UNIT_TEXT];
    bool is_worse;
    c->beyond = dq_compare_limits_beyond(h->args, d, &c->figures);
    if (!h->against.path)
        return 0;
    dq_compared_slice(c, slice);
    const int rc = dq_compare_against_judge(&h->against, c->pair->pick->tensor->display_name,
        c->pair->reference->display_name, slice, d, c->figures.nmse, &is_worse, e);
    if (rc == 0 && is_worse)
        c->beyond |= 1u << DQ_LIMIT_AGAINST;
    return rc;
}

static int end_unit(void *arg, size_t i, const struct dq_unit_difference *u, struct dq_error *e)
{
    struct compare_command *h = arg;
    const struct dq_difference *d = &u->difference;
    struct dq_compared c = {.pair = &h->pairs.items[i], .unit = h->args->unit, .result = *u};
    dq_difference_figures(d, &c.figures);
    const int rc = judge(h, &c, e);
    if (rc != 0)
        return rc;
    dq_difference_merge(&h->total, d);
    h->n_units++;
    h->n_equal += d->n_equal_bits == d->n_weights;
    h->n_beyond += c.beyond != 0;
    return end_row(h, &c, e);
}

static int put_ranked(struct compare_command *h, struct dq_error *e)
{
    int rc = 0;
    dq_ranking_sort(&h->ranking);
    for (size_t i = 0; rc == 0 && i < h->ranking.n; i++) {
        const struct dq_compared *c = h->ranking.items[i].item;
        rc = dq_compare_row_init(&h->row, c, e);
        if (rc == 0)
            rc = put_row(h, c, e);
        dq_mem_free(h->row.name);
    }
    return rc;
}

/* ---- the page ---- */

/* Finds where weight number i of a plan is stored. Returns whether it is. */
static bool find_stored(const struct dq_plan *p, uint64_t i, struct dq_stored_weight *out,
    uint64_t indices[DQ_DIMS_MAX])
{
    uint64_t index;
    dq_plan_locate(p, i, &out->tensor, &index);
    if (!out->tensor)
        return false;
    for (size_t d = 0; d < out->tensor->n_dims; d++) {
        indices[out->tensor->n_dims - 1 - d] = index % out->tensor->dims[d];
        index /= out->tensor->dims[d];
    }
    out->path = p->model->path;
    out->indices = indices;
    return true;
}

static int put_place(struct compare_command *h, const struct dq_compared *c, struct dq_error *e)
{
    const struct dq_difference *d = &c->result.difference;
    struct dq_stored_weight weights[2] = {{.offset = 0}, {.offset = h->args->offset}};
    uint64_t indices[2][DQ_DIMS_MAX];
    struct dq_gather gather;
    struct dq_plan_pair plans;
    char slice[DQ_UNIT_TEXT];
    dq_compared_slice(c, slice);
    char *name = dq_compare_name(c->pair, slice);
    char *text = !name ? NULL
                       : dq_mem_printf("%s: nmse %.6g, largest difference %.6g: %.9g in the "
                                       "reference, %.9g in the model",
                             name, c->figures.nmse, (double)d->max_abs, (double)d->max_reference,
                             (double)d->max_model);
    dq_mem_free(name);
    if (!text)
        return dq_fail_nomem(e);
    plan_pair(h, (size_t)(c->pair - h->pairs.items), &gather, &plans);
    const bool has_reference = h->kind == DQ_ARRAYS_NONE &&
                               find_stored(&plans.reference, d->first_max, &weights[0], indices[0]);
    const bool has_model = find_stored(&plans.model, d->first_max, &weights[1], indices[1]);
    const int rc = dq_figure_page_place(&h->page, text, has_reference ? weights : weights + 1,
        (size_t)has_reference + has_model, e);
    dq_mem_free(text);
    return rc;
}

static int write_page(struct compare_command *h, struct dq_error *e)
{
    struct dq_ranking *places = &h->page.places;
    size_t n_only_here = 0;
    char text[128];
    int rc = 0;
    if (!h->page.page)
        return 0;
    for (size_t i = 0; i < h->pairs.n_unpaired; i++)
        n_only_here += h->pairs.unpaired[i].is_in_model;
    snprintf(text, sizeof text, "Only in the model: %zu. Only in the reference: %zu.", n_only_here,
        h->pairs.n_unpaired - n_only_here);
    if (h->pairs.n_unpaired > 0)
        dq_page_remark(h->page.page, text);
    dq_ranking_sort(places);
    for (size_t i = 0; rc == 0 && i < places->n; i++)
        rc = put_place(h, places->items[i].item, e);
    return rc == 0 ? dq_figure_page_write(&h->page, h->args->unit, h->n_units, e) : rc;
}

static void put_unpaired(struct compare_command *h)
{
    if (h->args->text_format != DQ_TEXT_TABLE)
        return; /* one table only */
    dq_report_begin_rows(&h->report, "unpaired", unpaired_columns, N_UNPAIRED_COLUMNS);
    for (size_t i = 0; i < h->pairs.n_unpaired; i++) {
        const struct dq_unpaired *u = &h->pairs.unpaired[i];
        dq_report_row(
            &h->report, (const struct dq_cell[N_UNPAIRED_COLUMNS]){
                            dq_cell_shown(dq_cell_text(u->is_in_model ? "model" : "reference"),
                                u->is_in_model ? "only in the model:" : "only in the reference:"),
                            dq_cell_name(u->name),
                            dq_cell_text(u->type ? u->type->name : NULL),
                            dq_cell_u64s(u->shape, u->n_shape),
                        });
    }
    dq_report_end_rows(&h->report);
}

/* What n of those that are compared are called. */
static const char *units(const struct compare_command *h, size_t n)
{
    static const char *const words[2][2] = {{"tensors", "tensor"}, {"parts", "part"}};
    return words[h->args->unit != DQ_UNIT_TENSOR][n == 1];
}

/* The figures of all tensors together. */
static void put_total(struct compare_command *h)
{
    const struct dq_difference *d = &h->total;
    struct dq_difference_figures f;
    dq_difference_figures(d, &f);
    dq_report_print(
        &h->report, "%zu %s compared, %zu equal", h->n_units, units(h, h->n_units), h->n_equal);
    if (!isnan(f.nmse))
        dq_report_print(&h->report,
            "; all together: nmse %.6g, snr %.6g dB, largest difference %.6g", f.nmse, f.snr,
            (double)d->max_abs);
    dq_report_print(&h->report, "\n");
    if (dq_report_json(&h->report))
        dq_report_field(&h->report, "total",
            dq_cell_json(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "tensors",
                dq_json_u64(h->pairs.n), "equal", dq_json_u64(h->n_equal), "beyond",
                dq_json_u64(h->n_beyond), "weights", dq_json_u64(d->n_weights), "mse",
                figure_json(f.mse), "nmse", figure_json(f.nmse), "snr", figure_json(f.snr),
                "cosine", figure_json(f.cosine), "gain", figure_json(f.gain), "max_abs",
                dq_json_real((double)d->max_abs))));
}

/* ---- reducing ---- */

static void add_progress(void *arg, uint64_t n_bytes)
{
    struct compare_command *h = arg;
    dq_progress_add(&h->progress, n_bytes);
}

static const struct dq_plan_pair *plan(void *arg, size_t i)
{
    struct compare_command *h = arg;
    struct dq_plan_pair *p = &h->plans[i % DQ_RUN_ITEMS_MAX];
    plan_pair(h, i, &h->gathers[i % DQ_RUN_ITEMS_MAX], p);
    return p;
}

/* Sets text to the slice of the last part of a pair, or that of the pair. */
static void last_text(
    const struct dq_compare_pair *pair, enum dq_unit unit, char text[DQ_UNIT_TEXT])
{
    const struct dq_compared c = {.pair = pair, .unit = unit};
    struct dq_pair_units u;
    dq_pair_units_init(&u, pair, unit);
    text[0] = '\0';
    if (unit == DQ_UNIT_TENSOR)
        dq_compared_slice(&c, text);
    else if (u.units.n_groups > 0)
        dq_pair_units_text(&u, u.units.n_groups - 1, text);
}

/* Makes the columns as wide as what they will show. *total gets the bytes of the weights. */
static int measure(struct compare_command *h, uint64_t *total, struct dq_error *e)
{
    const struct dq_figure_columns *c = &h->columns;
    *total = 0;
    for (size_t i = 0; i < h->pairs.n; i++) {
        const struct dq_compare_pair *pair = &h->pairs.items[i];
        const struct dq_tensor *reference = pair->reference;
        char shape[DQ_SHAPE_WORDS];
        char last[2][DQ_UNIT_TEXT]; /* the unit and the row with the longest text */
        uint64_t n = sizeof(float);
        last_text(pair, h->args->unit, last[0]);
        last_text(pair, DQ_UNIT_ROW, last[1]);
        char *name = dq_compare_name(pair, last[0]);
        if (!name)
            return dq_fail_nomem(e);
        for (size_t d = 0; d < pair->n_shape; d++)
            n *= pair->shape[d];
        *total += n;
        dq_figure_join(pair->shape, pair->n_shape, "x", shape);
        dq_figures_widen(c, DQ_COMPARE_name, name, &h->report);
        dq_figures_widen(c, DQ_COMPARE_reference_name, reference->display_name, &h->report);
        dq_figures_widen(c, DQ_COMPARE_reference_type, reference->type->name, &h->report);
        dq_figures_widen(c, DQ_COMPARE_type, pair->pick->tensor->type->name, &h->report);
        dq_figures_widen(c, DQ_COMPARE_shape, shape, &h->report);
        dq_figures_widen(c, DQ_COMPARE_slice, last[0], &h->report);
        if (h->args->unit == DQ_UNIT_TENSOR || h->args->unit == DQ_UNIT_MATRIX)
            dq_figures_widen(c, DQ_COMPARE_worst_row, last[1], &h->report);
        dq_mem_free(name);
    }
    return 0;
}

static int reduce(struct compare_command *h, struct dq_error *e)
{
    struct dq_difference_job job = {
        .n_pairs = h->pairs.n,
        .by_units = h->args->unit != DQ_UNIT_TENSOR,
        .n_percentiles = h->args->n_percentiles,
        .plan = plan,
        .progress = add_progress,
        .end = end_unit,
        .arg = h,
    };
    uint64_t total;
    memcpy(job.percentiles, h->args->percentiles, sizeof job.percentiles);
    int rc = measure(h, &total, e);
    if (rc != 0)
        return rc;
    dq_progress_init(&h->progress, total);
    rc = dq_difference_tensors(h->engine.lanes, h->engine.n_lanes, &job, e);
    dq_progress_finish(&h->progress);
    return rc == 0 ? put_ranked(h, e) : rc;
}

/* ---- the command ---- */

/* A folder may have arrays; otherwise it has to have a GGUF, as that of a model. */
static int open_reference(struct compare_command *h, struct dq_error *e)
{
    struct dq_args args = *h->args;
    struct stat st;
    const bool is_folder = stat(args.reference, &st) == 0 && S_ISDIR(st.st_mode);
    char *found = is_folder ? dq_arrays_in_folder(args.reference) : NULL;
    const char *path = found ? found : args.reference;
    int rc = is_folder && !found ? 0 : dq_arrays_kind(path, &h->kind, e);
    args.model = path;
    args.offset = 0;
    if (rc == 0 && h->kind == DQ_ARRAYS_NONE)
        rc = dq_model_arg_open(&args, &h->reference, e);
    else if (rc == 0)
        rc = dq_arrays_open(path, h->kind, &h->reference, e);
    dq_mem_free(found);
    return rc;
}

static int find_pairs(struct compare_command *h, struct dq_error *e)
{
    return dq_compare_pairs_find(h->args, &h->names, h->reference, h->kind != DQ_ARRAYS_NONE,
        h->kind == DQ_ARRAYS_NPY, h->model, &h->picks, &h->pairs, e);
}

static int open_engine(
    struct compare_command *h, struct dq_engine_options *options, struct dq_error *e)
{
    options->gathers = h->pairs.layout.layout != NULL;
    /* The bins of a unit, and those of a chunk. */
    const size_t bins = h->args->n_percentiles > 0 ? (size_t)2 * DQ_BINS * sizeof(uint64_t) : 0;
    options->per_lane_extra =
        DQ_DIFFERENCE_LEN + bins + (options->gathers ? DQ_GATHER_LANE_MAX : 0);
    return dq_reducing_open(h->args, h->page.page, options, &h->engine, e);
}

static int open_all(struct compare_command *h, struct dq_error *e)
{
    struct dq_engine_options options;
    int rc = dq_figure_page_open(&h->page, &dq_compare_table, DQ_COMPARE_nmse, SIZE_MAX,
        sizeof(struct dq_compared), h->args, e);
    if (rc != 0)
        return rc;
    dq_reducing_init(h->args, h->page.page, &options);
    rc = open_reference(h, e);
    if (rc == 0)
        rc = dq_model_arg_open(h->args, &h->model, e);
    if (rc == 0)
        rc = dq_names_read(h->args, &h->names, e);
    if (rc == 0)
        rc = dq_model_arg_select(h->args, h->model, &h->names, &h->picks, e);
    if (rc == 0 && h->args->share.count > 0)
        rc = dq_picks_keep_share(&h->picks, &h->args->share, e);
    if (rc == 0 && h->args->against)
        rc = dq_compare_against_read(h->args->against, &h->against, e);
    if (rc == 0)
        rc = find_pairs(h, e);
    if (rc == 0)
        rc = open_engine(h, &options, e);
    return rc;
}

/* What is missing of a split set. */
static int check_whole(const struct compare_command *h)
{
    const struct dq_model *models[] = {h->reference, h->model};
    int rc = 0;
    for (size_t i = 0; i < 2; i++) {
        if (!models[i]->lacks || !h->picks.is_open)
            continue;
        dq_msg_error("%s: only what is there is compared: %s", models[i]->path, models[i]->lacks);
        rc = DQ_ERR_MALFORMED;
    }
    return rc;
}

/* Whether every tensor of the earlier report that could be compared was. What was selected now may be less. */
static int check_met(const struct compare_command *h, struct dq_error *e)
{
    const struct dq_compare_against *a = &h->against;
    const struct dq_args *args = h->args;
    const bool is_all = args->tensors.n == 0 && args->excluded.n == 0 && !args->tensors_from &&
                        args->share.count == 0;
    for (size_t i = 0; is_all && i < a->n; i++) {
        if (!a->items[i].is_met)
            dq_msg_error("tensor '%s': is in %s, but was not compared", a->items[i].name, a->path);
    }
    if (is_all && a->n_met < a->n)
        return dq_fail(e, DQ_ERR_MISMATCH, "%zu of the %zu tensors in %s %s not compared",
            a->n - a->n_met, a->n, a->path, a->n - a->n_met == 1 ? "was" : "were");
    if (a->path && a->n_met == 0 && h->pairs.n > 0)
        return dq_fail(
            e, DQ_ERR_MISMATCH, "%s: has none of the tensors that were compared", a->path);
    return 0;
}

/* The answer, once all pairs have been compared. */
static int conclude(struct compare_command *h, int rc_whole, struct dq_error *e)
{
    const struct dq_compare_pairs *p = &h->pairs;
    const size_t n = p->n + p->unusable.n + p->n_misshapen;
    const char *tensors = n == 1 ? "tensor" : "tensors";
    if (p->unusable.n > 0)
        return dq_fail(e, p->unusable.first_failure, "%zu of %zu %s cannot be used", p->unusable.n,
            n, tensors);
    if (rc_whole != 0)
        return dq_fail(e, rc_whole, "a model is not complete");
    if (p->n_misshapen > 0)
        return dq_fail(e, DQ_ERR_MISMATCH, "%zu of %zu %s %s another shape", p->n_misshapen, n,
            tensors, p->n_misshapen == 1 ? "has" : "have");
    if (h->n_beyond > 0)
        return dq_fail(e, DQ_ERR_MISMATCH, "%zu of %zu %s %s farther apart than allowed",
            h->n_beyond, h->n_units, units(h, h->n_units), h->n_beyond == 1 ? "is" : "are");
    if (h->args->equal && p->n_unpaired > 0)
        return dq_fail(e, DQ_ERR_MISMATCH, "%zu %s in one of the two only", p->n_unpaired,
            p->n_unpaired == 1 ? "tensor is" : "tensors are");
    return check_met(h, e);
}

static int compare(struct compare_command *h, struct dq_error *e)
{
    int rc = open_all(h, e);
    if (rc != 0)
        return rc;
    const int rc_whole = check_whole(h);
    dq_report_field(&h->report, "reference", dq_cell_text(h->reference->path));
    dq_report_field(&h->report, "model", dq_cell_text(h->model->path));
    dq_report_begin_rows(&h->report, "tensors", h->columns.columns, h->columns.n);
    dq_figure_page_begin(&h->page, "Comparison of tensors", h->reference->path, h->model->path);
    rc = reduce(h, e);
    dq_report_end_rows(&h->report);
    if (rc != 0)
        return rc;
    put_unpaired(h);
    put_total(h);
    rc = write_page(h, e);
    if (rc != 0)
        return rc;
    return conclude(h, rc_whole, e);
}

int dq_cmd_compare_check(const struct dq_args *a, struct dq_error *e)
{
    struct dq_figure_columns columns;
    if (!a->reference || !a->model)
        return dq_fail(e, DQ_ERR_USAGE, "needs two models: REFERENCE and MODEL");
    if (a->cpu && a->device.kind == DQ_DEVICE_GPU)
        return dq_fail(e, DQ_ERR_USAGE, "--cpu goes with --device cpu");
    if (a->map && a->layout_hf)
        return dq_fail(e, DQ_ERR_USAGE, "--map goes with --layout gguf");
    const int rc = dq_figures_check(a, e);
    return rc == 0 ? dq_figures_choose(&columns, &dq_compare_table, a, e) : rc;
}

int dq_cmd_compare(const struct dq_args *args)
{
    struct dq_error e;
    int rc = 0;
    struct compare_command *h = dq_mem_calloc(1, sizeof *h);
    if (!h)
        return dq_report_nomem(args);
    h->args = args;
    dq_report_open(&h->report, args);
    rc = dq_figures_choose(&h->columns, &dq_compare_table, args, &e);
    h->ranking = (struct dq_ranking){.item_len = sizeof(struct dq_compared),
        .most = args->top,
        .is_reversed = h->columns.is_reversed};
    if (rc == 0)
        rc = compare(h, &e);
    rc = dq_msg_failure(dq_report_end(&h->report, rc, &e), &e);
    dq_ranking_finish(&h->ranking);
    dq_figure_page_finish(&h->page);
    dq_engine_close(&h->engine);
    dq_compare_against_finish(&h->against);
    dq_compare_pairs_finish(&h->pairs);
    dq_picks_finish(&h->picks);
    dq_names_finish(&h->names);
    dq_model_free(h->model);
    dq_model_free(h->reference);
    dq_mem_free(h);
    return rc;
}
