#include "cli/cmd.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/confine.h"
#include "cli/model_arg.h"
#include "cli/progress.h"
#include "verify/verify.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* All that the parts of one run share. */
struct verification {
    const struct dq_args *args;
    struct dq_model *model;
    struct dq_picks picks;
    struct dq_engine engine;
    struct dq_verifier verifier;
    struct dq_progress progress;
    struct dq_json json;
    uint64_t n_weights;
    uint64_t n_mismatches;
    size_t n_checked; /* tensors, or types and dtypes */
    size_t n_wrong;
    size_t n_unusable; /* tensors that could not be checked */
    int first_failure; /* of a tensor that could not be checked */
};

/* What was compared, for the report. */
struct subject {
    const char *name;               /* of the tensor, or "self-test" */
    const struct dq_tensor *tensor; /* NULL in the self-test */
    const char *file;               /* that it is in */
    bool swapped;                   /* the file is big-endian */
    const struct dq_comparison *c;
    const char *against; /* "cpu baseline", "built-in weights" */
    const char *who;     /* "cuda:0", "cuda:0-3" */
};

static const char *ulp_words(uint64_t ulp, char out[32])
{
    if (ulp == UINT64_MAX)
        snprintf(out, 32, "NaN");
    else
        snprintf(out, 32, "%" PRIu64, ulp);
    return out;
}

static void hex_bytes(const struct dq_comparison *c, char *out)
{
    for (uint32_t i = 0; i < dq_types[c->type].bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", c->first.bytes[i]);
}

static uint64_t file_offset(const struct subject *s)
{
    return (s->tensor ? s->tensor->offset : 0) + s->c->first.block * dq_types[s->c->type].bytes;
}

/* Which of several devices decoded the first mismatch. The reference, where it is the one that is
 * checked, goes by the name of its own. */
static const char *who_was_first(const struct subject *s)
{
    return s->c->first.device ? s->c->first.device : s->who;
}

/* Shows a mismatch to its cause. */
static void explain(const struct subject *s)
{
    const struct dq_comparison *c = s->c;
    const struct dq_mismatch *first = &c->first;
    const int digits = c->dtype == DQ_DTYPE_f32 ? 8 : 4;
    char bytes[2 * DQ_BLOCK_BYTES_MAX + 1] = "";
    char file[1024];
    char ulp[32];
    hex_bytes(c, bytes);
    printf("  %s against %s: %" PRIu64 " of %" PRIu64
           " weights differ, by up to %s units in the last "
           "place, %.9g absolutely\n",
        s->who, s->against, c->n_mismatches, c->n_weights, ulp_words(c->max_ulp, ulp), c->max_abs);
    printf("  first: weight %" PRIu64 ", element %" PRIu64 " of block %" PRIu64, first->weight,
        first->weight % dq_types[c->type].weights, first->block);
    printf(s->tensor ? ", file offset %" PRIu64 : ", offset %" PRIu64 " in the vectors",
        file_offset(s));
    if (s->tensor) {
        dq_escape(s->file, strlen(s->file), DQ_ESCAPE_LINE, file, sizeof file);
        printf(" of %s", file);
    }
    putchar('\n');
    printf("  block%s: %s\n", s->swapped ? " (its fields turned to little-endian)" : "", bytes);
    printf("  %s: %.9g (0x%0*" PRIx32 "), %s: %.9g (0x%0*" PRIx32 ")\n", who_was_first(s),
        dq_value_of_bits(first->got, c->dtype), digits, first->got, s->against,
        dq_value_of_bits(first->want, c->dtype), digits, first->want);
    printf("  looks like: %s\n", dq_pattern_description(dq_compare_pattern(c)));
}

/* JSON has no infinity. */
static json_t *real_or_text(double value)
{
    return isfinite(value) ? json_real(value) : json_string(isnan(value) ? "nan" : "inf");
}

static json_t *side_json(uint32_t bits, enum dq_dtype dtype)
{
    char text[16];
    snprintf(text, sizeof text, "0x%0*" PRIx32, dtype == DQ_DTYPE_f32 ? 8 : 4, bits);
    return json_pack(
        "{s:s, s:o}", "bits", text, "value", real_or_text(dq_value_of_bits(bits, dtype)));
}

static json_t *first_json(const struct subject *s)
{
    const struct dq_mismatch *first = &s->c->first;
    char bytes[2 * DQ_BLOCK_BYTES_MAX + 1] = "";
    if (s->c->n_mismatches == 0)
        return json_null();
    hex_bytes(s->c, bytes);
    return json_pack("{s:o, s:o, s:I, s:o, s:o, s:s, s:s, s:o, s:o}", "weight",
        dq_json_u64(first->weight), "block", dq_json_u64(first->block), "element",
        (json_int_t)(first->weight % dq_types[s->c->type].weights), "file",
        s->file ? dq_json_text(s->file, strlen(s->file)) : json_null(), "offset",
        dq_json_u64(file_offset(s)), "bytes", bytes, "on", who_was_first(s), "device",
        side_json(first->got, s->c->dtype), "reference", side_json(first->want, s->c->dtype));
}

static json_t *subject_json(const struct subject *s)
{
    const struct dq_comparison *c = s->c;
    const bool wrong = c->n_mismatches > 0;
    return json_pack("{s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:s?, s:o}", "tensor",
        s->tensor ? dq_json_text(s->tensor->name, s->tensor->name_len) : json_null(), "type",
        dq_types[c->type].name, "dtype", dq_dtype_name(c->dtype), "device", s->who, "against",
        s->against, "weights", dq_json_u64(c->n_weights), "mismatches",
        dq_json_u64(c->n_mismatches), "max_ulp",
        c->max_ulp == UINT64_MAX ? json_null() : dq_json_u64(c->max_ulp), "max_abs",
        real_or_text(c->max_abs), "verdict", wrong ? "wrong" : "equal", "pattern",
        wrong ? dq_pattern_description(dq_compare_pattern(c)) : NULL, "first", first_json(s));
}

/* Reports one comparison and counts it. */
static void report(struct verification *v, const struct subject *s)
{
    char ulp[32];
    const struct dq_comparison *c = s->c;
    v->n_weights += c->n_weights;
    v->n_mismatches += c->n_mismatches;
    if (v->args->json || v->args->jsonl) {
        dq_json_put(&v->json, NULL, subject_json(s));
        return;
    }
    dq_msg_hold_progress();
    dq_msg_release_progress();
    printf("%-36s %-8s %-5s %12" PRIu64 " %12" PRIu64 " %8s %10.4g  %s\n", s->name,
        dq_types[c->type].name, dq_dtype_name(c->dtype), c->n_weights, c->n_mismatches,
        ulp_words(c->max_ulp, ulp), c->max_abs, c->n_mismatches ? "WRONG" : "equal");
    if (c->n_mismatches)
        explain(s);
}

static int open_lanes(struct verification *v, struct dq_error *e)
{
    const unsigned n_threads = v->args->self_test ? 1 : dq_engine_threads(v->args->n_threads);
    struct dq_engine_options options = {.device = v->args->device,
        .cpu = v->args->cpu,
        .n_threads = n_threads,
        .n_comparing = n_threads,
        .per_lane_extra = DQ_REFERENCE_LEN};
    struct dq_error why;
    const bool any_gpu = options.device.kind == DQ_DEVICE_AUTO;
    if (any_gpu)
        options.device.kind = DQ_DEVICE_GPU;
    const int rc = dq_engine_open(&v->engine, &options, &why);
    if (rc != 0)
        return dq_fail(e, rc, "%s%s", why.text,
            any_gpu
                ? "; --device cpu checks the optimised decoders of the CPU against the plain ones"
                : "");
    if (v->engine.skipped[0])
        dq_msg_warning("skipped: %s", v->engine.skipped);
    return dq_verifier_init(&v->verifier, &v->engine, n_threads, e);
}

/* "cuda:0 (NAME, sm_90, CUDA 13.0)" for each GPU. */
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
    if (v->args->json) {
        dq_json_begin_object(&v->json, NULL);
        dq_json_put(&v->json, "device", dq_json_text(device, strlen(device)));
        dq_json_put(&v->json, "reference", json_string("cpu baseline"));
        dq_json_begin_list(&v->json, v->args->self_test ? "checks" : "tensors");
    } else if (!v->args->jsonl) {
        printf("device: %s; reference: cpu baseline\n\n", device);
        printf("%-36s %-8s %-5s %12s %12s %8s %10s  %s\n", v->args->self_test ? "CHECK" : "TENSOR",
            "TYPE", "DTYPE", "WEIGHTS", "MISMATCHES", "MAX ULP", "MAX ABS", "VERDICT");
    }
}

static enum dq_dtype dtype_of(const struct dq_args *args)
{
    return args->dtype == DQ_DTYPE_COUNT ? DQ_DTYPE_f32 : args->dtype;
}

/* How fast it went, and what the rest waited for. */
static json_t *speed_json(const struct verification *v)
{
    const struct dq_verify_times *t = &v->verifier.times;
    if (v->args->self_test || t->wall <= 0)
        return json_null();
    return json_pack("{s:s, s:f, s:o, s:I, s:I, s:f, s:f, s:f}", "bound",
        dq_verify_bound(&v->verifier), "seconds", t->wall, "bytes",
        dq_json_u64(v->n_weights * dq_dtype_len(dtype_of(v->args))), "threads",
        (json_int_t)v->verifier.n_references, "lanes", (json_int_t)v->engine.n_lanes, "reading",
        t->reading, "decoding", t->device, "comparing", t->comparing);
}

static void print_speed(const struct verification *v)
{
    const struct dq_verify_times *t = &v->verifier.times;
    const double bytes = (double)v->n_weights * (double)dq_dtype_len(dtype_of(v->args));
    const double lanes = (double)v->engine.n_lanes * t->wall;
    if (v->args->self_test || t->wall <= 0)
        return;
    printf("bound by the %s: %.3g GB/s of weights; %u thread%s compared %.0f %% of the time, %zu "
           "lane%s read %.0f %% and decoded %.0f %%\n",
        dq_verify_bound(&v->verifier), 1e-9 * bytes / t->wall, v->verifier.n_references,
        v->verifier.n_references == 1 ? "" : "s",
        100 * t->comparing / (t->wall * v->verifier.n_references), v->engine.n_lanes,
        v->engine.n_lanes == 1 ? "" : "s", 100 * t->reading / lanes, 100 * t->device / lanes);
}

/* rc and e: how the run ended. A run that failed has whole JSON all the same, with the reason. */
static int end_report(struct verification *v, int rc, struct dq_error *e)
{
    if (v->args->json) {
        dq_json_end(&v->json);
        dq_json_put(&v->json, "weights", dq_json_u64(v->n_weights));
        dq_json_put(&v->json, "mismatches", dq_json_u64(v->n_mismatches));
        dq_json_put(&v->json, "unchecked", dq_json_u64(v->n_unusable));
        dq_json_put(&v->json, "verdict",
            json_string(v->n_wrong ? "wrong" : (rc == 0 ? "equal" : "unknown")));
        dq_json_put(&v->json, "speed", speed_json(v));
        dq_json_put(
            &v->json, "error", rc != 0 ? dq_json_text(e->text, strlen(e->text)) : json_null());
        dq_json_end(&v->json);
    } else if (!v->args->jsonl && rc == 0) {
        const char *what = v->args->self_test ? "check" : "tensor";
        putchar('\n');
        print_speed(v);
        printf("%zu %s%s, %" PRIu64 " weights, %" PRIu64 " mismatches: %s\n", v->n_checked, what,
            v->n_checked == 1 ? "" : "s", v->n_weights, v->n_mismatches,
            v->n_wrong ? "WRONG" : (v->n_checked ? "all equal" : "nothing was compared"));
        if (v->n_unusable > 0)
            printf("%zu %s%s could not be checked\n", v->n_unusable, what,
                v->n_unusable == 1 ? "" : "s");
    }
    if (rc != 0) {
        fflush(stdout);
        return rc;
    }
    return v->args->json || v->args->jsonl ? dq_json_finish(&v->json, e)
                                           : dq_file_flush(stdout, NULL, e);
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
    const struct dq_shard *s = &v->model->shards[t->shard];
    (void)e;
    v->n_checked++;
    v->n_wrong += c->n_mismatches > 0;
    report(v,
        &(struct subject){t->display_name, t, s->path, s->big_endian, c, "cpu", v->engine.label});
    return 0;
}

/* Plans the tensors that can be decoded. Errors of the others are reported, and their plans have no
 * tensor. */
static uint64_t plan_picks(struct verification *v, struct dq_plan *plans)
{
    uint64_t total = 0;
    for (size_t i = 0; i < v->picks.n; i++) {
        const struct dq_pick *pick = &v->picks.items[i];
        struct dq_error why;
        const int rc = dq_tensor_usable(v->model, pick->tensor, true, &why);
        if (rc == 0) {
            dq_plan_init(&plans[i], v->model, pick->tensor, dtype_of(v->args),
                pick->slice ? pick->slice->ranges : NULL);
            total += pick->tensor->n_weights * dq_dtype_len(dtype_of(v->args));
            continue;
        }
        dq_msg_error("%s", why.text);
        v->n_unusable++;
        if (v->first_failure == 0)
            v->first_failure = rc;
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
    begin_report(v);
    if (!plans)
        return end_report(v, dq_fail_nomem(e), e);
    dq_progress_init(&v->progress, plan_picks(v, plans));
    const int rc = dq_verify_plans(&v->verifier, &job, e);
    dq_progress_finish(&v->progress);
    dq_mem_free(plans);
    return end_report(v, rc, e);
}

/* All built-in vectors through one lane, whose device is meant. */
static int self_test_lane(struct verification *v, struct dq_lane *lane, struct dq_error *e)
{
    const char *who = lane->device;
    struct dq_lane *reference = v->verifier.references[0];
    for (size_t i = 0; i < (size_t)DQ_TYPE_COUNT * DQ_DTYPE_native; i++) {
        const enum dq_dtype dtype = (enum dq_dtype)(i % DQ_DTYPE_native);
        struct dq_selftest t;
        if (v->args->dtype != DQ_DTYPE_COUNT && v->args->dtype != dtype)
            continue;
        const int rc = dq_selftest_run(
            lane, reference, (enum dq_type)(i / DQ_DTYPE_native), dtype, v->args->ulp, &t, e);
        if (rc != 0)
            return rc;
        v->n_checked++;
        v->n_wrong += t.device.n_mismatches > 0 || t.reference.n_mismatches > 0;
        report(v, &(struct subject){"built-in", NULL, NULL, false, &t.device, "cpu", who});
        if (t.reference.n_mismatches > 0)
            report(
                v, &(struct subject){"built-in", NULL, NULL, false, &t.reference, "ggml", "cpu"});
    }
    return 0;
}

/* The first lanes are of one GPU each. */
static int self_test(struct verification *v, struct dq_error *e)
{
    const size_t n = v->engine.n_gpus > 0 ? v->engine.n_gpus : 1;
    int rc = 0;
    begin_report(v);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = self_test_lane(v, v->engine.lanes[i], e);
    return end_report(v, rc, e);
}

int dq_cmd_verify_check(const struct dq_args *a, struct dq_error *e)
{
    if (a->self_test && (a->model || a->tensors.n || a->tensors_from || a->excluded.n))
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
    struct verification v = {.args = args, .json = {.file = stdout}};
    int rc = 0;
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
    dq_msg_failure(rc, &e);
    dq_verifier_finish(&v.verifier);
    dq_engine_close(&v.engine);
    dq_picks_finish(&v.picks);
    dq_model_free(v.model);
    if (rc == 0 && v.n_wrong > 0)
        rc = DQ_ERR_MISMATCH;
    return rc != 0 ? rc : v.first_failure;
}
