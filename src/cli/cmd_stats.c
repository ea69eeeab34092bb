#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/model_arg.h"
#include "cli/progress.h"
#include "cli/ranking.h"
#include "cli/reducing.h"
#include "cli/stats_page.h"
#include "cli/stats_report.h"
#include "cli/unusable.h"

#include <string.h>

struct stats_command {
    const struct dq_args *args;
    struct dq_model *model;
    struct dq_picks picks;
    struct dq_engine engine;
    struct dq_progress progress;
    struct dq_report report;
    struct dq_figure_columns columns;
    struct dq_stats_page page;
    struct dq_ranking ranking;
    struct dq_stats_row row;     /* the last one */
    struct dq_unusable unusable; /* or first_failure: the model is not complete */
};

/* What is ranked. */
struct ranked_unit {
    size_t pick;
    struct dq_unit_stats stats;
    struct dq_code_stats codes; /* if there are any */
};

/* ---- the report ---- */

/* Sets h->row to a unit of a pick, or, with u NULL, to one that cannot be used. */
static int init_row(
    struct stats_command *h, size_t pick, const struct dq_unit_stats *u, struct dq_error *e)
{
    return dq_stats_row_init(&h->row, &h->columns, &h->picks.items[pick], h->args->unit, u, e);
}

/* Puts h->row, whose unit is u. */
static int put_row(struct stats_command *h, const struct dq_unit_stats *u, struct dq_error *e)
{
    dq_figures_put(&h->columns, h->row.cells, &h->report);
    dq_stats_page_row(&h->page, &h->row, u);
    return dq_report_flush(&h->report, e);
}

static int rank_row(
    struct stats_command *h, size_t pick, const struct dq_unit_stats *u, struct dq_error *e)
{
    struct ranked_unit item = {.pick = pick, .stats = *u};
    if (u->codes)
        item.codes = *u->codes;
    return dq_ranking_add(&h->ranking, h->row.cells[h->columns.sort], &item, e);
}

static int end_unit(void *arg, size_t i, const struct dq_unit_stats *u, struct dq_error *e)
{
    struct stats_command *h = arg;
    int rc = init_row(h, i, u, e);
    if (rc == 0)
        rc = dq_stats_page_add(&h->page, i, &h->row, u, e);
    if (rc == 0)
        rc = h->columns.is_sorted ? rank_row(h, i, u, e) : put_row(h, u, e);
    dq_mem_free(h->row.name);
    return rc;
}

static int put_unusable(struct stats_command *h, size_t pick, struct dq_error *e)
{
    int rc = init_row(h, pick, NULL, e);
    if (rc == 0)
        rc = dq_stats_page_add(&h->page, pick, &h->row, NULL, e);
    if (rc == 0 && !dq_report_is_table(&h->report))
        rc = put_row(h, NULL, e);
    else if (rc == 0)
        dq_stats_page_row(&h->page, &h->row, NULL);
    dq_mem_free(h->row.name);
    return rc;
}

static int put_ranked(struct stats_command *h, struct dq_error *e)
{
    int rc = 0;
    dq_ranking_sort(&h->ranking);
    for (size_t i = 0; rc == 0 && i < h->ranking.n; i++) {
        struct ranked_unit *u = h->ranking.items[i].item;
        if (u->stats.codes)
            u->stats.codes = &u->codes;
        rc = init_row(h, u->pick, &u->stats, e);
        if (rc == 0)
            rc = put_row(h, &u->stats, e);
        dq_mem_free(h->row.name);
    }
    return rc;
}

/* ---- reducing ---- */

static void add_progress(void *arg, uint64_t n_bytes)
{
    struct stats_command *h = arg;
    dq_progress_add(&h->progress, n_bytes);
}

/* Whether the part of a tensor can be decoded, and divided into whole blocks if it has to be. */
static int usable(const struct stats_command *h, const struct dq_pick *pick, struct dq_error *why)
{
    const int rc = dq_pick_usable(h->model, pick, true, why);
    return rc == 0 && (h->args->unit == DQ_UNIT_BLOCK || h->args->codes)
               ? dq_pick_has_blocks(pick, why)
               : rc;
}

static const struct dq_tensor *array(void *arg, size_t i, struct dq_range ranges[DQ_DIMS_MAX])
{
    const struct stats_command *h = arg;
    const struct dq_pick *pick = &h->picks.items[i];
    struct dq_error unused;
    struct dq_slice slice;
    if (usable(h, pick, &unused) != 0)
        return NULL;
    dq_pick_slice(pick, &slice);
    memcpy(ranges, slice.ranges, sizeof slice.ranges);
    return pick->tensor;
}

/* Makes room for the parts of a pick, whose names are the longest at its end. */
static int measure_pick(struct stats_command *h, size_t i, struct dq_error *e)
{
    const struct dq_pick *pick = &h->picks.items[i];
    struct dq_unit_stats last = {.stats = {0}};
    struct dq_slice slice;
    struct dq_units units;
    dq_pick_slice(pick, &slice);
    dq_units_init(&units, slice.ranges, dq_stats_unit(h->args->unit, pick->tensor),
        pick->tensor->type->weights, 1, 0);
    if (units.n_groups == 0)
        return 0;
    dq_units_group(&units, units.n_groups - 1, last.ranges);
    const int rc = init_row(h, i, &last, e);
    if (rc == 0) {
        dq_figures_widen(&h->columns, DQ_FIGURE_name, h->row.name, &h->report);
        dq_figures_widen(&h->columns, DQ_FIGURE_type, pick->tensor->type->name, &h->report);
        dq_figures_widen(
            &h->columns, DQ_FIGURE_shape, h->row.cells[DQ_FIGURE_shape].shown, &h->report);
    }
    dq_mem_free(h->row.name);
    return rc;
}

/* Says which tensors cannot be used, in reports for programs in rows without figures. *total gets the bytes of the
 * weights of the others. */
static int measure(struct stats_command *h, uint64_t *total, struct dq_error *e)
{
    int rc = 0;
    *total = 0;
    for (size_t i = 0; rc == 0 && i < h->picks.n; i++) {
        const struct dq_pick *pick = &h->picks.items[i];
        struct dq_error why;
        struct dq_slice slice;
        const int rc_pick = usable(h, pick, &why);
        uint64_t n = sizeof(float);
        dq_pick_slice(pick, &slice);
        for (size_t d = 0; d < slice.n_shape; d++)
            n *= slice.shape[d];
        if (rc_pick == 0) {
            *total += n;
            rc = measure_pick(h, i, e);
            continue;
        }
        dq_unusable_add(&h->unusable, h->model, pick->tensor, h->picks.n, rc_pick, why.text);
        rc = put_unusable(h, i, e);
    }
    dq_unusable_end(&h->unusable);
    return rc;
}

static int reduce(struct stats_command *h, struct dq_error *e)
{
    const struct dq_args *args = h->args;
    struct dq_stats_job job = {
        .model = h->model,
        .n_arrays = h->picks.n,
        .unit = args->unit,
        .fit = args->fit,
        .codes = args->codes,
        .n_percentiles = args->n_percentiles,
        .array = array,
        .progress = add_progress,
        .end = end_unit,
        .arg = h,
    };
    uint64_t total;
    memcpy(job.percentiles, args->percentiles, sizeof job.percentiles);
    int rc = measure(h, &total, e);
    if (rc != 0)
        return rc;
    dq_progress_init(&h->progress, total);
    rc = dq_stats_tensors(h->engine.lanes, h->engine.n_lanes, &job, e);
    dq_progress_finish(&h->progress);
    return rc == 0 ? put_ranked(h, e) : rc;
}

/* ---- the command ---- */

static int open_all(struct stats_command *h, struct dq_error *e)
{
    struct dq_engine_options options;
    int rc = dq_stats_page_open(&h->page, h->args, &h->picks, e);
    if (rc != 0)
        return rc;
    dq_reducing_init(h->args, h->page.figures.page, &options);
    /* The bins of a unit, and those of a part of it. */
    if (h->args->n_percentiles > 0)
        options.per_lane_extra = (size_t)2 * DQ_BINS * sizeof(uint64_t);
    rc = dq_model_arg_open(h->args, &h->model, e);
    if (rc == 0)
        rc = dq_model_arg_tensors(h->args, h->model, &h->picks, e);
    if (rc == 0)
        rc = dq_reducing_open(h->args, h->page.figures.page, &options, &h->engine, e);
    if (rc != 0)
        return rc;
    dq_model_arg_say_device(h->model, h->picks.n, &h->engine,
        h->args->device.kind == DQ_DEVICE_AUTO ? NULL : h->engine.why);
    return 0;
}

static int stats(struct stats_command *h, struct dq_error *e)
{
    int rc = open_all(h, e);
    if (rc != 0)
        return rc;
    if (h->model->lacks && h->picks.is_open) {
        dq_msg_error("%s: only what is there is counted: %s", h->model->path, h->model->lacks);
        h->unusable.first_failure = DQ_ERR_MALFORMED;
    }
    dq_report_field(&h->report, "model", dq_cell_text(h->model->path));
    dq_report_begin_rows(&h->report, "tensors", h->columns.columns, h->columns.n);
    dq_figure_page_begin(&h->page.figures, "Statistics of tensors", NULL, h->model->path);
    rc = reduce(h, e);
    dq_report_end_rows(&h->report);
    if (rc == 0)
        rc = dq_stats_page_write(&h->page, h->model, e);
    if (rc == 0 && h->unusable.n > 0)
        rc = dq_fail(e, h->unusable.first_failure, "%zu of %zu %s cannot be used", h->unusable.n,
            h->picks.n, h->picks.n == 1 ? "tensor" : "tensors");
    else if (rc == 0 && h->unusable.first_failure != 0)
        rc = dq_fail(e, h->unusable.first_failure, "the model is not complete");
    return rc;
}

int dq_cmd_stats_check(const struct dq_args *a, struct dq_error *e)
{
    struct dq_figure_columns columns;
    if (a->cpu && a->device.kind == DQ_DEVICE_GPU)
        return dq_fail(e, DQ_ERR_USAGE, "--cpu goes with --device cpu");
    const int rc = dq_figures_check(a, e);
    return rc == 0 ? dq_figures_choose(&columns, &dq_stats_table, a, e) : rc;
}

int dq_cmd_stats(const struct dq_args *args)
{
    struct dq_error e;
    int rc = 0;
    struct stats_command *h = dq_mem_calloc(1, sizeof *h);
    if (!h)
        return dq_report_nomem(args);
    h->args = args;
    dq_report_open(&h->report, args);
    rc = dq_figures_choose(&h->columns, &dq_stats_table, args, &e);
    h->ranking.item_len =
        args->codes ? sizeof(struct ranked_unit) : offsetof(struct ranked_unit, codes);
    h->ranking.most = args->top;
    h->ranking.is_reversed = h->columns.is_reversed;
    if (rc == 0)
        rc = stats(h, &e);
    rc = dq_msg_failure(dq_report_end(&h->report, rc, &e), &e);
    dq_ranking_finish(&h->ranking);
    dq_figure_page_finish(&h->page.figures);
    dq_engine_close(&h->engine);
    dq_picks_finish(&h->picks);
    dq_model_free(h->model);
    dq_mem_free(h);
    return rc;
}
