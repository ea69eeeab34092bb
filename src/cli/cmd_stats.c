#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/confine.h"
#include "cli/model_arg.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "reduce/stats_tensors.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct stats_command {
    const struct dq_args *args;
    struct dq_model *model;
    struct dq_picks picks;
    struct dq_engine engine;
    struct dq_progress progress;
    struct dq_report report;
    struct dq_plan plans[DQ_RUN_ITEMS_MAX]; /* a ring */
    size_t n_planned;
    size_t n_unusable;
    int first_failure; /* why the first tensor that could not be used could not */
};

/* ---- the report ---- */

static const struct dq_column columns[] = {
    {.key = "name", .heading = "NAME", .width = -4},
    {.key = "slice"},
    {.key = "type", .heading = "TYPE", .width = -4},
    {.key = "shape", .heading = "SHAPE", .width = 5},
    {.key = "weights"},
    {.key = "mean", .heading = "MEAN", .width = 12},
    {.key = "std", .heading = "STD", .width = 12},
    {.key = "rms", .heading = "RMS", .width = 12},
    {.key = "min", .heading = "MIN", .width = 12},
    {.key = "max", .heading = "MAX", .width = 12},
    {.key = "absmax"},
    {.key = "crest", .heading = "CREST", .width = 8, .digits = 4},
    {.key = "min_at"},
    {.key = "max_at"},
    {.heading = "NONFINITE", .width = 9},
    {.key = "nan"},
    {.key = "pinf"},
    {.key = "ninf"},
    {.key = "pzero"},
    {.key = "nzero"},
    {.key = "subnormal"},
    {.key = "octaves"},
};

enum {
    NAME = 0,
    TYPE = 2,
    SHAPE = 3,
    NAME_WIDTH_MAX = 64,
    N_COLUMNS = sizeof columns / sizeof columns[0]
};

/* A figure of finite weights; null if there are none. */
static struct dq_cell figure(double value)
{
    return isnan(value) ? dq_cell_null() : dq_cell_real(value);
}

/* Returns the indices of a weight, outermost first, as a cell; indices has room for them. */
static struct dq_cell place(const struct dq_slice *slice, uint64_t number, uint64_t *indices)
{
    for (size_t d = slice->n_shape; d-- > 0; number /= slice->shape[d])
        indices[d] = number % slice->shape[d];
    return dq_cell_u64s(indices, slice->n_shape);
}

/* Writes "4096x32", as dq_tensor_shape does for a whole tensor. */
static const char *shape_text(const struct dq_slice *slice, char out[DQ_SHAPE_WORDS])
{
    size_t len = 0;
    snprintf(out, DQ_SHAPE_WORDS, "1");
    for (size_t d = 0; d < slice->n_shape && len < DQ_SHAPE_WORDS; d++)
        len += (size_t)snprintf(
            out + len, DQ_SHAPE_WORDS - len, "%s%" PRIu64, d > 0 ? "x" : "", slice->shape[d]);
    return out;
}

/* Returns the name of a tensor with the slice; the caller frees it with dq_mem_free. NULL: memory is short. */
static char *shown_name(const struct dq_pick *pick)
{
    return dq_mem_printf(
        "%s%s", pick->tensor->display_name, pick->slice_text ? pick->slice_text : "");
}

static int put_tensor(void *arg, size_t i, const struct dq_stats *s, struct dq_error *e)
{
    struct stats_command *h = arg;
    const struct dq_pick *pick = &h->picks.items[i];
    const bool has_finite = dq_stats_n_finite(s) > 0;
    struct dq_stats_figures f;
    struct dq_slice slice;
    uint64_t min_at[DQ_DIMS_MAX];
    uint64_t max_at[DQ_DIMS_MAX];
    char shape[DQ_SHAPE_WORDS];
    char *name = shown_name(pick);
    if (!name)
        return dq_fail_nomem(e);
    dq_pick_slice(pick, &slice);
    dq_stats_figures(s, &f);
    dq_report_row(&h->report,
        (const struct dq_cell[N_COLUMNS]){
            dq_cell_shown(dq_cell_name(pick->tensor->display_name), name),
            dq_cell_text(pick->slice_text),
            dq_cell_text(pick->tensor->type->name),
            dq_cell_shown(dq_cell_u64s(slice.shape, slice.n_shape), shape_text(&slice, shape)),
            dq_cell_u64(s->n_weights),
            figure(f.mean),
            figure(f.std),
            figure(f.rms),
            has_finite ? dq_cell_real((double)s->min) : dq_cell_null(),
            has_finite ? dq_cell_real((double)s->max) : dq_cell_null(),
            figure(f.absmax),
            figure(f.crest),
            has_finite ? place(&slice, s->first_min, min_at) : dq_cell_null(),
            has_finite ? place(&slice, s->first_max, max_at) : dq_cell_null(),
            dq_cell_u64(s->n_weights - dq_stats_n_finite(s)),
            dq_cell_u64(s->n_nan),
            dq_cell_u64(s->n_pinf),
            dq_cell_u64(s->n_ninf),
            dq_cell_u64(s->n_pzero),
            dq_cell_u64(s->n_nzero),
            dq_cell_u64(s->n_subnormal),
            dq_cell_u64s(s->octaves, DQ_OCTAVES),
        });
    dq_mem_free(name);
    return dq_report_flush(&h->report, e);
}

/* ---- reducing ---- */

static void add_progress(void *arg, uint64_t n_bytes)
{
    struct stats_command *h = arg;
    dq_progress_add(&h->progress, n_bytes);
}

static const struct dq_plan *plan(void *arg, size_t i)
{
    struct stats_command *h = arg;
    const struct dq_pick *pick = &h->picks.items[i];
    if (dq_pick_usable(h->model, pick, true, NULL) != 0)
        return NULL;
    struct dq_plan *p = &h->plans[h->n_planned++ % DQ_RUN_ITEMS_MAX];
    dq_plan_init(p, h->model, pick->tensor, DQ_DTYPE_f32, pick->slice ? pick->slice->ranges : NULL);
    return p;
}

/* Says which arrays cannot be decoded. Returns the bytes of the weights of the others. */
static uint64_t measure(struct stats_command *h)
{
    uint64_t total = 0;
    for (size_t i = 0; i < h->picks.n; i++) {
        const struct dq_pick *pick = &h->picks.items[i];
        struct dq_error why;
        struct dq_slice slice;
        const int rc = dq_pick_usable(h->model, pick, true, &why);
        uint64_t n = sizeof(float);
        dq_pick_slice(pick, &slice);
        for (size_t d = 0; d < slice.n_shape; d++)
            n *= slice.shape[d];
        total += rc == 0 ? n : 0;
        if (rc == 0)
            continue;
        dq_msg_error("%s", why.text);
        h->n_unusable++;
        if (h->first_failure == 0)
            h->first_failure = rc;
    }
    return total;
}

static void widen(struct stats_command *h, size_t column, size_t n_letters)
{
    dq_report_widen(&h->report, column, n_letters < NAME_WIDTH_MAX ? n_letters : NAME_WIDTH_MAX);
}

static size_t letters(const char *text)
{
    return text ? dq_text_letters(text, strlen(text)) : 0;
}

/* Makes the columns as wide as what they will show, but for very long names. */
static void widen_columns(struct stats_command *h)
{
    for (size_t i = 0; i < h->picks.n; i++) {
        const struct dq_pick *pick = &h->picks.items[i];
        const struct dq_type_info *type = pick->tensor->type;
        char shape[DQ_SHAPE_WORDS];
        struct dq_slice slice;
        dq_pick_slice(pick, &slice);
        widen(h, NAME, letters(pick->tensor->display_name) + letters(pick->slice_text));
        widen(h, TYPE, letters(type ? type->name : NULL));
        widen(h, SHAPE, letters(shape_text(&slice, shape)));
    }
}

static int reduce(struct stats_command *h, struct dq_error *e)
{
    const struct dq_stats_job job = {
        .n_tensors = h->picks.n,
        .plan = plan,
        .progress = add_progress,
        .end = put_tensor,
        .arg = h,
    };
    dq_progress_init(&h->progress, measure(h));
    const int rc = dq_stats_tensors(h->engine.lanes, h->engine.n_lanes, &job, e);
    dq_progress_finish(&h->progress);
    return rc;
}

/* ---- the command ---- */

static int open_all(struct stats_command *h, struct dq_error *e)
{
    struct dq_engine_options options = {.device = h->args->device,
        .cpu = h->args->cpu,
        .n_threads = h->args->n_threads,
        .n_consuming = dq_engine_threads(h->args->n_threads)};
    /* Adding up takes the processors longer than decoding does, wherever that is done. */
    if (options.device.kind == DQ_DEVICE_AUTO)
        options.device.kind = DQ_DEVICE_CPU;
    if (options.device.kind == DQ_DEVICE_CPU)
        dq_confine(h->args, &(struct dq_sandbox){.may_read = true});
    int rc = dq_model_arg_open(h->args, &h->model, e);
    if (rc == 0)
        rc = dq_model_arg_tensors(h->args, h->model, &h->picks, e);
    if (rc == 0)
        rc = dq_engine_open(&h->engine, &options, e);
    if (rc != 0)
        return rc;
    dq_confine(h->args, &(struct dq_sandbox){0});
    if (h->engine.skipped[0])
        dq_msg_warning("skipped: %s", h->engine.skipped);
    return 0;
}

static int stats(struct stats_command *h, struct dq_error *e)
{
    int rc = open_all(h, e);
    if (rc != 0)
        return rc;
    if (h->model->lacks && h->picks.is_open) {
        dq_msg_error("%s: only what is there is counted: %s", h->model->path, h->model->lacks);
        h->first_failure = DQ_ERR_MALFORMED;
    }
    dq_report_field(&h->report, "model", dq_cell_text(h->model->path));
    dq_report_begin_rows(&h->report, "tensors", columns, N_COLUMNS);
    widen_columns(h);
    rc = reduce(h, e);
    dq_report_end_rows(&h->report);
    if (rc == 0 && h->n_unusable > 0)
        rc = dq_fail(e, h->first_failure, "%zu of %zu %s cannot be used", h->n_unusable, h->picks.n,
            h->picks.n == 1 ? "tensor" : "tensors");
    else if (rc == 0 && h->first_failure != 0)
        rc = dq_fail(e, h->first_failure, "the model is not complete");
    return rc;
}

int dq_cmd_stats_check(const struct dq_args *a, struct dq_error *e)
{
    if (a->cpu && a->device.kind == DQ_DEVICE_GPU)
        return dq_fail(e, DQ_ERR_USAGE, "--cpu goes with --device cpu");
    return 0;
}

int dq_cmd_stats(const struct dq_args *args)
{
    struct dq_error e;
    int rc = 0;
    struct stats_command *h = dq_mem_calloc(1, sizeof *h);
    struct dq_report none;
    if (!h) {
        dq_report_open(&none, args);
        rc = dq_fail_nomem(&e);
        return dq_msg_failure(dq_report_end(&none, rc, &e), &e);
    }
    h->args = args;
    dq_report_open(&h->report, args);
    rc = stats(h, &e);
    rc = dq_msg_failure(dq_report_end(&h->report, rc, &e), &e);
    dq_engine_close(&h->engine);
    dq_picks_finish(&h->picks);
    dq_model_free(h->model);
    dq_mem_free(h);
    return rc;
}
