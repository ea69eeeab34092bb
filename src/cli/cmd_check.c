#include "cli/cmd.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/confine.h"
#include "cli/model_arg.h"
#include "cli/model_path.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "gguf/set_name.h"
#include "reduce/digest.h"
#include "reduce/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 1024, FIRST_SIZE = 4 * PATH_SIZE };

struct check_run {
    const struct dq_args *args;
    char *path; /* of the model; owned */
    struct dq_model *model;
    struct dq_report report;
    size_t n_tensors; /* in the model */
    size_t n_read;    /* tensors whose values were checked */
    size_t n_errors;
    size_t n_notes;
    char first[FIRST_SIZE]; /* of the errors, as text; the only one that --quiet shows */
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

enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

static struct dq_cell u64_or_null(bool known, uint64_t value)
{
    return known ? dq_cell_u64(value) : dq_cell_null();
}

/* Whether the text is one line at most, at the end. */
static bool is_quiet(const struct check_run *c)
{
    return dq_report_is_table(&c->report) && dq_msg_verbosity() == DQ_QUIET;
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
    char cut[PATH_SIZE];
    const char *name;
    const char *subject = dq_diagnostic_subject(d, &name);
    snprintf(before, sizeof before, "%s%s%s%s",
        in_other_file ? dq_text_cut(d->path, path, sizeof path) : "", in_other_file ? ": " : "",
        subject ? subject : "", subject ? " '" : "");
    snprintf(after, sizeof after, "%s%s [%s]", subject ? "': " : "", dq_diagnostic_text(d, text),
        rule->name);
    if (!is_note && !*c->first)
        snprintf(c->first, sizeof c->first, "%s%s%s", before,
            name ? dq_text_cut(name, cut, sizeof cut) : "", after);
    if (is_quiet(c))
        return;
    dq_report_row(
        &c->report, (const struct dq_cell[N_COLUMNS]){
                        dq_cell_text(is_note ? "note" : "error"),
                        dq_cell_text(rule->name),
                        dq_cell_shown(dq_cell_null(), before),
                        d->tensor ? dq_cell_name(d->tensor->display_name) : dq_cell_null(),
                        d->kv ? dq_cell_name(d->kv->display_name) : dq_cell_null(),
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

/* "PATH: sound (2 tensors, values too), 1 note"; with --quiet, "PATH: 2 errors: tensor 'NAME': TEXT
 * [RULE]" of the first one, or nothing. */
static void print_summary(struct check_run *c)
{
    struct dq_report *r = &c->report;
    char path[PATH_SIZE];
    if (is_quiet(c) && c->n_errors == 0)
        return;
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
    if (is_quiet(c))
        dq_report_print(r, "%s %s", c->n_errors > 1 ? ", the first:" : ":", c->first);
    else if (c->n_notes > 0 || c->n_errors > 0)
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
    if (rc == 0)
        print_summary(c);
}

/* ---- the checks ---- */

static void emit_nonfinite(const struct dq_model *m, const struct dq_tensor *t,
    const struct dq_scan *v, const struct dq_diagnostic_sink *diag)
{
    const struct dq_nonfinite *bad = &v->first;
    dq_emit(diag, &(struct dq_diagnostic){
                      .rule = t->type->weights == 1 ? DQ_RULE_value_finite : DQ_RULE_scale_finite,
                      .path = m->shards[t->shard].path,
                      .tensor = t,
                      .offset = t->offset + v->first_block * t->type->bytes + bad->off,
                      .block = v->first_block,
                      .n_blocks = v->n_bad,
                      .expected = "a finite number",
                      .found = DQ_WORDS("%s (0x%0*" PRIx64 ")", bad->is_nan ? "NaN" : "infinity",
                          (int)(2 * bad->len), bad->bits),
                  });
}

/* A scan of the values of the selected tensors. */
struct value_check {
    struct check_run *c;
    const struct dq_diagnostic_sink *diag;
    struct dq_picks picks;
    struct dq_plan plans[DQ_RUN_ITEMS_MAX]; /* a ring */
    size_t n_planned;
    struct dq_engine engine;
    struct dq_progress progress;
};

static void add_progress(void *arg, uint64_t n_bytes)
{
    struct value_check *v = arg;
    dq_progress_add(&v->progress, n_bytes);
}

/* Tensors that cannot be decoded have been reported already. */
static bool is_scanned(const struct value_check *v, size_t i)
{
    return dq_tensor_usable(v->c->model, v->picks.items[i].tensor, true, NULL) == 0;
}

static const struct dq_plan *plan_scan(void *arg, size_t i)
{
    struct value_check *v = arg;
    if (!is_scanned(v, i))
        return NULL;
    struct dq_plan *p = &v->plans[v->n_planned++ % DQ_RUN_ITEMS_MAX];
    dq_plan_init(p, v->c->model, v->picks.items[i].tensor, DQ_DTYPE_native, NULL);
    return p;
}

static int end_scan(void *arg, size_t i, const struct dq_scan *s, struct dq_error *e)
{
    struct value_check *v = arg;
    const struct dq_tensor *t = v->picks.items[i].tensor;
    const size_t n_before = v->c->n_errors + v->c->n_notes;
    if (s->n_bad > 0)
        emit_nonfinite(v->c->model, t, s, v->diag);
    dq_zeros_emit(v->c->model, t, s->all_zero, &s->zeros, v->diag);
    v->c->n_read++;
    /* A reader may wait for a line, or be gone. */
    return v->c->n_errors + v->c->n_notes > n_before ? dq_report_flush(&v->c->report, e) : 0;
}

/* Whether a file is named after its content, which is then compared. Only the whole of a model is
 * about whole files. */
static bool has_digest(
    const struct value_check *v, const struct dq_shard *s, char hex[DQ_HASH_HEX + 1])
{
    const struct dq_args *a = v->c->args;
    return s->source && !a->tensors.n && !a->tensors_from && !a->excluded.n && !a->share.count &&
           dq_digest_of_name(s->path, hex);
}

static int check_digest(struct value_check *v, const struct dq_shard *s, struct dq_error *e)
{
    char expected[DQ_HASH_HEX + 1];
    char found[DQ_HASH_HEX + 1];
    if (!has_digest(v, s, expected))
        return 0;
    if (!dq_digest_available()) {
        dq_msg_warning(
            "%s: not compared with the SHA-256 in its name: this program is built without "
            "nettle",
            s->path);
        return 0;
    }
    const int rc = dq_digest_of_source(s->source, add_progress, v, found, e);
    if (rc == 0 && strcmp(found, expected) != 0)
        dq_emit(v->diag, &(struct dq_diagnostic){.rule = DQ_RULE_file_digest,
                             .path = s->path,
                             .offset = DQ_NO_OFFSET,
                             .expected = expected,
                             .found = found});
    return rc;
}

/* Compares files with the digests in their names, and scans the tensors that can be decoded. */
static int scan_picks(struct value_check *v, struct dq_error *e)
{
    const struct dq_scan_job job = {v->picks.n, plan_scan, add_progress, end_scan, v};
    const struct dq_model *m = v->c->model;
    char hex[DQ_HASH_HEX + 1];
    uint64_t total = 0;
    int rc = 0;
    for (size_t i = 0; i < v->picks.n; i++)
        total += is_scanned(v, i) ? v->picks.items[i].tensor->n_bytes : 0;
    for (size_t i = 0; i < m->n_shards; i++)
        total += has_digest(v, &m->shards[i], hex) ? m->shards[i].source->size : 0;
    dq_progress_init(&v->progress, total);
    for (size_t i = 0; rc == 0 && i < m->n_shards; i++)
        rc = check_digest(v, &m->shards[i], e);
    if (rc == 0)
        rc = dq_scan_tensors(v->engine.lanes, v->engine.n_lanes, &job, e);
    dq_progress_finish(&v->progress);
    return rc;
}

/* A file that cannot be read as a model can still be compared with its digest. */
static int check_selected(struct check_run *c, bool has_tensors,
    const struct dq_diagnostic_sink *diag, struct dq_error *e)
{
    const struct dq_engine_options options = {
        .device = {.kind = DQ_DEVICE_CPU}, .n_threads = c->args->n_threads};
    struct value_check v = {.c = c, .diag = diag};
    int rc = has_tensors ? dq_model_arg_whole_tensors(c->args, c->model, &v.picks, e) : 0;
    if (rc == 0)
        rc = dq_engine_open(&v.engine, &options, e);
    dq_confine(c->args, &(struct dq_sandbox){0});
    if (rc == 0)
        rc = scan_picks(&v, e);
    dq_engine_close(&v.engine);
    dq_picks_finish(&v.picks);
    return rc;
}

static void drop(void *arg, const struct dq_diagnostic *d)
{
    (void)arg;
    (void)d;
}

/* Diagnostics are printed while the files of a set are still being opened, and the report may go into
 * one of them: then opens all of them once before. A single file is open before anything is said. */
static int protect_set(const struct check_run *c, struct dq_error *e)
{
    const struct dq_diagnostic_sink diag = {drop, NULL};
    struct dq_set_name name;
    struct dq_model *m;
    if (!dq_file_output_is_at_risk() || !dq_set_name_parse(c->path, &name))
        return 0;
    const int rc = dq_model_examine_at(&dq_file_store, c->path, c->args->offset, &diag, &m, e);
    dq_model_free(m);
    return rc == DQ_ERR_USAGE ? rc : 0;
}

static int check_model(struct check_run *c, const char *from, struct dq_error *e)
{
    const struct dq_diagnostic_sink diag = {add_diagnostic, c};
    struct dq_error why;
    int rc = protect_set(c, &why);
    if (rc == 0)
        rc = dq_model_arg_examine(c->args, c->path, &diag, &c->model, &why);
    if (!c->model)
        return dq_fail(e, rc, "%s%s", why.text, from);
    c->n_tensors = c->model->n_tensors;
    if (!c->args->values) /* with --values, names may still have to be read from a file */
        dq_confine(c->args, &(struct dq_sandbox){0});
    const int rc_notes = dq_model_lint(c->model, &diag, e);
    if (rc_notes != 0 || !c->args->values)
        return rc_notes;
    /* A malformed model is reported and is not a failure of this command. */
    return check_selected(c, rc == 0, &diag, e);
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
    if (!a->values && (a->tensors.n || a->tensors_from || a->excluded.n || a->share.count))
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
