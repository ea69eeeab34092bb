#include "cli/cmd.h"

#include "base/decimal.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/stdout.h"
#include "cli/array_text.h"
#include "cli/confine.h"
#include "cli/model_arg.h"
#include "cli/report.h"
#include "cli/show_blocks.h"
#include "cli/unusable.h"
#include "run/run.h"

#include <math.h>
#include <string.h>

/* Arrays of more numbers are cut to their edges, as numpy does it. */
enum { THRESHOLD = 1000, EDGE = 3 };

enum { BLOCKS = 4 }; /* that --blocks shows */

struct show_command {
    const struct dq_args *args;
    uint64_t edge;
    struct dq_model *model;
    struct dq_picks picks;
    struct dq_engine engine;
    struct dq_report report; /* for JSON */
    size_t n_shown;
    struct dq_unusable unusable;
};

/* A selected array. */
struct shown_array {
    const struct dq_pick *pick;
    struct dq_slice slice;
    enum dq_dtype dtype; /* f32, or native for numbers that are shown as they are */
    struct dq_number_kind kind;
    uint64_t n_items;
};

/* Weights are shown as f32, numbers that have a type of their own in numpy as they are. */
static struct shown_array describe(const struct dq_pick *pick)
{
    const struct dq_type_info *type = pick->tensor->type;
    struct shown_array s = {
        .pick = pick, .dtype = type->default_dtype, .kind = {true, 4}, .n_items = 1};
    dq_pick_slice(pick, &s.slice);
    for (size_t i = 0; i < DQ_DIMS_MAX; i++)
        s.n_items *= s.slice.ranges[i].count;
    if (dq_dtype_is_stored(type, s.dtype))
        s.dtype = DQ_DTYPE_native; /* not decoded, which makes all NaNs one */
    if (s.dtype == DQ_DTYPE_native)
        s.kind = (struct dq_number_kind){type->stored[1] == 'f', type->bytes};
    return s;
}

/* ---- numpy's layout ---- */

/* An array of which the edges are read: each dimension that is cut has two parts, so that there are 2^n
 * corners, each a slice. */
struct corners {
    const struct shown_array *shown;
    const struct dq_model *model;
    uint64_t edge;
    bool is_cut[DQ_DIMS_MAX];    /* innermost first, like these: */
    uint64_t count[DQ_DIMS_MAX]; /* of what is read */
    struct dq_plan *plans;       /* of the corners */
    size_t n;                    /* corners */
    union dq_number *items;      /* of all corners, in the order of the array */
};

/* Whether a corner has the end of a dimension rather than its beginning. */
static bool is_end(const struct corners *c, size_t corner, size_t dim)
{
    for (size_t d = 0; d < dim; d++)
        corner >>= c->is_cut[d];
    return c->is_cut[dim] && corner % 2;
}

static void plan_corner(const struct corners *c, size_t corner, struct dq_plan *out)
{
    struct dq_range ranges[DQ_DIMS_MAX];
    for (size_t d = 0; d < DQ_DIMS_MAX; d++) {
        const struct dq_range *r = &c->shown->slice.ranges[d];
        ranges[d] = *r;
        if (c->is_cut[d])
            ranges[d].count = c->edge;
        if (is_end(c, corner, d))
            ranges[d].start += (r->count - c->edge) * (uint64_t)r->step;
    }
    dq_plan_init(out, c->model, c->shown->pick->tensor, c->shown->dtype, ranges);
}

/* Returns the place among the items of the k-th one of a corner. */
static size_t place_of(const struct corners *c, size_t corner, uint64_t k)
{
    uint64_t place = 0;
    uint64_t stride = 1;
    for (size_t d = 0; d < DQ_DIMS_MAX; d++) {
        const uint64_t count = c->is_cut[d] ? c->edge : c->count[d];
        place += stride * (k % count + (is_end(c, corner, d) ? c->edge : 0));
        k /= count;
        stride *= c->count[d];
    }
    return (size_t)place;
}

static const struct dq_plan *corner_plan(void *arg, size_t corner)
{
    const struct corners *c = arg;
    return &c->plans[corner];
}

static int keep(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    const struct corners *c = arg;
    const unsigned len = c->shown->kind.bytes;
    (void)state;
    (void)e;
    for (size_t i = 0; i < v->chunk->n_items; i++)
        c->items[place_of(c, v->item, v->chunk->first_item + i)] =
            dq_number_load(&c->shown->kind, v->bytes + i * len);
    return 0;
}

static int read_corners(struct show_command *h, struct corners *c, struct dq_error *e)
{
    const struct dq_consumer consumer = {.plan = corner_plan, .consume = keep, .arg = c};
    uint64_t n_items = 1;
    c->n = 1;
    for (size_t d = 0; d < DQ_DIMS_MAX; d++) {
        const uint64_t count = c->shown->slice.ranges[d].count;
        c->is_cut[d] = !h->args->full && c->shown->n_items > THRESHOLD && count / 2 >= h->edge &&
                       count > 2 * h->edge;
        c->count[d] = c->is_cut[d] ? 2 * h->edge : count;
        c->n <<= c->is_cut[d];
        n_items *= c->count[d];
    }
    c->plans = dq_mem_calloc(c->n, sizeof *c->plans);
    c->items = n_items < SIZE_MAX / sizeof *c->items
                   ? dq_mem_calloc((size_t)n_items + 1, sizeof *c->items)
                   : NULL;
    if (!c->plans || !c->items)
        return dq_fail_nomem(e);
    for (size_t i = 0; i < c->n; i++)
        plan_corner(c, i, &c->plans[i]);
    return n_items == 0 ? 0
                        : dq_run_chunks(h->engine.lanes, h->engine.n_lanes, 0, c->n, &consumer, e);
}

static void print_corners(const struct corners *c)
{
    const struct shown_array *s = c->shown;
    struct dq_array_text a = {.kind = s->kind, .items = c->items, .n_shape = s->slice.n_shape};
    size_t d = DQ_DIMS_MAX;
    for (size_t axis = 0; axis < a.n_shape; axis++) {
        a.shape[axis] = s->slice.shape[axis];
        if (a.shape[axis] == 1)
            continue;
        /* Indices have removed only dimensions of which one element is left. */
        do
            d--;
        while (s->slice.ranges[d].count == 1);
        a.shape[axis] = c->count[d];
        a.is_cut[axis] = c->is_cut[d];
    }
    dq_array_text_print(&a, dq_stdout());
}

static void print_heading(const struct shown_array *s)
{
    const struct dq_tensor *t = s->pick->tensor;
    char shape[DQ_SHAPE_WORDS];
    fprintf(dq_stdout(), "%s%s  %s  %s\n", t->display_name,
        s->pick->slice_text ? s->pick->slice_text : "", t->type->name, dq_tensor_shape(t, shape));
}

static int show_table(struct show_command *h, const struct shown_array *s, struct dq_error *e)
{
    struct corners c = {.shown = s, .model = h->model, .edge = h->edge};
    const int rc = read_corners(h, &c, e);
    if (rc == 0) {
        print_heading(s);
        print_corners(&c);
    }
    dq_mem_free(c.plans);
    dq_mem_free(c.items);
    return rc;
}

/* ---- all numbers, in order ---- */

struct value_listing {
    struct show_command *h;
    const struct shown_array *shown;
    struct dq_plan plan;
    uint64_t row_len;
    /* Writes a number; is_last: of its row. */
    void (*put)(const struct value_listing *l, const uint8_t *bytes, bool is_last);
    char separator; /* of the numbers in a row */
};

static void put_text(const struct value_listing *l, const uint8_t *bytes, bool is_last)
{
    char text[DQ_DECIMAL_SIZE];
    const struct dq_number_kind *kind = &l->shown->kind;
    fprintf(dq_stdout(), "%s%c", dq_number_text(kind, dq_number_load(kind, bytes), text),
        is_last ? '\n' : l->separator);
}

static void put_hex(const struct value_listing *l, const uint8_t *bytes, bool is_last)
{
    for (unsigned i = l->shown->kind.bytes; i > 0; i--)
        fprintf(dq_stdout(), "%02x", bytes[i - 1]);
    fputc(is_last ? '\n' : l->separator, dq_stdout());
}

static void put_json(const struct value_listing *l, const uint8_t *bytes, bool is_last)
{
    char text[DQ_DECIMAL_SIZE];
    const struct dq_number_kind *kind = &l->shown->kind;
    const union dq_number x = dq_number_load(kind, bytes);
    dq_number_text(kind, x, text);
    (void)is_last;
    if (kind->is_float && !isfinite(x.real))
        dq_json_put_text(&l->h->report.json, NULL, text, strlen(text));
    else
        dq_json_put_number(&l->h->report.json, NULL, text);
}

static const struct dq_plan *listing_plan(void *arg, size_t item)
{
    const struct value_listing *l = arg;
    (void)item;
    return &l->plan;
}

static int put_values(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    const struct value_listing *l = arg;
    (void)state;
    for (size_t i = 0; i < v->chunk->n_items && !dq_stdout_failed(); i++)
        l->put(l, v->bytes + i * l->shown->kind.bytes,
            (v->chunk->first_item + i + 1) % l->row_len == 0);
    return dq_stdout_failed() ? dq_stdout_flush(e) : 0;
}

static int list_values(struct show_command *h, const struct shown_array *s, struct value_listing *l,
    struct dq_error *e)
{
    const struct dq_consumer consumer = {
        .in_order = true, .plan = listing_plan, .consume = put_values, .arg = l};
    l->h = h;
    l->shown = s;
    l->row_len = s->slice.n_shape > 0 ? s->slice.shape[s->slice.n_shape - 1] : 1;
    dq_plan_init(&l->plan, h->model, s->pick->tensor, s->dtype, s->slice.ranges);
    return s->n_items == 0 ? 0
                           : dq_run_chunks(h->engine.lanes, h->engine.n_lanes, 0, 1, &consumer, e);
}

/* Rows, with an empty line between arrays. */
static int show_rows(struct show_command *h, const struct shown_array *s, struct dq_error *e)
{
    static const struct value_listing formats[] = {
        [DQ_TEXT_CSV] = {.put = put_text, .separator = ','},
        [DQ_TEXT_TSV] = {.put = put_text, .separator = '\t'},
        [DQ_TEXT_HEX] = {.put = put_hex, .separator = ' '},
    };
    struct value_listing l = formats[h->args->text_format];
    if (h->n_shown > 0)
        fputc('\n', dq_stdout());
    return list_values(h, s, &l, e);
}

static struct dq_blocks_job blocks_of(const struct show_command *h, const struct dq_pick *pick)
{
    return (struct dq_blocks_job){.model = h->model,
        .pick = pick,
        .engine = &h->engine,
        .most = h->args->full ? UINT64_MAX : BLOCKS};
}

static int show_blocks(struct show_command *h, const struct shown_array *s, struct dq_error *e)
{
    const struct dq_blocks_job job = blocks_of(h, s->pick);
    print_heading(s);
    const int rc = dq_show_blocks(&job, e);
    fputc('\n', dq_stdout());
    return rc;
}

static int put_numbers(struct show_command *h, const struct shown_array *s, struct dq_error *e)
{
    struct dq_json *j = &h->report.json;
    struct value_listing l = {.put = put_json};
    char dtype[] = "f32";
    if (s->dtype == DQ_DTYPE_native)
        snprintf(dtype, sizeof dtype, "%c%u", s->kind.is_float ? 'f' : 'i', 8 * s->kind.bytes);
    dq_json_put_text(j, "dtype", dtype, strlen(dtype));
    dq_json_put(j, "shape", dq_json_u64s(s->slice.shape, s->slice.n_shape));
    dq_json_begin_row(j, "values");
    const int rc = list_values(h, s, &l, e);
    dq_json_end(j);
    return rc;
}

static int put_blocks(struct show_command *h, const struct shown_array *s, struct dq_error *e)
{
    struct dq_blocks_job job = blocks_of(h, s->pick);
    job.json = &h->report.json;
    return dq_show_blocks(&job, e);
}

static int show_json(struct show_command *h, const struct shown_array *s, struct dq_error *e)
{
    struct dq_json *j = &h->report.json;
    const struct dq_tensor *t = s->pick->tensor;
    const char *slice = s->pick->slice_text;
    if (h->args->jsonl)
        dq_json_begin_row_object(j, NULL);
    else
        dq_json_begin_object(j, NULL);
    dq_json_put_text(j, "name", t->display_name, strlen(t->display_name));
    dq_json_put(j, "slice", slice ? dq_json_text(slice, strlen(slice)) : json_null());
    dq_json_put_text(j, "type", t->type->name, strlen(t->type->name));
    const int rc = h->args->blocks ? put_blocks(h, s, e) : put_numbers(h, s, e);
    dq_json_end(j);
    return rc;
}

/* ---- the command ---- */

static int show_pick(struct show_command *h, const struct dq_pick *pick, struct dq_error *e)
{
    const bool is_table = h->args->text_format == DQ_TEXT_TABLE;
    struct dq_error why;
    const int rc_pick = dq_pick_usable(h->model, pick, true, &why);
    if (rc_pick != 0) {
        dq_unusable_add(&h->unusable, h->model, pick->tensor, h->picks.n, rc_pick, why.text);
        return 0;
    }
    const struct shown_array s = describe(pick);
    const int rc = h->args->json || h->args->jsonl ? show_json(h, &s, e)
                   : h->args->blocks               ? show_blocks(h, &s, e)
                   : is_table                      ? show_table(h, &s, e)
                                                   : show_rows(h, &s, e);
    h->n_shown++;
    return rc == 0 ? dq_stdout_flush(e) : rc;
}

static int show(struct show_command *h, struct dq_error *e)
{
    const struct dq_engine_options options = {.device = {.kind = DQ_DEVICE_CPU}};
    dq_confine(h->args, &(struct dq_sandbox){.may_read = true});
    int rc = dq_model_arg_open(h->args, &h->model, e);
    if (rc == 0)
        rc = dq_model_arg_tensors(h->args, h->model, &h->picks, e);
    if (rc == 0)
        rc = dq_engine_open(&h->engine, &options, e);
    if (rc != 0)
        return rc;
    dq_confine(h->args, &(struct dq_sandbox){0});
    dq_report_field(&h->report, "model", dq_cell_text(h->model->path));
    if (h->args->json)
        dq_json_begin_list(&h->report.json, "tensors");
    for (size_t i = 0; rc == 0 && i < h->picks.n; i++)
        rc = show_pick(h, &h->picks.items[i], e);
    dq_unusable_end(&h->unusable);
    if (rc == 0 && h->unusable.n > 0)
        rc = dq_fail(e, h->unusable.first_failure, "%zu of %zu %s cannot be shown", h->unusable.n,
            h->picks.n, h->picks.n == 1 ? "array" : "arrays");
    return rc;
}

int dq_cmd_show_check(const struct dq_args *a, struct dq_error *e)
{
    if (!a->tensors.n && !a->tensors_from)
        return dq_fail(e, DQ_ERR_USAGE, "name a tensor; 'gguf-dq list' shows what there is");
    if (a->blocks && (a->text_format != DQ_TEXT_TABLE || a->edge))
        return dq_fail(
            e, DQ_ERR_USAGE, "--blocks has a form of its own: --format and --edge change nothing");
    if ((a->json || a->jsonl) && (a->text_format != DQ_TEXT_TABLE || a->edge || a->full))
        return dq_fail(
            e, DQ_ERR_USAGE, "JSON has all values: --format, --edge and --full change nothing");
    if (a->text_format != DQ_TEXT_TABLE && (a->edge || a->full))
        return dq_fail(e, DQ_ERR_USAGE,
            "--edge and --full are for --format table; the others have all values");
    return a->edge && a->full ? dq_fail(e, DQ_ERR_USAGE, "--edge and --full exclude each other")
                              : 0;
}

int dq_cmd_show(const struct dq_args *args)
{
    struct dq_error e;
    struct show_command h = {.args = args, .edge = args->edge ? args->edge : EDGE};
    dq_report_open(&h.report, args);
    int rc = show(&h, &e);
    rc = dq_msg_failure(dq_report_end(&h.report, rc, &e), &e);
    dq_engine_close(&h.engine);
    dq_picks_finish(&h.picks);
    dq_model_free(h.model);
    return rc;
}
