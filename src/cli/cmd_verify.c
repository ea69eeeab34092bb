#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/confine.h"
#include "cli/model_arg.h"
#include "cli/progress.h"
#include "cli/unusable.h"
#include "cli/verify_report.h"

#include <stdio.h>

/* The state of a run. */
struct verification {
    const struct dq_args *args;
    enum dq_dtype dtype;
    struct dq_model *model;
    struct dq_picks picks;
    struct dq_engine engine;
    struct dq_verifier verifier;
    struct dq_progress progress;
    struct dq_verify_report report;
    int first_failure; /* why the first tensor that could not be checked could not */
};

static int open_lanes(struct verification *v, struct dq_error *e)
{
    const unsigned n_threads = v->args->self_test ? 1 : dq_engine_threads(v->args->n_threads);
    struct dq_engine_options options = {.device = v->args->device,
        .cpu = v->args->cpu,
        .n_threads = n_threads,
        .n_consuming = n_threads,
        .per_lane_extra = DQ_REFERENCE_LEN};
    struct dq_error why;
    const bool any_gpu = options.device.kind == DQ_DEVICE_AUTO;
    if (any_gpu)
        options.device.kind = DQ_DEVICE_GPU;
    const int rc = dq_engine_open(&v->engine, &options, &why);
    if (rc != 0)
        return dq_fail(e, rc, "%s%s", why.text,
            any_gpu
                ? "; --device cpu checks the optimized decoders of the CPU against the plain ones"
                : "");
    if (v->engine.skipped[0])
        dq_msg_warning("skipped: %s", v->engine.skipped);
    return dq_verifier_init(&v->verifier, &v->engine, n_threads, e);
}

/* "cpu v4", or "cuda:0 (NAME, sm_90, CUDA 13.0)" for each GPU. */
static void describe_device(const struct verification *v, char *out, size_t size)
{
    const struct dq_cpu *cpu = v->args->cpu ? v->args->cpu : dq_cpu_best();
    size_t len = 0;
    snprintf(out, size, "cpu %s", cpu->name);
    for (size_t i = 0; i < v->engine.n_gpus && len < size; i++) {
        const struct dq_gpu_info *info = dq_gpu_get_info(v->engine.gpus[i]);
        len += (size_t)snprintf(out + len, size - len, "%s%s (%s, %s, %s)", i > 0 ? ", " : "",
            dq_gpu_label(v->engine.gpus[i]), info->name, info->arch[0] ? info->arch : "?",
            info->driver);
    }
}

static void begin_report(struct verification *v)
{
    char device[320 * DQ_GPUS_MAX];
    describe_device(v, device, sizeof device);
    dq_verify_report_begin(&v->report, device);
}

static void add_progress(void *arg, uint64_t n_bytes)
{
    struct verification *v = arg;
    dq_progress_add(&v->progress, n_bytes);
}

static int end_plan(void *arg, size_t i, const struct dq_comparison *c, struct dq_error *e)
{
    struct verification *v = arg;
    const struct dq_tensor *t = v->picks.items[i].tensor;
    const struct dq_shard *shard = &v->model->shards[t->shard];
    v->report.n_checked++;
    v->report.n_wrong += c->n_mismatches > 0;
    return dq_verify_report_add(
        &v->report, &(struct dq_verify_subject){t, shard, c, "cpu", v->engine.label}, e);
}

/* Plans the tensors that can be decoded; the plans of the others have no tensor, and why is printed.
 * Returns the bytes of output. */
static uint64_t plan_picks(struct verification *v, struct dq_plan *plans)
{
    struct dq_unusable unusable = {0};
    uint64_t total = 0;
    for (size_t i = 0; i < v->picks.n; i++) {
        const struct dq_pick *pick = &v->picks.items[i];
        struct dq_error why;
        const int rc = dq_pick_usable(v->model, pick, true, &why);
        if (rc == 0) {
            dq_plan_init(&plans[i], v->model, pick->tensor, v->dtype,
                pick->slice ? pick->slice->ranges : NULL);
            total += pick->tensor->n_weights * dq_dtype_len(v->dtype);
            continue;
        }
        dq_unusable_add(&unusable, v->model, pick->tensor, v->picks.n, rc, why.text);
    }
    dq_unusable_end(&unusable);
    v->report.n_unusable = unusable.n;
    v->first_failure = unusable.first_failure;
    if (v->model->lacks && v->picks.is_open) {
        dq_msg_error("%s: only what is there is verified: %s", v->model->path, v->model->lacks);
        if (v->first_failure == 0)
            v->first_failure = DQ_ERR_MALFORMED;
    }
    return total;
}

static int verify_model(struct verification *v, struct dq_error *e)
{
    struct dq_plan *plans = dq_mem_calloc(v->picks.n + 1, sizeof *plans);
    const struct dq_verify_job job = {
        .plans = plans,
        .n_plans = v->picks.n,
        .ulp = v->args->ulp,
        .progress = add_progress,
        .end = end_plan,
        .arg = v,
    };
    if (!plans)
        return dq_fail_nomem(e);
    begin_report(v);
    dq_progress_init(&v->progress, plan_picks(v, plans));
    const int rc = dq_verify_plans(&v->verifier, &job, e);
    dq_progress_finish(&v->progress);
    dq_mem_free(plans);
    dq_verify_report_totals(&v->report, &v->verifier, v->dtype, rc);
    return rc;
}

/* Decodes all built-in vectors on one lane, to check its device. */
static int self_test_lane(struct verification *v, struct dq_lane *lane, struct dq_error *e)
{
    struct dq_lane *reference = v->verifier.references[0];
    for (size_t i = 0; i < (size_t)DQ_TYPE_COUNT * DQ_DTYPE_native; i++) {
        const enum dq_dtype dtype = (enum dq_dtype)(i % DQ_DTYPE_native);
        struct dq_selftest t;
        if (v->args->dtype != DQ_DTYPE_COUNT && v->args->dtype != dtype)
            continue;
        int rc = dq_selftest_run(
            lane, reference, (enum dq_type)(i / DQ_DTYPE_native), dtype, v->args->ulp, &t, e);
        if (rc != 0)
            return rc;
        v->report.n_checked++;
        v->report.n_wrong += t.device.n_mismatches > 0 || t.reference.n_mismatches > 0;
        rc = dq_verify_report_add(
            &v->report, &(struct dq_verify_subject){NULL, NULL, &t.device, "cpu", lane->device}, e);
        if (rc == 0 && t.reference.n_mismatches > 0)
            rc = dq_verify_report_add(&v->report,
                &(struct dq_verify_subject){NULL, NULL, &t.reference, "ggml", "cpu"}, e);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Checks every GPU: they take turns in the list of lanes, so the first lanes are one of each. */
static int self_test(struct verification *v, struct dq_error *e)
{
    const size_t n = v->engine.n_gpus > 0 ? v->engine.n_gpus : 1;
    int rc = 0;
    begin_report(v);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = self_test_lane(v, v->engine.lanes[i], e);
    dq_verify_report_totals(&v->report, &v->verifier, v->dtype, rc);
    return rc;
}

int dq_cmd_verify_check(const struct dq_args *a, struct dq_error *e)
{
    if (a->self_test &&
        (a->model || a->tensors.n || a->tensors_from || a->excluded.n || a->share.count))
        return dq_fail(e, DQ_ERR_USAGE, "--self-test takes no model and no tensors");
    if (a->cpu && a->device.kind != DQ_DEVICE_CPU)
        return dq_fail(e, DQ_ERR_USAGE, "--cpu goes with --device cpu");
    if (a->dtype == DQ_DTYPE_native)
        return dq_fail(e, DQ_ERR_USAGE, "native is not decoded; f32, f16 and bf16 are");
    return 0;
}

int dq_cmd_verify(const struct dq_args *args)
{
    struct dq_error e;
    struct verification v = {.args = args,
        .dtype = args->dtype == DQ_DTYPE_COUNT ? DQ_DTYPE_f32 : args->dtype,
        .report = {.self_test = args->self_test}};
    int rc = 0;
    dq_report_open(&v.report.out, args);
    if (dq_device_is_cpu(&args->device))
        dq_confine(args, &(struct dq_sandbox){.may_read = true});
    if (!args->self_test) {
        rc = dq_model_arg_open(args, &v.model, &e);
        if (rc == 0)
            rc = dq_model_arg_tensors(args, v.model, &v.picks, &e);
    }
    if (rc == 0)
        rc = open_lanes(&v, &e);
    dq_confine(args, &(struct dq_sandbox){0});
    if (rc == 0)
        rc = args->self_test ? self_test(&v, &e) : verify_model(&v, &e);
    rc = dq_msg_failure(dq_report_end(&v.report.out, rc, &e), &e);
    dq_verifier_finish(&v.verifier);
    dq_engine_close(&v.engine);
    dq_picks_finish(&v.picks);
    dq_model_free(v.model);
    if (rc == 0 && v.report.n_wrong > 0)
        rc = DQ_ERR_MISMATCH;
    return rc != 0 ? rc : v.first_failure;
}
