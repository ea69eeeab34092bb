#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/check_report.h"
#include "cli/confine.h"
#include "cli/model_arg.h"
#include "cli/progress.h"
#include "reduce/scan.h"

#include <inttypes.h>

struct check_run {
    const struct dq_args *args;
    struct dq_model *model;
    struct dq_check_report report;
};

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

/* Checks the values of the tensors that can be decoded; the others have been reported already. */
static int check_values(struct check_run *c, const struct dq_diagnostic_sink *diag,
    const struct dq_picks *picks, uint8_t *buffer, struct dq_error *e)
{
    struct dq_progress progress;
    uint64_t total = 0;
    int rc = 0;
    for (size_t i = 0; i < picks->n; i++)
        total += picks->items[i].tensor->n_bytes;
    dq_progress_init(&progress, total);
    for (size_t i = 0; rc == 0 && i < picks->n; i++) {
        const struct dq_tensor *t = picks->items[i].tensor;
        struct dq_scan v;
        if (dq_tensor_usable(c->model, t, true, NULL) != 0)
            continue;
        progress.what = t->display_name;
        rc = dq_scan_tensor(c->model, t, buffer, dq_progress_add, &progress, &v, e);
        if (rc == 0) {
            emit_values(c->model, t, &v, diag);
            c->report.n_read++;
        }
    }
    dq_progress_finish(&progress);
    return rc;
}

static int check_selected(
    struct check_run *c, const struct dq_diagnostic_sink *diag, struct dq_error *e)
{
    struct dq_picks picks = {0};
    uint8_t *buffer = dq_mem_alloc(DQ_SCAN_BUFFER);
    int rc = buffer ? dq_model_arg_whole_tensors(c->args, c->model, &picks, e) : dq_fail_nomem(e);
    dq_confine(c->args, &(struct dq_sandbox){0});
    if (rc == 0)
        rc = check_values(c, diag, &picks, buffer, e);
    dq_mem_free(buffer);
    dq_picks_finish(&picks);
    return rc;
}

static int check_model(struct check_run *c, const char *from, struct dq_error *e)
{
    const struct dq_diagnostic_sink diag = {dq_check_report_add, &c->report};
    struct dq_error why;
    const int rc = dq_model_examine(&dq_file_store, c->report.path, &diag, &c->model, &why);
    if (!c->model) {
        dq_check_report_drop_subject(&c->report);
        return dq_fail(e, rc, "%s%s", why.text, from);
    }
    c->report.n_tensors = c->model->n_tensors;
    if (!c->args->values) /* with it, names may still be read from a file */
        dq_confine(c->args, &(struct dq_sandbox){0});
    const int rc_notes = dq_model_lint(c->model, &diag, e);
    if (rc_notes != 0 || rc != 0)
        return rc_notes; /* a malformed model is reported, and is no failure of this command */
    return c->args->values ? check_selected(c, &diag, e) : 0;
}

int dq_cmd_check_check(const struct dq_args *a, struct dq_error *e)
{
    if (!a->values && (a->tensors.n || a->tensors_from || a->excluded.n))
        return dq_fail(e, DQ_ERR_USAGE,
            "tensors are selected for --values; everything else is checked as a whole");
    return 0;
}

int dq_cmd_check(const struct dq_args *args)
{
    struct dq_error e;
    struct check_run c = {.args = args, .report = {.values = args->values}};
    const char *from;
    char *path = NULL;
    if (args->json || args->jsonl)
        c.report.form = args->json ? DQ_REPORT_JSON : DQ_REPORT_JSONL;
    dq_confine(args, &(struct dq_sandbox){.may_read = true});
    int rc = dq_model_arg_path(args, &path, &from, &e);
    if (rc == 0) {
        c.report.path = path;
        dq_check_report_begin(&c.report);
        rc = dq_check_report_end(&c.report, check_model(&c, from, &e), &e);
    }
    dq_cmd_report(rc, &e);
    dq_model_free(c.model);
    dq_mem_free(path);
    return rc == 0 && c.report.n_errors > 0 ? DQ_ERR_MISMATCH : rc;
}
