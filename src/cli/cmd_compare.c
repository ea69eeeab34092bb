#include "cli/cmd.h"

#include "arrays/arrays.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/compare_pairs.h"
#include "cli/progress.h"
#include "cli/reducing.h"
#include "cli/report.h"
#include "reduce/difference_tensors.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct compare_command {
    const struct dq_args *args;
    struct dq_model *reference;
    struct dq_model *model;
    struct dq_names names;
    struct dq_picks picks;
    struct dq_compare_pairs pairs;
    struct dq_engine engine;
    struct dq_progress progress;
    struct dq_report report;
    struct dq_plan_pair plans[DQ_RUN_ITEMS_MAX]; /* a ring */
    struct dq_gather gathers[DQ_RUN_ITEMS_MAX];  /* of these plans */
    enum dq_arrays_kind kind;                    /* of the reference; NONE: a GGUF */
    struct dq_difference total;
    size_t n_equal;
    size_t n_beyond; /* tensors that are farther apart than they may be */
};

/* ---- limits ---- */

enum limit { EQUAL, MAX_NMSE, MIN_SNR, MAX_ABS, N_LIMITS };

static const char *const limit_names[N_LIMITS] = {
    [EQUAL] = "equal",
    [MAX_NMSE] = "max-nmse",
    [MIN_SNR] = "min-snr",
    [MAX_ABS] = "max-abs",
};

/* Which limits a tensor is beyond, as bits. Where a number stands against NaN or an infinity, it is beyond every
 * limit; where a figure is not defined, if there is a difference. */
static unsigned limits_beyond(
    const struct dq_args *a, const struct dq_difference *d, const struct dq_difference_figures *f)
{
    const bool is_unlike = dq_difference_n_unlike(d) > 0;
    const bool is_undefined = isnan(f->nmse) && d->max_abs > 0;
    const bool all = is_unlike || is_undefined;
    unsigned beyond = 0;
    if (a->equal && d->n_equal_bits < d->n_weights)
        beyond |= 1u << EQUAL;
    if (a->max_nmse >= 0 && (all || f->nmse > a->max_nmse))
        beyond |= 1u << MAX_NMSE;
    if (!isnan(a->min_snr) && (all || f->snr < a->min_snr))
        beyond |= 1u << MIN_SNR;
    if (a->max_abs >= 0 && (is_unlike || (double)d->max_abs > a->max_abs))
        beyond |= 1u << MAX_ABS;
    return beyond;
}

static json_t *limits_json(unsigned beyond)
{
    json_t *list = json_array();
    for (unsigned i = 0; list && i < N_LIMITS; i++) {
        if (beyond >> i & 1 && json_array_append_new(list, json_string(limit_names[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* ---- the report ---- */

static const struct dq_column columns[] = {
    {.key = "name", .heading = "NAME", .width = -4},
    {.key = "reference_name"},
    {.key = "slice"},
    {.key = "reference_type", .heading = "REFERENCE", .width = -9},
    {.key = "type", .heading = "TYPE", .width = -4},
    {.key = "shape"},
    {.key = "weights"},
    {.key = "finite"},
    {.key = "equal_bits"},
    {.key = "equal_values"},
    {.key = "sign_flips"},
    {.key = "to_zero"},
    {.key = "from_zero"},
    {.key = "nonfinite"},
    {.key = "mse"},
    {.key = "rmse"},
    {.key = "nmse", .heading = "NMSE", .width = 11},
    {.key = "rel"},
    {.key = "snr", .heading = "SNR", .width = 7, .json_digits = 6},
    {.key = "cosine", .heading = "COSINE", .width = 9},
    {.key = "gain", .heading = "GAIN", .width = 9},
    {.key = "bias", .heading = "BIAS", .width = 12},
    {.key = "max_abs", .heading = "MAX ABS", .width = 11},
    {.key = "max_at"},
    {.key = "pattern"},
    {.key = "beyond"},
    {.heading = "PATTERN", .width = -7},
};

enum {
    NAME = 0,
    REFERENCE_TYPE = 3,
    TYPE = 4,
    NAME_WIDTH_MAX = 64,
    N_COLUMNS = sizeof columns / sizeof columns[0]
};

static const struct dq_column unpaired_columns[] = {
    {.key = "only_in", .heading = "", .width = -9},
    {.key = "name", .heading = ""},
    {.key = "type"},
    {.key = "shape"},
};

enum { N_UNPAIRED_COLUMNS = sizeof unpaired_columns / sizeof unpaired_columns[0] };

/* A figure that may be undefined. */
static struct dq_cell figure(double value)
{
    return isnan(value) ? dq_cell_null() : dq_cell_real(value);
}

static json_t *figure_json(double value)
{
    return isnan(value) ? json_null() : dq_json_real(value);
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
static json_t *side_json(
    const struct dq_model *m, const struct dq_plan *p, uint64_t number, float value)
{
    const struct dq_tensor *t;
    uint64_t index;
    dq_plan_locate(p, number, &t, &index);
    if (!t)
        return json_pack("{s:o, s:n, s:n, s:n}", "value", dq_json_real((double)value), "block",
            "file", "offset");
    const uint64_t block = index / t->type->weights;
    const char *path = m->shards[t->shard].path;
    return json_pack("{s:o, s:o, s:o, s:o}", "value", dq_json_real((double)value), "block",
        dq_json_u64(block), "file", dq_json_text(path, strlen(path)), "offset",
        dq_json_u64(t->offset + block * t->type->bytes));
}

/* The first of the largest differences. */
static json_t *place_json(const struct compare_command *h, size_t i, const struct dq_difference *d)
{
    const struct dq_compare_pair *pair = &h->pairs.items[i];
    const struct dq_plan_pair *plans = &h->plans[i % DQ_RUN_ITEMS_MAX];
    uint64_t indices[DQ_DIMS_MAX];
    uint64_t number = d->first_max;
    for (size_t k = pair->n_shape; k-- > 0; number /= pair->shape[k])
        indices[k] = number % pair->shape[k];
    return json_pack("{s:o, s:o, s:o}", "indices", dq_json_u64s(indices, pair->n_shape),
        "reference", side_json(h->reference, &plans->reference, d->first_max, d->max_reference),
        "model", side_json(h->model, &plans->model, d->first_max, d->max_model));
}

/* Returns the name of a tensor with the slice, or that of a Hugging Face array; the caller frees it with
 * dq_mem_free. NULL: memory is short. */
static char *shown_name(const struct dq_compare_pair *pair)
{
    const struct dq_pick *pick = pair->pick;
    return dq_mem_printf("%s%s",
        pair->array ? pair->reference->display_name : pick->tensor->display_name,
        pick->slice_text ? pick->slice_text : "");
}

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

/* What a reader of the table should see first: "beyond --max-nmse; b = 2 a". */
static void describe(const struct dq_difference *d, const struct dq_difference_figures *f,
    unsigned beyond, char *out, size_t size)
{
    const enum dq_difference_pattern pattern = dq_difference_pattern(d);
    out[0] = '\0';
    for (unsigned i = 0; i < N_LIMITS; i++) {
        if (beyond >> i & 1)
            append(out, size, "beyond --%s", limit_names[i]);
    }
    if (dq_difference_n_unlike(d) > 0)
        append(out, size, "%" PRIu64 " differ in NaN or infinity", dq_difference_n_unlike(d));
    if (pattern == DQ_DIFFERENCE_OFFSET)
        append(out, size, "b = a %c %.6g", d->min_step < 0 ? '-' : '+', fabs((double)d->min_step));
    else if (pattern == DQ_DIFFERENCE_SCALED)
        append(out, size, "b = %.6g a", 1 / f->gain);
    else if (pattern != DQ_DIFFERENCE_NONE)
        append(out, size, "%s", dq_difference_description(pattern));
}

static int put_pair(void *arg, size_t i, const struct dq_difference *d, struct dq_error *e)
{
    struct compare_command *h = arg;
    const struct dq_compare_pair *pair = &h->pairs.items[i];
    const bool is_table = dq_report_is_table(&h->report);
    struct dq_difference_figures f;
    char text[256];
    char *name = shown_name(pair);
    if (!name)
        return dq_fail_nomem(e);
    dq_difference_figures(d, &f);
    const unsigned beyond = limits_beyond(h->args, d, &f);
    describe(d, &f, beyond, text, sizeof text);
    dq_difference_merge(&h->total, d);
    h->n_equal += d->n_equal_bits == d->n_weights;
    h->n_beyond += beyond != 0;
    dq_report_row(&h->report,
        (const struct dq_cell[N_COLUMNS]){
            dq_cell_shown(dq_cell_name(pair->pick->tensor->display_name), name),
            dq_cell_name(pair->reference->display_name),
            dq_cell_text(pair->pick->slice_text),
            dq_cell_text(pair->reference->type->name),
            dq_cell_text(pair->pick->tensor->type->name),
            dq_cell_u64s(pair->shape, pair->n_shape),
            dq_cell_u64(d->n_weights),
            dq_cell_u64(dq_difference_n_finite(d)),
            dq_cell_u64(d->n_equal_bits),
            dq_cell_u64(d->n_equal_values),
            dq_cell_u64(d->n_sign_flips),
            dq_cell_u64(d->n_to_zero),
            dq_cell_u64(d->n_from_zero),
            is_table ? dq_cell_null() : dq_cell_json(nonfinite_json(d)),
            figure(f.mse),
            figure(f.rmse),
            figure(f.nmse),
            figure(f.rel),
            figure(f.snr),
            figure(f.cosine),
            figure(f.gain),
            figure(f.bias),
            dq_difference_n_finite(d) > 0 ? dq_cell_real((double)d->max_abs) : dq_cell_null(),
            is_table || d->max_abs == 0 ? dq_cell_null() : dq_cell_json(place_json(h, i, d)),
            dq_cell_text(dq_difference_description(dq_difference_pattern(d))),
            is_table ? dq_cell_null() : dq_cell_json(limits_json(beyond)),
            dq_cell_text(text),
        });
    dq_mem_free(name);
    return dq_report_flush(&h->report, e);
}

static void put_unpaired(struct compare_command *h)
{
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

/* The figures of all tensors together. */
static void put_total(struct compare_command *h)
{
    const struct dq_difference *d = &h->total;
    struct dq_difference_figures f;
    dq_difference_figures(d, &f);
    dq_report_print(&h->report, "%zu %s compared, %zu equal", h->pairs.n,
        h->pairs.n == 1 ? "tensor" : "tensors", h->n_equal);
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
    const struct dq_compare_pair *pair = &h->pairs.items[i];
    const struct dq_range *ranges = pair->pick->slice ? pair->pick->slice->ranges : NULL;
    struct dq_plan_pair *p = &h->plans[i % DQ_RUN_ITEMS_MAX];
    if (pair->array) {
        struct dq_gather *g = &h->gathers[i % DQ_RUN_ITEMS_MAX];
        dq_layout_gather(pair->array, g);
        dq_plan_init_gather(&p->model, g, DQ_DTYPE_f32);
    } else {
        dq_plan_init(&p->model, h->model, pair->pick->tensor, DQ_DTYPE_f32, ranges);
    }
    dq_plan_init(&p->reference, h->reference, pair->reference, DQ_DTYPE_f32,
        pair->is_sliced ? ranges : NULL);
    return p;
}

static void widen(struct compare_command *h, size_t column, size_t n_letters)
{
    dq_report_widen(&h->report, column, n_letters < NAME_WIDTH_MAX ? n_letters : NAME_WIDTH_MAX);
}

static size_t letters(const char *text)
{
    return text ? dq_text_letters(text, strlen(text)) : 0;
}

/* Makes the columns as wide as what they will show, but for very long names. Returns the bytes of the weights. */
static uint64_t measure(struct compare_command *h)
{
    uint64_t total = 0;
    for (size_t i = 0; i < h->pairs.n; i++) {
        const struct dq_compare_pair *pair = &h->pairs.items[i];
        uint64_t n = sizeof(float);
        for (size_t d = 0; d < pair->n_shape; d++)
            n *= pair->shape[d];
        total += n;
        widen(h, NAME,
            pair->array
                ? letters(pair->reference->display_name)
                : letters(pair->pick->tensor->display_name) + letters(pair->pick->slice_text));
        widen(h, REFERENCE_TYPE, letters(pair->reference->type->name));
        widen(h, TYPE, letters(pair->pick->tensor->type->name));
    }
    return total;
}

static int reduce(struct compare_command *h, struct dq_error *e)
{
    const struct dq_difference_job job = {
        .n_pairs = h->pairs.n,
        .plan = plan,
        .progress = add_progress,
        .end = put_pair,
        .arg = h,
    };
    dq_progress_init(&h->progress, measure(h));
    const int rc = dq_difference_tensors(h->engine.lanes, h->engine.n_lanes, &job, e);
    dq_progress_finish(&h->progress);
    return rc;
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
    options->per_lane_extra = DQ_DIFFERENCE_LEN + (options->gathers ? DQ_GATHER_LANE_MAX : 0);
    return dq_reducing_open(h->args, options, &h->engine, e);
}

static int open_all(struct compare_command *h, struct dq_error *e)
{
    struct dq_engine_options options;
    dq_reducing_init(h->args, &options);
    int rc = open_reference(h, e);
    if (rc == 0)
        rc = dq_model_arg_open(h->args, &h->model, e);
    if (rc == 0)
        rc = dq_names_read(h->args, &h->names, e);
    if (rc == 0)
        rc = dq_model_arg_select(h->args, h->model, &h->names, &h->picks, e);
    if (rc == 0 && h->args->share.count > 0)
        rc = dq_picks_keep_share(&h->picks, &h->args->share, e);
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
            h->n_beyond, n, tensors, h->n_beyond == 1 ? "is" : "are");
    if (h->args->equal && p->n_unpaired > 0)
        return dq_fail(e, DQ_ERR_MISMATCH, "%zu %s in one of the two only", p->n_unpaired,
            p->n_unpaired == 1 ? "tensor is" : "tensors are");
    return 0;
}

static int compare(struct compare_command *h, struct dq_error *e)
{
    int rc = open_all(h, e);
    if (rc != 0)
        return rc;
    const int rc_whole = check_whole(h);
    dq_report_field(&h->report, "reference", dq_cell_text(h->reference->path));
    dq_report_field(&h->report, "model", dq_cell_text(h->model->path));
    dq_report_begin_rows(&h->report, "tensors", columns, N_COLUMNS);
    rc = reduce(h, e);
    dq_report_end_rows(&h->report);
    if (rc != 0)
        return rc;
    put_unpaired(h);
    put_total(h);
    return conclude(h, rc_whole, e);
}

int dq_cmd_compare_check(const struct dq_args *a, struct dq_error *e)
{
    if (!a->reference || !a->model)
        return dq_fail(e, DQ_ERR_USAGE, "needs two models: REFERENCE and MODEL");
    if (a->cpu && a->device.kind == DQ_DEVICE_GPU)
        return dq_fail(e, DQ_ERR_USAGE, "--cpu goes with --device cpu");
    return 0;
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
    rc = compare(h, &e);
    rc = dq_msg_failure(dq_report_end(&h->report, rc, &e), &e);
    dq_engine_close(&h->engine);
    dq_compare_pairs_finish(&h->pairs);
    dq_picks_finish(&h->picks);
    dq_names_finish(&h->names);
    dq_model_free(h->model);
    dq_model_free(h->reference);
    dq_mem_free(h);
    return rc;
}
