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
    v->c->report.n_read++;
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
    const struct dq_engine_options options = {.device = {.kind = DQ_DEVICE_CPU}};
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
    dq_msg_failure(rc, &e);
    dq_model_free(c.model);
    dq_mem_free(path);
    return rc == 0 && c.report.n_errors > 0 ? DQ_ERR_MISMATCH : rc;
}
