#include "cli/cmd.h"

#include "base/file.h"
#include "base/json.h"
#include "base/signals.h"
#include "base/text.h"
#include "bench/bench.h"
#include "cli/confine.h"
#include "cli/model_arg.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How a column decodes; see bench.h. */
enum way { CACHED, MEMORY, KERNEL, END_TO_END };

/* The limit that each way is compared with. */
static const char *const limit_names[] = {"fill", "fill", "copy", "transfer out"};
static const char *const way_names[] = {"cache", "memory", "kernel", "end to end"};

enum { MAX_GPUS = DQ_GPUS_MAX + 1, MAX_COLUMNS = 8 + 2 * MAX_GPUS };

struct column {
    enum way way;
    const struct dq_cpu *cpu;
    unsigned n_threads;
    struct dq_bench_gpu *gpu;       /* for KERNEL */
    const struct dq_engine *engine; /* for END_TO_END */
    char device[32];                /* "cpu v4", "cuda:0" */
    double limit;                   /* GB/s */
    double seconds;                 /* for the weights of a model */
};

struct bench {
    const struct dq_args *args;
    enum dq_dtype dtype;
    double seconds; /* for each number */
    struct column columns[MAX_COLUMNS];
    size_t n_columns;
    struct dq_bench_gpu *gpus[DQ_GPUS_MAX];
    size_t n_gpus;
    double transfer_out;                       /* GB/s; the sum over all GPUs */
    struct dq_engine engines[DQ_GPUS_MAX + 1]; /* of each GPU, and of all together */
    size_t n_engines;
    bool is_wanted[DQ_TYPE_COUNT];
    uint64_t n_weights[DQ_TYPE_COUNT]; /* in the model */
    bool has_model;                    /* or one to look for, as tensors are named */
    struct dq_json json;
};

/* How many weights a GPU decodes at once. */
static uint64_t n_weights(const struct bench *b)
{
    return (uint64_t)b->args->bench_size << 20;
}

static bool is_text(const struct bench *b)
{
    return !b->args->json && !b->args->jsonl;
}

/* What is measured takes long, so it is shown at once; and nothing more is measured for a reader
 * who is gone. */
static int put_limit(
    struct bench *b, const char *device, const char *name, struct dq_speed s, struct dq_error *e)
{
    if (is_text(b)) {
        printf("  %-12s %-20s %8.1f GB/s  +-%.0f%%\n", device, name, s.gbs, 100 * s.spread);
        return dq_file_flush(stdout, NULL, e);
    }
    json_t *row = json_pack(
        "{s:s, s:s, s:f, s:f}", "device", device, "limit", name, "gbs", s.gbs, "spread", s.spread);
    dq_json_put_digits(&b->json, NULL, row, 4);
    return dq_file_flush(stdout, NULL, e);
}

static struct column *add_column(struct bench *b, enum way way, const char *device, double limit)
{
    struct column *c = &b->columns[b->n_columns++];
    *c = (struct column){.way = way, .limit = limit};
    snprintf(c->device, sizeof c->device, "%s", device);
    return c;
}

/* The levels of the CPU on one core in its cache, and the best one on all threads to memory. */
static int add_cpu(struct bench *b, struct dq_error *e)
{
    const struct dq_cpu *best = b->args->cpu ? b->args->cpu : dq_cpu_best();
    const unsigned n_threads = dq_engine_threads(b->args->n_threads);
    struct dq_speed s;
    char label[32];
    int rc = dq_bench_cpu_cached(best, DQ_CPU_FILL, 0, 0, b->seconds, &s, e);
    if (rc == 0)
        rc = put_limit(b, "cpu", "fill, cache", s, e);
    if (rc != 0)
        return rc;
    for (size_t i = 0; dq_cpu_levels[i]; i++) {
        const struct dq_cpu *cpu = dq_cpu_levels[i];
        if (!dq_cpu_usable(cpu) || (b->args->cpu && cpu != b->args->cpu))
            continue;
        snprintf(label, sizeof label, "cpu %s", cpu->name);
        add_column(b, CACHED, label, s.gbs)->cpu = cpu;
    }
    snprintf(label, sizeof label, "cpu x%u", n_threads);
    rc = dq_bench_cpu_memory(best, n_threads, DQ_CPU_COPY, 0, 0, b->seconds, &s, e);
    if (rc == 0)
        rc = put_limit(b, label, "copy, memory", s, e);
    if (rc == 0)
        rc = dq_bench_cpu_memory(best, n_threads, DQ_CPU_FILL, 0, 0, b->seconds, &s, e);
    if (rc == 0)
        rc = put_limit(b, label, "fill, memory", s, e);
    if (rc != 0)
        return rc;
    struct column *c = add_column(b, MEMORY, label, s.gbs);
    c->cpu = best;
    c->n_threads = n_threads;
    return 0;
}

/* Opens the lanes of a choice of GPUs, as extract would, and adds their column. */
static int add_end_to_end(struct bench *b, const struct dq_device_choice *choice, const char *label,
    double limit, struct dq_error *e)
{
    const struct dq_engine_options options = {.device = *choice};
    struct dq_engine *engine = &b->engines[b->n_engines];
    const int rc = dq_engine_open(engine, &options, e);
    if (rc != 0)
        return rc;
    b->n_engines++;
    add_column(b, END_TO_END, label, limit)->engine = engine;
    return 0;
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
    b->gpus[b->n_gpus++] = gpu;
    for (int i = 0; rc == 0 && i < 4; i++) {
        rc = dq_bench_gpu(gpu, limits[i].what, 0, 0, b->seconds, &s[i], e);
        if (rc == 0)
            rc = put_limit(b, label, limits[i].name, s[i], e);
    }
    if (rc == 0) {
        add_column(b, KERNEL, label, s[0].gbs)->gpu = gpu;
        b->transfer_out += s[2].gbs;
        rc = add_end_to_end(b, &choice, label, s[2].gbs, e);
    }
    return rc;
}

/* The GPUs that are wished for; of auto those that can be used, which may be none. */
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
    return add_end_to_end(b, &choice, label, b->transfer_out, e);
}

static int measure(struct bench *b, const struct column *c, enum dq_type type, struct dq_speed *out,
    struct dq_error *e)
{
    if (c->way == CACHED)
        return dq_bench_cpu_cached(c->cpu, DQ_CPU_DECODE, type, b->dtype, b->seconds, out, e);
    if (c->way == MEMORY)
        return dq_bench_cpu_memory(
            c->cpu, c->n_threads, DQ_CPU_DECODE, type, b->dtype, b->seconds, out, e);
    if (c->way == KERNEL)
        return dq_bench_gpu(c->gpu, DQ_GPU_KERNEL, type, b->dtype, b->seconds, out, e);
    return dq_bench_run(c->engine, type, b->dtype, n_weights(b), b->seconds, out, e);
}

static int put_result(struct bench *b, const struct column *c, enum dq_type type, struct dq_speed s,
    struct dq_error *e)
{
    const double share = s.gbs / c->limit;
    if (is_text(b)) {
        printf("  %6.1f %3.0f%% %4.0f%%", s.gbs, 100 * s.spread, 100 * share);
        return dq_file_flush(stdout, NULL, e);
    }
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:s, s:f}", "type", dq_types[type].name,
        "dtype", dq_dtype_name(b->dtype), "device", c->device, "way", way_names[c->way], "gbs",
        s.gbs, "spread", s.spread, "of", limit_names[c->way], "share", share);
    dq_json_put_digits(&b->json, NULL, row, 4);
    return dq_file_flush(stdout, NULL, e);
}

static int measure_format(struct bench *b, enum dq_type type, struct dq_error *e)
{
    const size_t item_len = dq_dtype_len(b->dtype);
    int rc = 0;
    if (is_text(b))
        printf("%-8s", dq_types[type].name);
    for (size_t i = 0; rc == 0 && i < b->n_columns; i++) {
        struct dq_speed s = {0};
        rc = measure(b, &b->columns[i], type, &s, e);
        if (rc == 0)
            rc = put_result(b, &b->columns[i], type, s, e);
        if (rc == 0)
            b->columns[i].seconds += (double)(b->n_weights[type] * item_len) / (s.gbs * 1e9);
    }
    if (is_text(b))
        putchar('\n');
    return rc;
}

static void print_heads(const struct bench *b)
{
    printf("\n%s output: GB/s, +- quartiles, share of the limit of that way\n        ",
        dq_dtype_name(b->dtype));
    for (size_t i = 0; i < b->n_columns; i++)
        printf("  %17s", b->columns[i].device);
    printf("\n%-8s", "TYPE");
    for (size_t i = 0; i < b->n_columns; i++)
        printf("  %17s", way_names[b->columns[i].way]);
    putchar('\n');
}

/* How long all weights of the model would take. Kernels count what they read too, and their rate
 * says nothing about the way to and from them. */
static void put_model(struct bench *b)
{
    uint64_t n = 0;
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++)
        n += b->n_weights[i];
    if (is_text(b))
        printf("\nthe %" PRIu64 " weights of the model would take\n", n);
    for (size_t i = 0; i < b->n_columns; i++) {
        const struct column *c = &b->columns[i];
        if (c->way != MEMORY && c->way != END_TO_END)
            continue;
        if (is_text(b))
            printf("  %-12s %-12s %10.3f s\n", c->device, way_names[c->way], c->seconds);
        else
            dq_json_put_digits(&b->json, NULL,
                json_pack("{s:s, s:s, s:o, s:f}", "device", c->device, "way", way_names[c->way],
                    "weights", dq_json_u64(n), "seconds", c->seconds),
                4);
    }
}

static void begin_list(struct bench *b, const char *key)
{
    if (b->args->json)
        dq_json_begin_list(&b->json, key);
}

static void end_list(struct bench *b)
{
    if (b->args->json)
        dq_json_end(&b->json);
}

static int run(struct bench *b, struct dq_error *e)
{
    int rc = 0;
    if (is_text(b))
        puts("limits");
    else if (b->args->json)
        dq_json_begin_object(&b->json, NULL);
    begin_list(b, "limits");
    if (b->args->device.kind != DQ_DEVICE_GPU)
        rc = add_cpu(b, e);
    if (rc == 0 && b->args->device.kind != DQ_DEVICE_CPU)
        rc = add_gpus(b, e);
    end_list(b);
    begin_list(b, "results");
    if (rc == 0 && is_text(b))
        print_heads(b);
    for (size_t i = 0; rc == 0 && i < DQ_TYPE_COUNT; i++)
        if (b->is_wanted[i])
            rc = measure_format(b, (enum dq_type)i, e);
    end_list(b);
    begin_list(b, "model");
    if (rc == 0 && b->has_model)
        put_model(b);
    end_list(b);
    if (b->args->json)
        dq_json_end(&b->json);
    if (rc != 0) {
        fflush(stdout);
        return rc;
    }
    return is_text(b) ? dq_file_flush(stdout, NULL, e) : dq_json_finish(&b->json, e);
}

/* The types of --type, or those of the model, or all. */
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
        .dtype = args->dtype == DQ_DTYPE_COUNT ? DQ_DTYPE_f32 : args->dtype,
        .seconds = args->milliseconds * 1e-3,
        .has_model = args->model || args->tensors.n > 0,
        .json = {.file = stdout},
    };
    const bool is_cpu = dq_device_is_cpu(&args->device);
    if (is_cpu)
        dq_confine(args, &(struct dq_sandbox){.may_read = true});
    int rc = choose_types(&b, &e);
    if (is_cpu)
        dq_confine(args, &(struct dq_sandbox){0});
    if (rc == 0)
        rc = run(&b, &e);
    dq_msg_failure(rc, &e);
    while (b.n_engines > 0)
        dq_engine_close(&b.engines[--b.n_engines]);
    for (size_t i = 0; i < b.n_gpus; i++)
        dq_bench_gpu_free(b.gpus[i]);
    return rc;
}
