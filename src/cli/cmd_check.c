#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/confine.h"
#include "cli/model_arg.h"
#include "cli/model_path.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "reduce/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct check_run {
    const struct dq_args *args;
    char *path; /* of the model; owned */
    struct dq_model *model;
    struct dq_report report;
    size_t n_tensors; /* in the model */
    size_t n_read;    /* tensors whose values were checked */
    size_t n_errors;
    size_t n_notes;
};

/* ---- the report ---- */

/* A line of the text is "error  FILE: tensor 'NAME': TEXT [RULE]", without the file if it is that of
 * the model. A diagnostic concerns a tensor, a key or neither. */
static const struct dq_column columns[] = {
    {.key = "level", .heading = "", .width = -5}, {.key = "rule"},
    {.heading = "", .gap = DQ_GAP_NONE}, /* "FILE: tensor '" */
    {.key = "tensor", .heading = "", .gap = DQ_GAP_NONE},
    {.key = "key", .heading = "", .gap = DQ_GAP_NONE}, {.key = "file"}, {.key = "offset"},
    {.key = "block"}, {.key = "blocks"}, {.key = "expected"}, {.key = "found"},
    {.key = "words", .heading = ""}, /* in the text "': TEXT [RULE]" */
};

enum { N_COLUMNS = sizeof columns / sizeof columns[0], PATH_SIZE = 1024 };

static struct dq_cell u64_or_null(bool known, uint64_t value)
{
    return known ? dq_cell_u64(value) : dq_cell_null();
}

static void put_diagnostic(struct check_run *c, const struct dq_diagnostic *d)
{
    const struct dq_rule_info *rule = &dq_rules[d->rule];
    const bool is_note = rule->level == DQ_LEVEL_note;
    const bool in_other_file = strcmp(d->path, c->path) != 0;
    char path[PATH_SIZE];
    char before[PATH_SIZE + 16];
    char text[DQ_DIAGNOSTIC_TEXT];
    char after[DQ_DIAGNOSTIC_TEXT + 64];
    const char *name;
    const char *subject = dq_diagnostic_subject(d, &name);
    if (is_note && dq_report_is_table(&c->report) && dq_msg_verbosity() == DQ_QUIET)
        return;
    snprintf(before, sizeof before, "%s%s%s%s",
        in_other_file ? dq_text_cut(d->path, path, sizeof path) : "", in_other_file ? ": " : "",
        subject ? subject : "", subject ? " '" : "");
    snprintf(after, sizeof after, "%s%s [%s]", subject ? "': " : "", dq_diagnostic_text(d, text),
        rule->name);
    dq_report_row(&c->report,
        (const struct dq_cell[N_COLUMNS]){
            dq_cell_text(is_note ? "note" : "error"),
            dq_cell_text(rule->name),
            dq_cell_shown(dq_cell_null(), before),
            d->tensor ? dq_cell_name(d->tensor->name, d->tensor->name_len, d->tensor->display_name)
                      : dq_cell_null(),
            d->kv ? dq_cell_name(d->kv->key, d->kv->key_len, d->kv->display_name) : dq_cell_null(),
            dq_cell_text(d->path),
            u64_or_null(d->offset != DQ_NO_OFFSET, d->offset),
            u64_or_null(d->n_blocks > 0, d->block),
            u64_or_null(d->n_blocks > 0, d->n_blocks),
            dq_cell_text(d->expected),
            dq_cell_text(d->found),
            dq_cell_shown(dq_cell_text(rule->summary), after),
        });
}

/* The emit function of a sink: counts and reports a diagnostic. */
static void add_diagnostic(void *arg, const struct dq_diagnostic *d)
{
    struct check_run *c = arg;
    if (dq_rules[d->rule].level == DQ_LEVEL_note)
        c->n_notes++;
    else
        c->n_errors++;
    put_diagnostic(c, d);
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* "PATH: sound (2 tensors, values too), 1 note" */
static void print_summary(struct check_run *c)
{
    struct dq_report *r = &c->report;
    char path[PATH_SIZE];
    dq_report_print(r, "%s: ", dq_text_cut(c->path, path, sizeof path));
    if (c->n_errors > 0) {
        dq_report_print(r, "%zu error%s", c->n_errors, plural(c->n_errors));
    } else {
        dq_report_print(r, "sound (%zu tensor%s", c->n_tensors, plural(c->n_tensors));
        if (c->args->values && c->n_read == c->n_tensors)
            dq_report_print(r, ", values too");
        else if (c->args->values)
            dq_report_print(r, ", values of %zu", c->n_read);
        dq_report_print(r, ")");
    }
    if (c->n_notes > 0 || c->n_errors > 0)
        dq_report_print(r, ", %zu note%s", c->n_notes, plural(c->n_notes));
    dq_report_print(r, "\n");
}

static void put_summary(struct check_run *c, int rc)
{
    struct dq_report *r = &c->report;
    dq_report_field(r, "tensors", dq_cell_u64(c->n_tensors));
    dq_report_field(r, "values", dq_cell_u64(c->n_read));
    dq_report_field(r, "errors", dq_cell_u64(c->n_errors));
    dq_report_field(r, "notes", dq_cell_u64(c->n_notes));
    dq_report_field(r, "verdict",
        dq_cell_text(c->n_errors > 0 ? "malformed" : (rc == 0 ? "sound" : "unknown")));
    if (rc == 0 && dq_msg_verbosity() != DQ_QUIET)
        print_summary(c);
}

/* ---- the checks ---- */

static void emit_values(const struct dq_model *m, const struct dq_tensor *t,
    const struct dq_scan *v, const struct dq_diagnostic_sink *diag)
{
    const struct dq_nonfinite *bad = &v->first;
    struct dq_diagnostic d = {.rule = DQ_RULE_all_zero,
        .path = m->shards[t->shard].path,
        .tensor = t,
        .offset = t->offset,
        .expected = "at least one other value",
        .found = "only zeros"};
    if (v->n_bad > 0) {
        d.rule = t->type->weights == 1 ? DQ_RULE_value_finite : DQ_RULE_scale_finite;
        d.block = v->first_block;
        d.n_blocks = v->n_bad;
        d.offset = t->offset + d.block * t->type->bytes + bad->off;
        d.expected = "a finite number";
        d.found = DQ_WORDS("%s (0x%0*" PRIx64 ")", bad->is_nan ? "NaN" : "infinity",
            (int)(2 * bad->len), bad->bits);
        dq_emit(diag, &d);
    } else if (v->all_zero) {
        dq_emit(diag, &d);
    }
}

/* A scan of the values of the selected tensors. */
struct value_check {
    struct check_run *c;
    const struct dq_diagnostic_sink *diag;
    struct dq_picks picks;
    struct dq_plan *plans;
    struct dq_engine engine;
    struct dq_progress progress;
};

static void add_progress(void *arg, uint64_t n_bytes)
{
    struct value_check *v = arg;
    dq_progress_add(&v->progress, n_bytes);
}

static int end_scan(void *arg, size_t i, const struct dq_scan *s, struct dq_error *e)
{
    struct value_check *v = arg;
    (void)e;
    emit_values(v->c->model, v->picks.items[i].tensor, s, v->diag);
    v->c->n_read++;
    return 0;
}

/* Scans the tensors that can be decoded; the others have been reported already. */
static int scan_picks(struct value_check *v, struct dq_error *e)
{
    const struct dq_scan_job job = {v->plans, v->picks.n, add_progress, end_scan, v};
    uint64_t total = 0;
    for (size_t i = 0; i < v->picks.n; i++) {
        const struct dq_tensor *t = v->picks.items[i].tensor;
        if (dq_tensor_usable(v->c->model, t, true, NULL) != 0)
            continue;
        dq_plan_init(&v->plans[i], v->c->model, t, DQ_DTYPE_native, NULL);
        total += t->n_bytes;
    }
    dq_progress_init(&v->progress, total);
    const int rc = dq_scan_plans(v->engine.lanes, v->engine.n_lanes, &job, e);
    dq_progress_finish(&v->progress);
    return rc;
}

static int check_selected(
    struct check_run *c, const struct dq_diagnostic_sink *diag, struct dq_error *e)
{
    const struct dq_engine_options options = {
        .device = {.kind = DQ_DEVICE_CPU}, .n_threads = c->args->n_threads};
    struct value_check v = {.c = c, .diag = diag};
    int rc = dq_model_arg_whole_tensors(c->args, c->model, &v.picks, e);
    dq_confine(c->args, &(struct dq_sandbox){0});
    if (rc == 0)
        v.plans = dq_mem_calloc(v.picks.n + 1, sizeof *v.plans);
    if (rc == 0)
        rc = v.plans ? dq_engine_open(&v.engine, &options, e) : dq_fail_nomem(e);
    if (rc == 0)
        rc = scan_picks(&v, e);
    dq_engine_close(&v.engine);
    dq_mem_free(v.plans);
    dq_picks_finish(&v.picks);
    return rc;
}

static int check_model(struct check_run *c, const char *from, struct dq_error *e)
{
    const struct dq_diagnostic_sink diag = {add_diagnostic, c};
    struct dq_error why;
    const int rc = dq_model_examine(&dq_file_store, c->path, &diag, &c->model, &why);
    if (!c->model)
        return dq_fail(e, rc, "%s%s", why.text, from);
    c->n_tensors = c->model->n_tensors;
    if (!c->args->values) /* with --values, names may still have to be read from a file */
        dq_confine(c->args, &(struct dq_sandbox){0});
    const int rc_notes = dq_model_lint(c->model, &diag, e);
    if (rc_notes != 0 || rc != 0)
        return rc_notes; /* a malformed model is reported and is not a failure of this command */
    return c->args->values ? check_selected(c, &diag, e) : 0;
}

static int report_model(struct check_run *c, const char *from, struct dq_error *e)
{
    dq_report_field(&c->report, "model", dq_cell_text(c->path));
    dq_report_begin_rows(&c->report, "diagnostics", columns, N_COLUMNS);
    const int rc = check_model(c, from, e);
    dq_report_end_rows(&c->report);
    put_summary(c, rc);
    return rc;
}

int dq_cmd_check_check(const struct dq_args *a, struct dq_error *e)
{
    if (!a->values && a->tensors.n > 0 && dq_is_folder(a->tensors.items[0]))
        return dq_fail(
            e, DQ_ERR_USAGE, "%.200s: is a directory without a *.gguf file", a->tensors.items[0]);
    if (!a->values && (a->tensors.n || a->tensors_from || a->excluded.n))
        return dq_fail(e, DQ_ERR_USAGE,
            "tensors are selected for --values; everything else is checked as a whole");
    return 0;
}

int dq_cmd_check(const struct dq_args *args)
{
    struct dq_error e;
    struct check_run c = {.args = args};
    const char *from;
    dq_report_open(&c.report, args);
    dq_confine(args, &(struct dq_sandbox){.may_read = true});
    int rc = dq_model_arg_path(args, &c.path, &from, &e);
    if (rc == 0)
        rc = report_model(&c, from, &e);
    rc = dq_msg_failure(dq_report_end(&c.report, rc, &e), &e);
    dq_model_free(c.model);
    dq_mem_free(c.path);
    return rc == 0 && c.n_errors > 0 ? DQ_ERR_MISMATCH : rc;
}
