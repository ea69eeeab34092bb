#include "cli/cmd.h"

#include "base/signals.h"
#include "cli/bench_report.h"
#include "cli/confine.h"
#include "cli/model_arg.h"

#include <stdio.h>
#include <unistd.h>

enum { MAX_GPUS = DQ_GPUS_MAX + 1, MAX_COLUMNS = 9 + 3 * MAX_GPUS, MAX_ENGINES = 1 + 2 * MAX_GPUS };

struct bench {
    const struct dq_args *args;
    unsigned n_threads;
    enum dq_dtype dtype;
    double seconds; /* to spend on each measurement */
    struct dq_bench_column columns[MAX_COLUMNS];
    size_t n_columns;
    struct dq_bench_gpu *gpus[DQ_GPUS_MAX];
    size_t n_gpus;
    double transfer_out; /* GB/s; the sum over all GPUs */
    struct dq_engine engines[MAX_ENGINES];
    size_t n_engines;
    struct dq_bench_files files; /* the folder is -1 if files are not measured */
    double writing;              /* GB/s, the limit for files */
    bool is_wanted[DQ_TYPE_COUNT];
    uint64_t n_weights[DQ_TYPE_COUNT]; /* in the model */
    bool has_model;                    /* a model is given, or found because tensors are */
    struct dq_report report;
};

/* How many weights a GPU decodes at once. */
static uint64_t n_weights(const struct bench *b)
{
    return (uint64_t)b->args->bench_size << 20;
}

static struct dq_bench_column *add_column(
    struct bench *b, enum dq_bench_way way, const char *device, double limit)
{
    struct dq_bench_column *c = &b->columns[b->n_columns++];
    *c = (struct dq_bench_column){.way = way, .limit = limit};
    snprintf(c->device, sizeof c->device, "%s", device);
    return c;
}

/* Measures and reports a limit of n_threads threads in memory or, with 0, of one in its cache. */
static int put_cpu_limit(struct bench *b, const struct dq_cpu *cpu, unsigned n_threads,
    const char *label, enum dq_cpu_task what, const char *name, double *gbs, struct dq_error *e)
{
    struct dq_speed s;
    const int rc = n_threads == 0
                       ? dq_bench_cpu_cached(cpu, what, 0, 0, b->seconds, &s, e)
                       : dq_bench_cpu_memory(cpu, n_threads, what, 0, 0, b->seconds, &s, e);
    if (rc != 0)
        return rc;
    *gbs = s.gbs;
    return dq_bench_report_limit(&b->report, label, name, s, e);
}

/* Opens lanes as extract would, as the last of b->engines. */
static int open_engine(struct bench *b, const struct dq_device_choice *choice, unsigned n_consuming,
    struct dq_error *e)
{
    const struct dq_engine_options options = {.device = *choice,
        .cpu = b->args->cpu,
        .n_threads = b->args->n_threads,
        .n_consuming = n_consuming};
    const int rc = dq_engine_open(&b->engines[b->n_engines], &options, e);
    b->n_engines += rc == 0;
    return rc;
}

/* The same for files, if they are measured. */
static int open_files_engine(
    struct bench *b, const struct dq_device_choice *choice, struct dq_error *e)
{
    return b->files.folder < 0 ? 0 : open_engine(b, choice, b->files.n_threads, e);
}

/* Adds a column for files, if they are measured, which the last of b->engines decodes for. */
static void add_files(struct bench *b, const char *label)
{
    if (b->files.folder >= 0)
        add_column(b, DQ_BENCH_TO_FILES, label, b->writing)->engine = &b->engines[b->n_engines - 1];
}

/* Measures what limits writing files. */
static int put_writers(struct bench *b, struct dq_error *e)
{
    char label[32];
    struct dq_speed s;
    if (b->files.folder < 0)
        return 0;
    snprintf(label, sizeof label, "cpu x%u", b->files.n_threads);
    const int rc = dq_bench_writers(&b->files, b->seconds, &s, e);
    b->writing = s.gbs;
    return rc == 0 ? dq_bench_report_limit(&b->report, label, "write, files", s, e) : rc;
}

/* Adds each CPU level on one core in its cache, and the best level on all threads in memory. */
static int add_cpu(struct bench *b, struct dq_error *e)
{
    const struct dq_cpu *best = b->args->cpu ? b->args->cpu : dq_cpu_best();
    const unsigned n = b->n_threads;
    double gbs = 0;
    char label[32];
    int rc = put_cpu_limit(b, best, 0, "cpu", DQ_CPU_FILL, "fill, cache", &gbs, e);
    for (size_t i = 0; rc == 0 && dq_cpu_levels[i]; i++) {
        const struct dq_cpu *cpu = dq_cpu_levels[i];
        if (!dq_cpu_usable(cpu) || (b->args->cpu && cpu != b->args->cpu))
            continue;
        snprintf(label, sizeof label, "cpu %s", cpu->name);
        add_column(b, DQ_BENCH_CACHED, label, gbs)->cpu = cpu;
    }
    snprintf(label, sizeof label, "cpu x%u", n);
    if (rc == 0)
        rc = put_cpu_limit(b, best, n, label, DQ_CPU_COPY, "copy, memory", &gbs, e);
    if (rc == 0)
        rc = put_cpu_limit(b, best, n, label, DQ_CPU_FILL, "fill, memory", &gbs, e);
    if (rc != 0)
        return rc;
    struct dq_bench_column *c = add_column(b, DQ_BENCH_MEMORY, label, gbs);
    c->cpu = best;
    c->n_threads = n;
    rc = open_files_engine(b, &(struct dq_device_choice){.kind = DQ_DEVICE_CPU}, e);
    if (rc == 0)
        add_files(b, label);
    return rc;
}

static int add_gpu(
    struct bench *b, const struct dq_gpu_driver *driver, int ordinal, struct dq_error *e)
{
    static const struct {
        enum dq_gpu_task what;
        const char *name;
    } limits[] = {
        {DQ_GPU_COPY, "copy on the device"},
        {DQ_GPU_IN_ONLY, "transfer in"},
        {DQ_GPU_OUT_ONLY, "transfer out"},
        {DQ_GPU_IN_AND_OUT, "both at once"},
    };
    const struct dq_device_choice choice = {
        .kind = DQ_DEVICE_GPU, .driver = driver, .which = DQ_GPU_ONE, .ordinal = ordinal};
    struct dq_bench_gpu *gpu;
    struct dq_speed s[4];
    char label[32];
    snprintf(label, sizeof label, "%s:%d", driver->name, ordinal);
    int rc = dq_bench_gpu_new(driver, ordinal, n_weights(b), &gpu, e);
    if (rc != 0)
        return rc;
    struct dq_engine *engine = &b->engines[b->n_engines];
    rc = open_engine(b, &choice, 0, e);
    if (rc == 0)
        rc = open_files_engine(b, &choice, e);
    if (rc != 0) {
        dq_bench_gpu_free(gpu);
        return rc;
    }
    b->gpus[b->n_gpus++] = gpu;
    for (int i = 0; rc == 0 && i < 4; i++) {
        rc = dq_bench_gpu(gpu, limits[i].what, 0, 0, b->seconds, &s[i], e);
        if (rc == 0)
            rc = dq_bench_report_limit(&b->report, label, limits[i].name, s[i], e);
    }
    if (rc != 0)
        return rc;
    add_column(b, DQ_BENCH_KERNEL, label, s[0].gbs)->gpu = gpu;
    add_column(b, DQ_BENCH_END_TO_END, label, s[2].gbs)->engine = engine;
    add_files(b, label);
    b->transfer_out += s[2].gbs;
    return 0;
}

/* Adds the requested GPUs: one, the first usable one, or all usable ones. With auto, that there is none
 * is no error. */
static int add_gpus(struct bench *b, struct dq_error *e)
{
    const bool any = b->args->device.kind == DQ_DEVICE_AUTO;
    struct dq_device_choice choice = b->args->device;
    struct dq_gpu_id devices[DQ_GPUS_MAX];
    struct dq_error why;
    char label[32];
    size_t n;
    if (any)
        choice = (struct dq_device_choice){.kind = DQ_DEVICE_GPU, .which = DQ_GPU_ALL};
    int rc = dq_device_find(&choice, devices, &n, &why);
    if (rc != 0)
        return any ? 0 : dq_fail(e, rc, "%s", why.text);
    for (size_t i = 0; i < n; i++) {
        rc = add_gpu(b, devices[i].driver, devices[i].ordinal, &why);
        const bool is_end = rc == DQ_ERR_INTERRUPTED || rc == DQ_ERR_CLOSED || rc == DQ_ERR_IO;
        const bool is_last = choice.which != DQ_GPU_FIRST || i + 1 == n;
        if (rc != 0 && ((!any && is_last) || is_end))
            return dq_fail(e, rc, "%s", why.text);
        if (rc != 0)
            dq_msg_warning("%s:%d: %s", devices[i].driver->name, devices[i].ordinal, why.text);
        else if (choice.which == DQ_GPU_FIRST)
            break;
    }
    if (b->n_gpus < 2 || choice.which != DQ_GPU_ALL)
        return 0;
    dq_device_label(devices, n, label, sizeof label);
    rc = open_engine(b, &choice, 0, e);
    if (rc == 0)
        add_column(b, DQ_BENCH_END_TO_END, label, b->transfer_out)->engine =
            &b->engines[b->n_engines - 1];
    if (rc == 0)
        rc = open_files_engine(b, &choice, e);
    if (rc == 0)
        add_files(b, label);
    return rc;
}

static int measure(struct bench *b, const struct dq_bench_column *c, enum dq_type type,
    struct dq_speed *out, struct dq_error *e)
{
    if (c->way == DQ_BENCH_CACHED)
        return dq_bench_cpu_cached(c->cpu, DQ_CPU_DECODE, type, b->dtype, b->seconds, out, e);
    if (c->way == DQ_BENCH_MEMORY)
        return dq_bench_cpu_memory(
            c->cpu, c->n_threads, DQ_CPU_DECODE, type, b->dtype, b->seconds, out, e);
    if (c->way == DQ_BENCH_KERNEL)
        return dq_bench_gpu(c->gpu, DQ_GPU_KERNEL, type, b->dtype, b->seconds, out, e);
    if (c->way == DQ_BENCH_TO_FILES)
        return dq_bench_extract(c->engine, &b->files, type, b->dtype, b->seconds, out, e);
    return dq_bench_run(c->engine, type, b->dtype, n_weights(b), b->seconds, out, e);
}

static int measure_type(struct bench *b, enum dq_type type, struct dq_error *e)
{
    const size_t item_len = dq_dtype_len(b->dtype);
    int rc = 0;
    dq_report_print(&b->report, "%-8s", dq_types[type].name);
    for (size_t i = 0; rc == 0 && i < b->n_columns; i++) {
        struct dq_speed s = {0};
        rc = measure(b, &b->columns[i], type, &s, e);
        if (rc == 0)
            rc = dq_bench_report_result(&b->report, &b->columns[i], type, b->dtype, s, e);
        if (rc == 0)
            b->columns[i].seconds += (double)(b->n_weights[type] * item_len) / (s.gbs * 1e9);
    }
    dq_report_print(&b->report, "\n");
    return rc;
}

/* If it fails, JSON still has all three lists. */
static int run(struct bench *b, struct dq_error *e)
{
    struct dq_report *r = &b->report;
    dq_bench_report_begin_limits(r);
    int rc = put_writers(b, e);
    if (rc == 0 && b->args->device.kind != DQ_DEVICE_GPU)
        rc = add_cpu(b, e);
    if (rc == 0 && b->args->device.kind != DQ_DEVICE_CPU)
        rc = add_gpus(b, e);
    dq_report_end_rows(r);
    dq_bench_report_begin_results(r, b->dtype, b->columns, rc == 0 ? b->n_columns : 0);
    for (size_t i = 0; rc == 0 && i < DQ_TYPE_COUNT; i++)
        if (b->is_wanted[i])
            rc = measure_type(b, (enum dq_type)i, e);
    dq_report_end_rows(r);
    dq_bench_report_model(r, b->n_weights, b->columns, rc == 0 && b->has_model ? b->n_columns : 0);
    return rc;
}

/* Chooses the types of the model, or all without a model; of these, the ones that --type lists. */
static int choose_types(struct bench *b, struct dq_error *e)
{
    struct dq_model *m = NULL;
    struct dq_picks picks = {0};
    int rc = 0;
    if (b->has_model) {
        rc = dq_model_arg_open(b->args, &m, e);
        if (rc == 0)
            rc = dq_model_arg_whole_tensors(b->args, m, &picks, e);
        for (size_t i = 0; rc == 0 && i < picks.n; i++)
            if (picks.items[i].tensor->type)
                b->n_weights[picks.items[i].tensor->type->type] += picks.items[i].tensor->n_weights;
        dq_picks_finish(&picks);
        dq_model_free(m);
    }
    bool any = false;
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        b->is_wanted[i] = (!b->has_model || b->n_weights[i] > 0) &&
                          (b->args->types == 0 || (b->args->types >> i & 1));
        any |= b->is_wanted[i];
    }
    if (rc == 0 && !any)
        rc = dq_fail(e, DQ_ERR_NO_TENSOR, "no tensor has a type to be measured");
    return rc;
}

static int open_folder(struct bench *b, struct dq_error *e)
{
    const char *path = b->args->bench_to;
    b->files = (struct dq_bench_files){.folder = -1,
        .path = path,
        .n_threads = dq_engine_threads(b->args->n_threads),
        .n_bytes = n_weights(b) * dq_dtype_len(b->dtype)};
    return dq_sink_open_folder(path, path, DQ_FOLDER_FOLLOW | DQ_FOLDER_SWEEP, &b->files.folder, e);
}

int dq_cmd_bench_check(const struct dq_args *a, struct dq_error *e)
{
    if (a->dtype == DQ_DTYPE_native)
        return dq_fail(e, DQ_ERR_USAGE, "native is not decoded; f32, f16 and bf16 are");
    if (a->bench_size == 0)
        return dq_fail(e, DQ_ERR_USAGE, "--size 0: must be at least 1");
    return 0;
}

int dq_cmd_bench(const struct dq_args *args)
{
    struct dq_error e;
    struct bench b = {
        .args = args,
        .n_threads = dq_engine_threads(args->n_threads), /* reads files, so before the sandbox */
        .dtype = args->dtype == DQ_DTYPE_COUNT ? DQ_DTYPE_f32 : args->dtype,
        .seconds = args->milliseconds * 1e-3,
        .has_model = args->model || args->tensors.n > 0,
        .files = {.folder = -1},
    };
    const bool is_cpu = dq_device_is_cpu(&args->device);
    dq_report_open(&b.report, args);
    int rc = args->bench_to ? open_folder(&b, &e) : 0;
    if (is_cpu)
        dq_confine(
            args, &(struct dq_sandbox){.may_read = true, .may_write = args->bench_to != NULL});
    if (rc == 0)
        rc = choose_types(&b, &e);
    if (is_cpu)
        dq_confine(args,
            &(struct dq_sandbox){.folders = {b.files.folder}, .n_folders = b.files.folder >= 0});
    if (rc == 0)
        rc = run(&b, &e);
    rc = dq_msg_failure(dq_report_end(&b.report, rc, &e), &e);
    while (b.n_engines > 0)
        dq_engine_close(&b.engines[--b.n_engines]);
    for (size_t i = 0; i < b.n_gpus; i++)
        dq_bench_gpu_free(b.gpus[i]);
    if (b.files.folder >= 0)
        close(b.files.folder);
    dq_signals_reraise();
    return rc;
}
