#include "engine.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A lane's buffers. On the CPU little enough for the cache and enough that a call costs nothing
 * beside the work; on a GPU enough that a transfer does. */
enum {
    CPU_IN = 1 << 20,
    CPU_OUT = 1 << 20,
    GPU_IN = 4 << 20,
    GPU_OUT = 8 << 20,
    GPU_LANES = 3, /* one reads or writes, one copies in, one copies out */
};

/* Opening a GPU takes about as long as one core needs for so many bytes. */
static const uint64_t gpu_repays = (uint64_t)16 << 30;

/* From so many bytes of output on, auto takes a GPU; $GGUF_DQ_AUTO_MIN says otherwise. */
static uint64_t worth_a_gpu(void)
{
    const char *text = getenv("GGUF_DQ_AUTO_MIN");
    char *end;
    if (!text || *text < '0' || *text > '9')
        return gpu_repays;
    const unsigned long long n = strtoull(text, &end, 10);
    return *end == '\0' ? n : gpu_repays;
}

/* Finds the driver that the first len letters of text name. */
static bool find_driver(const char *text, size_t len, struct dq_device_choice *c)
{
    static const char *const known[] = {"hip", "cuda"};
    for (size_t i = 0; dq_gpu_drivers[i]; i++) {
        const char *name = dq_gpu_drivers[i]->name;
        if (strlen(name) == len && strncmp(text, name, len) == 0)
            c->driver = dq_gpu_drivers[i];
    }
    for (size_t i = 0; !c->driver && i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i]) == len && strncmp(text, known[i], len) == 0)
            c->absent = known[i];
    }
    return c->driver || c->absent || (len == 3 && strncmp(text, "gpu", 3) == 0);
}

int dq_device_parse(const char *text, struct dq_device_choice *out, struct dq_error *e)
{
    struct dq_device_choice c = {.kind = DQ_DEVICE_GPU};
    const size_t name_len = strcspn(text, ":");
    const char *number = text + name_len;
    bool known = true;
    if (strcmp(text, "auto") == 0)
        c.kind = DQ_DEVICE_AUTO;
    else if (strcmp(text, "cpu") == 0)
        c.kind = DQ_DEVICE_CPU;
    else
        known = find_driver(text, name_len, &c);
    if (known && *number == ':') {
        char *end;
        const long n = strtol(number + 1, &end, 10);
        known = number[1] >= '0' && number[1] <= '9' && *end == '\0' && n < 1024;
        c.number = (int)n;
    }
    if (!known)
        return dq_fail(e, DQ_ERR_USAGE,
            "--device %s: auto, cpu, gpu[:N], hip[:N] and cuda[:N] are known", text);
    *out = c;
    return 0;
}

unsigned dq_engine_threads(unsigned n_threads)
{
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    if (n_threads == 0)
        n_threads = online > 0 ? (unsigned)online : 1;
    return n_threads < DQ_LANES_MAX ? n_threads : DQ_LANES_MAX;
}

static int open_cpu(struct dq_engine *engine, const struct dq_engine_wish *wish, struct dq_error *e)
{
    const struct dq_cpu *cpu = wish->cpu ? wish->cpu : dq_cpu_best();
    const size_t n = dq_engine_threads(wish->n_threads);
    snprintf(engine->label, sizeof engine->label, "cpu");
    for (int rc = 0; engine->n_lanes < n; engine->n_lanes++) {
        rc = dq_lane_new_cpu(cpu, CPU_IN, CPU_OUT, &engine->lanes[engine->n_lanes], e);
        if (rc != 0) {
            dq_engine_close(engine);
            return rc;
        }
    }
    return 0;
}

/* Finds the n-th device of all drivers, or of one. */
static int find_device(const struct dq_device_choice *c, const struct dq_gpu_driver **driver,
    int *number, struct dq_error *e)
{
    int left = c->number;
    int seen = 0;
    char reasons[768] = "";
    if (c->absent)
        return dq_fail(e, DQ_ERR_GPU, "this program is built without %s", c->absent);
    if (!dq_gpu_drivers[0])
        return dq_fail(e, DQ_ERR_GPU, "this program is built without GPU support");
    for (size_t i = 0; dq_gpu_drivers[i]; i++) {
        const struct dq_gpu_driver *d = dq_gpu_drivers[i];
        struct dq_error why;
        int n = 0;
        if (c->driver && d != c->driver)
            continue;
        if (d->count(&n, &why) != 0) {
            const size_t used = strlen(reasons);
            snprintf(reasons + used, sizeof reasons - used, "%s%.360s", used ? "; " : "", why.text);
            continue;
        }
        if (left < n) {
            *driver = d;
            *number = left;
            return 0;
        }
        left -= n;
        seen += n;
    }
    if (seen > 0)
        return dq_fail(e, DQ_ERR_GPU, "there is no device %d; %d %s found", c->number, seen,
            seen == 1 ? "is" : "are");
    return dq_fail(e, DQ_ERR_GPU, "no usable GPU: %s", reasons);
}

static int open_gpu(
    struct dq_engine *engine, const struct dq_device_choice *choice, struct dq_error *e)
{
    const struct dq_gpu_driver *driver;
    int number;
    int rc = find_device(choice, &driver, &number, e);
    if (rc == 0)
        rc = dq_gpu_device_open(driver, number, &engine->gpu, e);
    if (rc != 0)
        return rc;
    snprintf(engine->label, sizeof engine->label, "%s", dq_gpu_device_label(engine->gpu));
    for (; engine->n_lanes < GPU_LANES; engine->n_lanes++) {
        rc = dq_lane_new_gpu(engine->gpu, GPU_IN, GPU_OUT, &engine->lanes[engine->n_lanes], e);
        if (rc == 0 && engine->lanes[engine->n_lanes]->out_len < engine->lanes[0]->out_len) {
            dq_lane_free(
                engine->lanes[engine->n_lanes]); /* memory ran short: fewer lanes, all alike */
            return 0;
        }
        if (rc != 0 && engine->n_lanes > 0)
            return 0;
        if (rc != 0) {
            dq_engine_close(engine);
            return rc;
        }
    }
    return 0;
}

int dq_engine_open(struct dq_engine *engine, const struct dq_engine_wish *wish, struct dq_error *e)
{
    const uint64_t least = worth_a_gpu();
    struct dq_error why;
    char bytes[32];
    *engine = (struct dq_engine){0};
    if (wish->device.kind == DQ_DEVICE_GPU) {
        snprintf(engine->why, sizeof engine->why, "asked for");
        const int rc = open_gpu(engine, &wish->device, &why);
        /* Too little memory on a GPU makes the GPU unusable, not the program. */
        return rc == 0 ? 0 : dq_fail(e, rc == DQ_ERR_MEMORY ? DQ_ERR_GPU : rc, "%s", why.text);
    }
    if (wish->device.kind == DQ_DEVICE_CPU) {
        snprintf(engine->why, sizeof engine->why, "asked for");
    } else if (wish->n_bytes < least) {
        snprintf(engine->why, sizeof engine->why,
            "less than %s to write does not repay opening a GPU", dq_format_bytes(least, bytes));
    } else if (open_gpu(engine, &wish->device, &why) == 0) {
        snprintf(engine->why, sizeof engine->why, "there is much to do");
        return 0;
    } else {
        *engine = (struct dq_engine){0};
        snprintf(engine->why, sizeof engine->why, "%.200s", why.text);
    }
    return open_cpu(engine, wish, e);
}

int dq_engine_fall_back(
    struct dq_engine *engine, const struct dq_engine_wish *wish, struct dq_error *e)
{
    dq_engine_close(engine);
    snprintf(engine->why, sizeof engine->why, "the GPU failed");
    return open_cpu(engine, wish, e);
}

void dq_engine_close(struct dq_engine *engine)
{
    for (size_t i = 0; i < engine->n_lanes; i++)
        dq_lane_free(engine->lanes[i]);
    dq_gpu_device_close(engine->gpu);
    engine->n_lanes = 0;
    engine->gpu = NULL;
}
