#include "engine/engine.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A CPU lane's buffers: little enough for the cache, and enough that a call costs nothing beside
 * the work. */
enum {
    CPU_IN = 1 << 20,
    CPU_OUT = 1 << 20,
};

/* Lanes leave so much for what comes after them: names, reports, and the stacks of threads. */
enum {
    FOR_OTHERS = 1 << 20,
    FOR_THREAD = 64 << 10,
};

/* Buffers are halved so many times at most before the memory counts as too little. */
enum { MOST_HALVINGS = 5 };

/* Whether the memory that may be taken is enough for one more lane with buffers of len bytes. What
 * else the lanes need is not taken yet. */
static bool is_room(
    const struct dq_engine *engine, const struct dq_engine_options *options, size_t len)
{
    const size_t n = engine->n_lanes + 1;
    return dq_mem_left() >= len + n * (options->per_lane_extra + FOR_THREAD) + FOR_OTHERS;
}

/* How many times the buffers of lanes have to be halved for the first one to fit. */
static unsigned halvings(
    const struct dq_engine *engine, const struct dq_engine_options *options, size_t len)
{
    unsigned n = 0;
    while (n < MOST_HALVINGS && !is_room(engine, options, len >> n))
        n++;
    return n;
}

/* Opening a GPU takes about as long as one core needs for so many bytes. */
static const uint64_t gpu_repays = (uint64_t)16 << 30;

/* From so many bytes of output on, auto takes a GPU; $GGUF_DQ_AUTO_MIN says otherwise. */
static int worth_a_gpu(uint64_t *out, struct dq_error *e)
{
    const char *text = getenv("GGUF_DQ_AUTO_MIN");
    size_t n;
    *out = gpu_repays;
    if (!text || !*text)
        return 0;
    if (!dq_parse_bytes(text, &n))
        return dq_fail(
            e, DQ_ERR_USAGE, "GGUF_DQ_AUTO_MIN is '%.200s': not a size such as 1GiB or 512M", text);
    *out = n;
    return 0;
}

unsigned dq_engine_threads(unsigned n_threads)
{
    static long online; /* the files that tell may be out of reach later */
    if (online == 0)
        online = sysconf(_SC_NPROCESSORS_ONLN);
    if (n_threads == 0)
        n_threads = online > 0 ? (unsigned)online : 1;
    return n_threads < DQ_LANES_MAX ? n_threads : DQ_LANES_MAX;
}

/* With all the memory that there was, lanes would leave nothing for what comes after them. */
static void give_back_half(struct dq_engine *engine)
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
    const unsigned less = halvings(engine, options, CPU_IN + CPU_OUT);
    snprintf(engine->label, sizeof engine->label, "cpu");
    const size_t lane_len = (CPU_IN + CPU_OUT) >> less;
    while (engine->n_lanes < n && (engine->n_lanes == 0 || is_room(engine, options, lane_len))) {
        struct dq_lane **lane = &engine->lanes[engine->n_lanes];
        const int rc = dq_lane_new_cpu(cpu, CPU_IN >> less, CPU_OUT >> less, lane, e);
        if (rc != 0 && engine->n_lanes == 0)
            return rc;
        if (rc != 0) {
            give_back_half(engine);
            break;
        }
        engine->n_lanes++;
    }
    return 0;
}

/* Makes one more lane on a GPU. Among others, one that comes out smaller, because memory ran short,
 * is not kept: all lanes are alike. */
static int add_lane(
    struct dq_engine *engine, struct dq_gpu *gpu, unsigned less, size_t least, struct dq_error *e)
{
    struct dq_lane *lane;
    const int rc = dq_lane_new_gpu(gpu, DQ_GPU_IN >> less, DQ_GPU_OUT >> less, &lane, e);
    if (rc != 0)
        return rc;
    if (lane->out_len < least) {
        dq_lane_free(lane);
        return dq_fail(e, DQ_ERR_MEMORY, "too little memory is free");
    }
    engine->lanes[engine->n_lanes++] = lane;
    return 0;
}

/* Opens a GPU and its first lane, which may be small if it is to be the only GPU. */
static int add_gpu(struct dq_engine *engine, const struct dq_gpu_id *device, bool alone,
    unsigned less, struct dq_error *e)
{
    struct dq_gpu *gpu;
    int rc = dq_gpu_open(device->driver, device->number, &gpu, e);
    if (rc != 0)
        return rc;
    rc = add_lane(engine, gpu, less, alone ? 0 : (size_t)DQ_GPU_OUT >> less, e);
    if (rc == 0)
        engine->gpus[engine->n_gpus++] = gpu;
    else
        dq_gpu_close(gpu);
    return rc;
}

static void note_left_out(
    struct dq_engine *engine, const struct dq_gpu_id *device, const struct dq_error *why)
{
    const size_t len = strlen(engine->left_out);
    snprintf(engine->left_out + len, sizeof engine->left_out - len, "%s%s:%d: %.200s",
        len > 0 ? "; " : "", device->driver->name, device->number, why->text);
}

/* Opens the GPUs that are meant. Of several, those that cannot be used are left out. */
static int add_gpus(struct dq_engine *engine, const struct dq_device_choice *choice, unsigned less,
    struct dq_error *e)
{
    struct dq_gpu_id found[DQ_GPUS_MAX];
    size_t n;
    int rc = dq_device_find(choice, found, &n, e);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        struct dq_error why;
        const struct dq_gpu_id device = found[i];
        rc = add_gpu(engine, &device, n == 1, less, &why);
        if (rc == 0)
            found[engine->n_gpus - 1] = device;
        else if (n == 1)
            return dq_fail(e, rc, "%s", why.text);
        else
            note_left_out(engine, &device, &why);
    }
    dq_device_label(found, engine->n_gpus, engine->label, sizeof engine->label);
    return engine->n_gpus > 0 ? 0 : dq_fail(e, DQ_ERR_GPU, "no usable GPU: %s", engine->left_out);
}

/* Gives each GPU more lanes in turn, so that a few chunks of work use several GPUs; fewer where
 * memory runs short. */
static void add_lanes(
    struct dq_engine *engine, const struct dq_engine_options *options, unsigned less)
{
    const size_t wanted = engine->n_gpus * DQ_GPU_LANES + options->n_comparing;
    const size_t lane_len = (DQ_GPU_IN + DQ_GPU_OUT) >> less;
    const size_t most = DQ_GPU_PINNED / lane_len;
    const size_t n = wanted < most ? wanted : most;
    const size_t least = engine->lanes[0]->out_len;
    bool full[DQ_GPUS_MAX] = {false};
    size_t n_full = 0;
    for (size_t i = 0;
         engine->n_lanes < n && n_full < engine->n_gpus && is_room(engine, options, lane_len);
         i++) {
        struct dq_error unused;
        const size_t g = i % engine->n_gpus;
        if (!full[g] && add_lane(engine, engine->gpus[g], less, least, &unused) != 0) {
            full[g] = true;
            n_full++;
        }
    }
}

static int open_gpu(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e)
{
    const size_t len = DQ_GPU_IN + DQ_GPU_OUT;
    const size_t n_half = DQ_GPU_PINNED / (len / 2);
    const unsigned small =
        options->n_comparing == 0 ? 0 : 1 + (options->n_comparing + DQ_GPU_LANES > n_half);
    const unsigned less = small + halvings(engine, options, len >> small);
    const int rc = add_gpus(engine, &options->device, less, e);
    if (rc == 0)
        add_lanes(engine, options, less);
    return rc;
}

int dq_engine_open(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e)
{
    uint64_t least = 0;
    struct dq_error why;
    char bytes[32];
    *engine = (struct dq_engine){0};
    if (options->device.kind == DQ_DEVICE_GPU) {
        const int rc = open_gpu(engine, options, &why);
        snprintf(engine->why, sizeof engine->why, "asked for%s%.200s",
            engine->left_out[0] ? "; left out: " : "", engine->left_out);
        /* Too little memory on a GPU makes the GPU unusable, not the program; but a limit that a
         * person sets does not. */
        return rc == 0 ? 0
                       : dq_fail(e, rc == DQ_ERR_MEMORY && dq_mem_refused() == 0 ? DQ_ERR_GPU : rc,
                             "%s", why.text);
    }
    if (options->device.kind == DQ_DEVICE_AUTO && worth_a_gpu(&least, e) != 0)
        return DQ_ERR_USAGE;
    if (options->device.kind == DQ_DEVICE_CPU) {
        snprintf(engine->why, sizeof engine->why, "asked for");
    } else if (options->n_bytes < least) {
        snprintf(engine->why, sizeof engine->why,
            "less than %s to write does not repay opening a GPU", dq_format_bytes(least, bytes));
    } else if (open_gpu(engine, options, &why) == 0) {
        snprintf(engine->why, sizeof engine->why, "there is much to do");
        return 0;
    } else {
        *engine = (struct dq_engine){0};
        snprintf(engine->why, sizeof engine->why, "%.200s", why.text);
    }
    return open_cpu(engine, options, e);
}

int dq_engine_fall_back(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e)
{
    dq_engine_close(engine);
    snprintf(engine->why, sizeof engine->why, "the GPU failed");
    return open_cpu(engine, options, e);
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
