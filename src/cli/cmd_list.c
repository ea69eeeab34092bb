#include "cli/cmd.h"

#include "base/checked.h"
#include "base/stdout.h"
#include "base/text.h"
#include "cli/cache.h"
#include "cli/confine.h"
#include "cli/layout_arg.h"
#include "cli/list_cache.h"
#include "cli/metadata.h"
#include "cli/model_arg.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME, TYPE, SHAPE = 3, NAME_WIDTH_MAX = 64 /* few names are longer */ };

static const struct dq_column columns[] = {
    [NAME] = {.key = "name", .heading = "NAME", .width = -4},
    [TYPE] = {.key = "type", .heading = "TYPE", .width = -4},
    {.key = "type_id"},
    [SHAPE] = {.key = "shape", .heading = "SHAPE", .width = 5},
    {.key = "weights"},
    {.key = "bytes", .heading = "BYTES", .width = 12},
    {.key = "offset", .heading = "OFFSET", .width = 12},
    {.key = "file"},
    {.key = "problem", .heading = ""},
};

enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

static const char *type_words(const struct dq_tensor *t, char *room, size_t size)
{
    if (t->type)
        return t->type->name;
    snprintf(room, size, "type %" PRIu32 " (unknown)", t->type_id);
    return room;
}

/* What is said of the tensors together. */
struct totals {
    size_t n_unusable;
    uint64_t n_weights; /* of the usable tensors */
    uint64_t n_bytes;
    size_t letters[SHAPE + 1]; /* of the longest text in these columns */
};

static void widen(size_t *letters, const char *text, size_t most)
{
    const size_t n = dq_text_letters(text, strlen(text));
    if (n > *letters)
        *letters = n < most ? n : most;
}

static struct totals add_up(const struct dq_picks *picks)
{
    struct totals sum = {0};
    char room[DQ_SHAPE_WORDS];
    for (size_t i = 0; i < picks->n; i++) {
        const struct dq_tensor *t = picks->items[i].tensor;
        widen(&sum.letters[NAME], t->display_name, NAME_WIDTH_MAX);
        widen(&sum.letters[TYPE], type_words(t, room, sizeof room), SIZE_MAX);
        widen(&sum.letters[SHAPE], dq_tensor_shape(t, room), SIZE_MAX);
        if (t->problem) {
            sum.n_unusable++;
            continue;
        }
        /* Saturating: a tensor of an unknown type may claim any number of weights. */
        sum.n_weights = dq_add_sat_u64(sum.n_weights, t->n_weights);
        sum.n_bytes = dq_add_sat_u64(sum.n_bytes, t->n_bytes);
    }
    return sum;
}

/* The lines above the table. */
static int print_head(struct dq_report *r, const struct dq_model *m, const struct dq_picks *picks,
    const struct totals *sum, struct dq_error *e)
{
    char arch[128];
    char path[1024];
    char size[32];
    const int rc = dq_metadata_text(m, "general.architecture", arch, sizeof arch, e);
    if (rc != 0)
        return rc;
    dq_escape(m->path, strlen(m->path), DQ_ESCAPE_LINE, path, sizeof path);
    dq_report_print(r, "%s: GGUF version %" PRIu32 "%s", path, dq_model_head(m)->version,
        dq_model_head(m)->big_endian ? ", big-endian" : "");
    if (m->n_files > m->n_shards)
        dq_report_print(r, ", %zu of %" PRIu64 " files", m->n_shards, m->n_files);
    else if (m->n_shards > 1)
        dq_report_print(r, ", %zu files", m->n_shards);
    dq_report_print(r, "%s%s, %zu", arch[0] ? ", " : "", arch, picks->n);
    if (picks->n != m->n_tensors)
        dq_report_print(r, " of %zu", m->n_tensors);
    dq_report_print(r, " %s, %" PRIu64 " %s, %s of tensors\n",
        m->n_tensors == 1 ? "tensor" : "tensors", sum->n_weights,
        sum->n_weights == 1 ? "weight" : "weights", dq_format_bytes(sum->n_bytes, size));
    if (sum->n_unusable > 0)
        dq_report_print(r, "%zu of these %s not usable and not counted\n", sum->n_unusable,
            sum->n_unusable == 1 ? "is" : "are");
    dq_report_print(r, "\n");
    return 0;
}

/* A row, and the memory for its texts. */
struct list_row {
    struct dq_cell cells[N_COLUMNS];
    char type[40];
    char shape_words[DQ_SHAPE_WORDS];
    char problem[1024];
    uint64_t shape[DQ_DIMS_MAX];
};

static struct dq_cell problem_cell(const struct dq_tensor *t, char *room, size_t size)
{
    if (!t->problem && t->stored_name) {
        char stored[256];
        dq_escape(t->stored_name, strlen(t->stored_name), DQ_ESCAPE_LINE, stored, sizeof stored);
        snprintf(room, size, "stored as %s", stored);
        return dq_cell_shown(dq_cell_null(), room);
    }
    if (!t->problem && t->has_bad_shape)
        return dq_cell_shown(dq_cell_null(), "the metadata has another shape, which does not fit");
    if (!t->problem)
        return dq_cell_null();
    snprintf(room, size, "unusable: %s", t->problem);
    return dq_cell_shown(dq_cell_text(t->problem), room);
}

static const struct dq_cell *make_row(
    const struct dq_model *m, const struct dq_tensor *t, struct list_row *r)
{
    for (uint32_t i = 0; i < t->n_dims; i++)
        r->shape[i] = t->dims[t->n_dims - 1 - i];
    struct dq_cell *cell = r->cells;
    *cell++ = dq_cell_name(t->display_name);
    *cell++ = dq_cell_shown(
        dq_cell_text(t->type ? t->type->name : NULL), type_words(t, r->type, sizeof r->type));
    *cell++ = dq_cell_u64(t->type_id);
    *cell++ = dq_cell_shown(
        t->n_dims_stored > DQ_DIMS_MAX ? dq_cell_null() : dq_cell_u64s(r->shape, t->n_dims),
        dq_tensor_shape(t, r->shape_words));
    *cell++ = dq_cell_u64(t->n_weights);
    *cell++ = dq_cell_u64(t->n_bytes);
    *cell++ = dq_cell_u64(t->offset);
    *cell++ = dq_cell_text(m->shards[t->shard].path);
    *cell++ = problem_cell(t, r->problem, sizeof r->problem);
    return r->cells;
}

static void put_tensors(struct dq_report *r, const struct dq_model *m, const struct dq_picks *picks,
    const struct totals *sum)
{
    struct list_row row;
    dq_report_begin_rows(r, "tensors", columns, N_COLUMNS);
    for (size_t i = NAME; i <= SHAPE; i++)
        dq_report_widen(r, i, sum->letters[i]);
    for (size_t i = 0; i < picks->n && !dq_stdout_failed(); i++)
        dq_report_row(r, make_row(m, picks->items[i].tensor, &row));
    dq_report_end_rows(r);
}

/* ---- --layout hf ---- */

enum { HF_TENSORS, HF_NAME, HF_SHAPE, HF_COUNT, HF_OPERATIONS };

static const struct dq_column hf_columns[] = {
    [HF_TENSORS] = {.key = "tensors", .heading = "TENSORS", .width = -7},
    [HF_NAME] = {.key = "name", .heading = "HUGGING FACE NAME", .width = -17},
    [HF_SHAPE] = {.key = "shape", .heading = "SHAPE", .width = 5},
    [HF_COUNT] = {.key = "count", .heading = "COUNT", .width = 5},
    [HF_OPERATIONS] = {.key = "operations", .heading = "OPERATIONS"},
    {.key = "exact"},
    {.key = "problem", .heading = ""},
};

enum { N_HF_COLUMNS = sizeof hf_columns / sizeof hf_columns[0] };

enum { HF_NAME_SIZE = 1024 /* of a tensor's name in a row, in bytes */ };

/* A row, and the memory for its texts. */
struct hf_row {
    struct dq_cell cells[N_HF_COLUMNS];
    char tensors[DQ_GATHER_SOURCES * (HF_NAME_SIZE + 4)];
    char shape[DQ_LAYOUT_DIMS_MAX * (DQ_DIGITS_MAX + 1)];
    char problem[1100];
};

/* Returns the names of a group's tensors for people. */
static const char *hf_tensors_shown(const struct dq_layout_group *g, char *room, size_t size)
{
    char name[HF_NAME_SIZE];
    size_t len = (size_t)snprintf(room, size, "%s", g->n_inputs == 0 ? "(metadata)" : "");
    for (size_t i = 0; i < g->n_inputs && len < size; i++)
        len += (size_t)snprintf(room + len, size - len, "%s%s", i > 0 ? " + " : "",
            dq_text_cut(g->inputs[i]->tensor->display_name, name, sizeof name));
    return room;
}

static const char *hf_shape_shown(const struct dq_layout_group *g, char *room, size_t size)
{
    size_t len = (size_t)snprintf(room, size, "%s", g->n_shape == 0 ? "scalar" : "");
    for (size_t i = 0; i < g->n_shape; i++)
        len +=
            (size_t)snprintf(room + len, size - len, "%s%" PRIu64, i > 0 ? "x" : "", g->shape[i]);
    return room;
}

static const struct dq_cell *make_hf_row(
    const struct dq_report *report, const struct dq_layout_group *g, struct hf_row *r)
{
    const bool has_arrays = g->code == 0 && g->n_arrays > 0;
    const char *tensors = hf_tensors_shown(g, r->tensors, sizeof r->tensors);
    snprintf(r->problem, sizeof r->problem, "%s", g->reason ? g->reason : "");
    struct dq_cell *cell = r->cells;
    *cell++ = dq_report_is_table(report) ? dq_cell_shown(dq_cell_null(), tensors)
                                         : dq_cell_json(dq_layout_input_names(g));
    *cell++ = has_arrays ? dq_cell_text(g->pattern) : dq_cell_shown(dq_cell_null(), "-");
    *cell++ = has_arrays ? dq_cell_shown(dq_cell_u64s(g->shape, g->n_shape),
                               hf_shape_shown(g, r->shape, sizeof r->shape))
                         : dq_cell_null();
    *cell++ = dq_cell_u64(has_arrays ? g->n_arrays : 0);
    *cell++ = dq_cell_text(g->operations);
    *cell++ = dq_cell_bool(!g->is_rounded);
    *cell++ = g->reason ? dq_cell_text(r->problem) : dq_cell_null();
    return r->cells;
}

/* Makes a column as wide as a text in it, but at most so many characters. */
static void widen_column(struct dq_report *r, size_t column, const char *text, size_t most)
{
    size_t letters = 0;
    widen(&letters, text, most);
    dq_report_widen(r, column, letters);
}

/* Puts what becomes of the tensors as Hugging Face arrays. */
static void put_layout(struct dq_report *r, const struct dq_layout *l)
{
    struct hf_row row;
    dq_report_field(r, "class", dq_cell_text(l->table.class_name));
    dq_report_print(r, "As %s:\n\n", l->table.class_name);
    dq_report_begin_rows(r, "arrays", hf_columns, N_HF_COLUMNS);
    for (size_t i = 0; dq_report_is_table(r) && i < l->n_groups; i++) {
        const struct dq_layout_group *g = l->groups[i];
        widen_column(r, HF_TENSORS, hf_tensors_shown(g, row.tensors, sizeof row.tensors),
            g->n_inputs > 1 ? SIZE_MAX : NAME_WIDTH_MAX);
        widen_column(
            r, HF_NAME, g->code == 0 && g->n_arrays > 0 ? g->pattern : "-", 2 * NAME_WIDTH_MAX);
        widen_column(r, HF_SHAPE, hf_shape_shown(g, row.shape, sizeof row.shape), SIZE_MAX);
    }
    for (size_t i = 0; i < l->n_groups; i++)
        dq_report_row(r, make_hf_row(r, l->groups[i], &row));
    dq_report_end_rows(r);
}

/* What the JSON object says about the model before its tensors. */
static void put_fields(struct dq_report *r, const struct dq_model *m)
{
    struct dq_json *j = dq_report_json(r);
    if (!j)
        return;
    dq_report_field(r, "model", dq_cell_text(m->path));
    dq_report_field(r, "version", dq_cell_u64(dq_model_head(m)->version));
    dq_report_field(r, "endian", dq_cell_text(dq_model_head(m)->big_endian ? "big" : "little"));
    dq_report_field(r, "alignment", dq_cell_u64(dq_model_head(m)->alignment));
    dq_json_begin_list(j, "files");
    for (size_t i = 0; i < m->n_shards; i++)
        dq_json_put(j, NULL, dq_json_text(m->shards[i].path, strlen(m->shards[i].path)));
    dq_json_end(j);
    dq_report_field(r, "warning", m->warning ? dq_cell_text(m->warning) : dq_cell_null());
}

static int put_model(struct dq_report *r, const struct dq_args *args, const struct dq_model *m,
    const struct dq_picks *picks, const struct dq_layout *layout, struct dq_error *e)
{
    struct totals sum = {0};
    int rc = 0;
    if (dq_report_is_table(r)) {
        sum = add_up(picks);
        rc = print_head(r, m, picks, &sum, e);
    }
    put_fields(r, m);
    if (rc == 0 && args->meta) {
        rc = dq_metadata_put(r, m, args->meta_short, e);
        dq_report_print(r, "\n");
    }
    if (rc == 0 && layout)
        put_layout(r, layout);
    else if (rc == 0)
        put_tensors(r, m, picks, &sum);
    return rc;
}

/* Prints the escaped names, one a line, or with end_in_nul their bytes. Only a name that contains NUL
 * is escaped then, which is understood unless it is the name of another tensor. */
static int print_names(
    const struct dq_model *m, const struct dq_picks *picks, bool end_in_nul, struct dq_error *e)
{
    for (size_t i = 0; i < picks->n && !dq_stdout_failed(); i++) {
        const struct dq_tensor *t = picks->items[i].tensor;
        const bool raw = end_in_nul && strlen(t->name) == t->name_len;
        if (end_in_nul && !raw && dq_model_find(m, t->display_name, strlen(t->display_name)))
            return dq_tensor_fail(m, t, e, DQ_ERR_USAGE,
                "its name contains NUL, and its escaped name is that of another tensor; print "
                "names without --null");
        fputs(raw ? t->name : t->display_name, dq_stdout());
        putc(end_in_nul ? '\0' : '\n', dq_stdout());
    }
    return dq_stdout_flush(e);
}

/* Prints the names of Hugging Face arrays that there will be. */
static int print_array_names(const struct dq_layout *l, bool end_in_nul, struct dq_error *e)
{
    for (size_t i = 0; i < l->n_arrays && !dq_stdout_failed(); i++) {
        if (l->arrays[i].group->code == 0)
            fprintf(dq_stdout(), "%s%c", l->arrays[i].name, end_in_nul ? '\0' : '\n');
    }
    return dq_stdout_flush(e);
}

int dq_cmd_list_check(const struct dq_args *args, struct dq_error *e)
{
    if (args->jsonl && args->meta)
        return dq_fail(e, DQ_ERR_USAGE, "--meta works with --json, but not with --jsonl");
    if (args->names && (args->json || args->jsonl || args->meta))
        return dq_fail(e, DQ_ERR_USAGE, "--names excludes --json, --jsonl and --meta");
    if (args->model && dq_cache_is_whole(args->model))
        return dq_list_cache_check(args, e);
    if (args->layout_hf && args->share.count > 0)
        return dq_fail(e, DQ_ERR_USAGE,
            "--layout hf needs the tensors of all shares; 'extract --dry-run' shows the arrays of "
            "one");
    return dq_layout_arg_check(args, e);
}

int dq_cmd_list(const struct dq_args *args)
{
    struct dq_error e;
    struct dq_model *m = NULL;
    struct dq_picks picks = {0};
    struct dq_layout_arg layout = {.layout = NULL};
    struct dq_report r;
    if (args->model && dq_cache_is_whole(args->model))
        return dq_list_cache(args);
    dq_report_open(&r, args);
    dq_confine(args, &(struct dq_sandbox){.may_read = true});
    int rc = dq_model_arg_open(args, &m, &e);
    if (rc == 0)
        rc = dq_model_arg_whole_tensors(args, m, &picks, &e);
    if (rc == 0)
        rc = dq_layout_arg_open(args, m, &picks, &layout, &e);
    dq_confine(args, &(struct dq_sandbox){0});
    const bool end_in_nul = args->nul_separated && !args->tensors_from;
    if (rc == 0 && args->names && layout.layout)
        rc = print_array_names(layout.layout, end_in_nul, &e);
    else if (rc == 0 && args->names)
        rc = print_names(m, &picks, end_in_nul, &e);
    else if (!args->names)
        rc =
            dq_report_end(&r, rc == 0 ? put_model(&r, args, m, &picks, layout.layout, &e) : rc, &e);
    dq_layout_arg_finish(&layout);
    dq_picks_finish(&picks);
    dq_model_free(m);
    return dq_msg_failure(rc, &e);
}
