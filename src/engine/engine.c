#include "engine/engine.h"

#include "base/mem.h"
#include "base/processors.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Buffers of a CPU lane in bytes: small enough for the cache, and large enough that the cost of a
 * call does not matter. */
enum {
    CPU_IN = 1 << 20,
    CPU_OUT = 1 << 20,
};

/* Bytes of the memory limit that lanes leave: in all, for names and reports; per lane, for the
 * stack of its thread. */
enum {
    RESERVE = 1 << 20,
    RESERVE_PER_LANE = 64 << 10,
};

/* Bytes that all lanes, and one lane, gather at once. */
enum { GATHER = 32 << 20, GATHER_LANE = 8 << 20 };

/* Buffers are halved at most this many times to fit the memory limit. */
enum { MAX_SHIFT = 5 };

/* Whether the memory limit allows one more lane with buffers of len bytes in all. What the existing
 * lanes will need besides their buffers is not allocated yet. */
static bool fits_one_more(
    const struct dq_engine *engine, const struct dq_engine_options *options, size_t len)
{
    const size_t n = engine->n_lanes + 1;
    return dq_mem_left() >= len + n * (options->per_lane_extra + RESERVE_PER_LANE) + RESERVE;
}

/* How many times buffers of len bytes must be halved for the first lane to fit the memory limit. */
static unsigned shift_to_fit(
    const struct dq_engine *engine, const struct dq_engine_options *options, size_t len)
{
    unsigned shift = 0;
    while (shift < MAX_SHIFT && !fits_one_more(engine, options, len >> shift))
        shift++;
    return shift;
}

/* When a GPU is faster than the CPU: measured with an H100, which takes 0.43 s to open, and a model that
 * becomes 32 GB. If they are dropped, 2 threads need 1.98 s and the GPU 1.67 s, 4 need 1.12 s and 1.05 s,
 * and 8 need 0.60 s and 1.11 s. If they go to files, 16 threads need 1.75 s and the GPU 2.46 s: writing
 * takes the processors as long. */
enum { AUTO_MAX_THREADS = 4 };
static const uint64_t auto_min_per_thread = (uint64_t)8 << 30;

int dq_engine_auto_min(const struct dq_engine_options *options, uint64_t *out, struct dq_error *e)
{
    const char *text = getenv("GGUF_DQ_AUTO_MIN");
    const unsigned n = dq_engine_threads(options->n_threads);
    *out = options->to_files || n > AUTO_MAX_THREADS ? DQ_AUTO_NEVER : n * auto_min_per_thread;
    if (text && *text && !dq_parse_bytes(text, out))
        return dq_fail(
            e, DQ_ERR_USAGE, "GGUF_DQ_AUTO_MIN is '%.200s': not a size such as 1GiB or 512M", text);
    return 0;
}

unsigned dq_engine_threads(unsigned n_threads)
{
    static unsigned n_processors; /* kept, because the sandbox may block the files that say it */
    if (n_threads == 0 && n_processors == 0)
        n_processors = dq_processors("");
    if (n_threads == 0)
        n_threads = n_processors;
    return n_threads < DQ_LANES_MAX ? n_threads : DQ_LANES_MAX;
}

/* Frees half of the lanes after memory ran out, so that some is left for the rest of the
 * program. */
static void free_half(struct dq_engine *engine)
{
    const size_t kept = (engine->n_lanes + 1) / 2;
    while (engine->n_lanes > kept)
        dq_lane_free(engine->lanes[--engine->n_lanes]);
}

static int open_cpu(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e)
{
    const struct dq_cpu *cpu = options->cpu ? options->cpu : dq_cpu_best();
    const size_t n = dq_engine_threads(options->n_threads);
    const unsigned shift = shift_to_fit(engine, options, CPU_IN + CPU_OUT);
    const size_t len = (CPU_IN + CPU_OUT) >> shift;
    snprintf(engine->label, sizeof engine->label, "cpu");
    while (engine->n_lanes < n && (engine->n_lanes == 0 || fits_one_more(engine, options, len))) {
        struct dq_lane **lane = &engine->lanes[engine->n_lanes];
        const int rc = dq_lane_new_cpu(cpu, CPU_IN >> shift, CPU_OUT >> shift, lane, e);
        if (rc != 0 && engine->n_lanes == 0)
            return rc;
        if (rc != 0) {
            free_half(engine);
            break;
        }
        engine->n_lanes++;
    }
    return 0;
}

/* Adds a lane on a GPU, with buffers halved `shift` times. Memory may be so short that the lane
 * comes out smaller; it is not kept if its output buffer has less than min_out bytes. */
static int add_lane(struct dq_engine *engine, struct dq_gpu *gpu, unsigned shift, size_t min_out,
    struct dq_error *e)
{
    struct dq_lane *lane;
    const int rc = dq_lane_new_gpu(gpu, DQ_GPU_IN >> shift, DQ_GPU_OUT >> shift, &lane, e);
    if (rc != 0)
        return rc;
    if (lane->out_len < min_out) {
        dq_lane_free(lane);
        return dq_fail(e, DQ_ERR_MEMORY, "not enough memory is free");
    }
    engine->lanes[engine->n_lanes++] = lane;
    return 0;
}

/* Opens a GPU and its first lane, which may come out smaller if it will be the only GPU. */
static int add_gpu(struct dq_engine *engine, const struct dq_gpu_id *id, bool only, unsigned shift,
    struct dq_error *e)
{
    struct dq_gpu *gpu;
    int rc = dq_gpu_open(id->driver, id->ordinal, &gpu, e);
    if (rc != 0)
        return rc;
    rc = add_lane(engine, gpu, shift, only ? 0 : (size_t)DQ_GPU_OUT >> shift, e);
    if (rc == 0)
        engine->gpus[engine->n_gpus++] = gpu;
    else
        dq_gpu_close(gpu);
    return rc;
}

static void note_skipped(
    struct dq_engine *engine, const struct dq_gpu_id *id, const struct dq_error *why)
{
    const size_t len = strlen(engine->skipped);
    snprintf(engine->skipped + len, sizeof engine->skipped - len, "%s%s:%d: %.200s",
        len > 0 ? "; " : "", id->driver->name, id->ordinal, why->text);
}

/* Whether the memory limit, rather than a GPU, is what was too small. */
static bool is_over_limit(int rc)
{
    return rc == DQ_ERR_MEMORY && dq_mem_refused() > 0;
}

/* Opens one GPU or all, and skips those that cannot be used where the choice leaves others. */
static int add_gpus(struct dq_engine *engine, const struct dq_device_choice *choice, unsigned shift,
    struct dq_error *e)
{
    struct dq_gpu_id ids[DQ_GPUS_MAX];
    const bool all = choice->which == DQ_GPU_ALL;
    size_t n;
    int rc = dq_device_find(choice, ids, &n, e);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n && (all || engine->n_gpus == 0); i++) {
        struct dq_error why;
        const struct dq_gpu_id id = ids[i];
        rc = add_gpu(engine, &id, !all || n == 1, shift, &why);
        if (rc == 0)
            ids[engine->n_gpus - 1] = id;
        else if (n == 1 || (engine->n_gpus == 0 && is_over_limit(rc)))
            return dq_fail(e, rc, "%s", why.text);
        else
            note_skipped(engine, &id, &why);
    }
    dq_device_label(ids, engine->n_gpus, engine->label, sizeof engine->label);
    return engine->n_gpus > 0 ? 0 : dq_fail(e, DQ_ERR_GPU, "no usable GPU: %s", engine->skipped);
}

/* Adds lanes to the GPUs in turn, so that even a few chunks use all of them; fewer where memory
 * runs short. */
static void add_lanes(
    struct dq_engine *engine, const struct dq_engine_options *options, unsigned shift)
{
    const size_t wanted = engine->n_gpus * DQ_GPU_LANES + options->n_consuming;
    const size_t lane_len = (DQ_GPU_IN + DQ_GPU_OUT) >> shift;
    const size_t max = DQ_GPU_PINNED / lane_len;
    const size_t n = wanted < max ? wanted : max;
    const size_t out_len = engine->lanes[0]->out_len;
    bool full[DQ_GPUS_MAX] = {false};
    size_t n_full = 0;
    for (size_t i = 0;
         engine->n_lanes < n && n_full < engine->n_gpus && fits_one_more(engine, options, lane_len);
         i++) {
        struct dq_error unused;
        const size_t g = i % engine->n_gpus;
        if (!full[g] && add_lane(engine, engine->gpus[g], shift, out_len, &unused) != 0) {
            full[g] = true;
            n_full++;
        }
    }
}

static int open_gpus(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e)
{
    const size_t len = DQ_GPU_IN + DQ_GPU_OUT;
    const size_t max_half = DQ_GPU_PINNED / (len / 2); /* lanes of half the size */
    const unsigned for_consuming =
        options->n_consuming == 0 ? 0 : 1 + (options->n_consuming + DQ_GPU_LANES > max_half);
    const unsigned shift = for_consuming + shift_to_fit(engine, options, len >> for_consuming);
    const int rc = add_gpus(engine, &options->device, shift, e);
    if (rc == 0)
        add_lanes(engine, options, shift);
    return rc;
}

/* Says why auto uses no GPU for less than min bytes. */
static void say_why_cpu(
    struct dq_engine *engine, const struct dq_engine_options *options, uint64_t min)
{
    char bytes[32];
    if (min != DQ_AUTO_NEVER)
        snprintf(engine->why, sizeof engine->why,
            "opening a GPU does not pay off for less than %s of output",
            dq_format_bytes(min, bytes));
    else if (options->to_files)
        snprintf(engine->why, sizeof engine->why, "a GPU does not speed up writing files");
    else
        snprintf(engine->why, sizeof engine->why,
            "with more than %d threads, the CPU is as fast as a GPU", AUTO_MAX_THREADS);
}

/* Says why, with the GPUs that were skipped. */
static void say_why(struct dq_engine *engine, const char *why)
{
    snprintf(engine->why, sizeof engine->why, "%s%s%.200s", why,
        engine->skipped[0] ? "; skipped: " : "", engine->skipped);
}

static int open_requested_gpus(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e)
{
    struct dq_error why;
    const int rc = open_gpus(engine, options, &why);
    say_why(engine, "requested");
    if (rc == 0)
        return 0;
    /* If it is a GPU's memory that does not suffice, then that GPU is unusable. */
    return dq_fail(e, rc == DQ_ERR_MEMORY && !is_over_limit(rc) ? DQ_ERR_GPU : rc, "%s", why.text);
}

static int open_engine(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e)
{
    uint64_t min = 0;
    struct dq_error why;
    *engine = (struct dq_engine){0};
    if (options->device.kind == DQ_DEVICE_GPU)
        return open_requested_gpus(engine, options, e);
    if (options->device.kind == DQ_DEVICE_AUTO && dq_engine_auto_min(options, &min, e) != 0)
        return DQ_ERR_USAGE;
    if (options->device.kind == DQ_DEVICE_CPU) {
        say_why(engine, "requested");
    } else if (options->n_bytes < min || min == DQ_AUTO_NEVER) {
        say_why_cpu(engine, options, min);
    } else if (open_gpus(engine, options, &why) == 0) {
        say_why(engine, "the output is large enough for a GPU");
        engine->skipped[0] = '\0'; /* not requested */
        return 0;
    } else {
        *engine = (struct dq_engine){0};
        snprintf(engine->why, sizeof engine->why, "%.200s", why.text);
    }
    return open_cpu(engine, options, e);
}

static void allow_gathers(struct dq_engine *engine)
{
    const size_t share = dq_mem_left() / 2 < GATHER ? dq_mem_left() / 2 : GATHER;
    const size_t len = share / (engine->n_lanes > 0 ? engine->n_lanes : 1);
    for (size_t i = 0; i < engine->n_lanes; i++) {
        if (len > engine->lanes[i]->out_len)
            engine->lanes[i]->gather_len = len < GATHER_LANE ? len : GATHER_LANE;
    }
}

int dq_engine_open(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e)
{
    const int rc = open_engine(engine, options, e);
    if (rc == 0 && options->gathers)
        allow_gathers(engine);
    return rc;
}

int dq_engine_fall_back(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e)
{
    dq_engine_close(engine);
    snprintf(engine->why, sizeof engine->why, "the GPU failed");
    const int rc = open_cpu(engine, options, e);
    if (rc == 0 && options->gathers)
        allow_gathers(engine);
    return rc;
}

void dq_engine_close(struct dq_engine *engine)
{
    for (size_t i = 0; i < engine->n_lanes; i++)
        dq_lane_free(engine->lanes[i]);
    for (size_t i = 0; i < engine->n_gpus; i++)
        dq_gpu_close(engine->gpus[i]);
    engine->n_lanes = 0;
    engine->n_gpus = 0;
}
