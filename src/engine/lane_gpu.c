#include "engine/lane_gpu.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Buffers are not made smaller than this before the device counts as too small. */
enum { LEAST_BUFFER = 64 << 10 };

enum { POISON = 0xa5 };

enum { N_DTYPES = DQ_DTYPE_native }; /* what kernels write */

struct dq_gpu {
    const struct dq_gpu_driver *driver;
    struct dq_gpu_ctx *gpu;
    struct dq_gpu_info info;
    char label[32]; /* "cuda:0" */
    pthread_mutex_t lock;
    void *kernels[DQ_TYPE_COUNT][N_DTYPES]; /* found when first wanted */
};

struct gpu_lane {
    struct dq_lane lane;
    struct dq_gpu *device;
    void *stream;
    void *d_in;
    void *d_out;
    uint32_t *d_overflow; /* behind the output; the kernels store 1 there */
    uint32_t *overflow;   /* its copy, behind the output buffer */
    size_t taken;         /* of the host's memory */
};

int dq_gpu_open(
    const struct dq_gpu_driver *driver, int number, struct dq_gpu **out, struct dq_error *e)
{
    struct dq_gpu *d = calloc(1, sizeof *d);
    if (!d)
        return dq_fail_nomem(e);
    d->driver = driver;
    snprintf(d->label, sizeof d->label, "%s:%d", driver->name, number);
    pthread_mutex_init(&d->lock, NULL);
    int rc = driver->describe(number, &d->info, e);
    if (rc == 0)
        rc = driver->open(number, &d->gpu, e);
    if (rc != 0) {
        dq_gpu_close(d);
        return rc;
    }
    *out = d;
    return 0;
}

void dq_gpu_close(struct dq_gpu *d)
{
    if (!d)
        return;
    d->driver->close(d->gpu);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

const char *dq_gpu_label(const struct dq_gpu *d)
{
    return d->label;
}

const struct dq_gpu_info *dq_gpu_get_info(const struct dq_gpu *d)
{
    return &d->info;
}

uint64_t dq_gpu_threads(enum dq_type type, enum dq_dtype dtype, uint64_t n_weights)
{
    const uint64_t a_thread = 16 / dq_dtype_len(dtype) * dq_types[type].gpu_stores_per_thread;
    return (n_weights + a_thread - 1) / a_thread;
}

static int find_kernel(
    struct dq_gpu *d, enum dq_type type, enum dq_dtype dtype, void **out, struct dq_error *e)
{
    char name[64];
    int rc = 0;
    pthread_mutex_lock(&d->lock);
    void **slot = &d->kernels[type][dtype];
    if (!*slot) {
        snprintf(name, sizeof name, "dq_%s_%s", dq_types[type].token, dq_dtype_name(dtype));
        rc = d->driver->kernel(d->gpu, name, slot, e);
    }
    *out = *slot;
    pthread_mutex_unlock(&d->lock);
    return rc;
}

/* Puts everything of one decode into the lane's stream and waits for it, and for what was there
 * before, even after an error. */
static int run(
    struct gpu_lane *l, enum dq_type type, enum dq_dtype dtype, size_t nblocks, struct dq_error *e)
{
    const struct dq_gpu_driver *v = l->device->driver;
    struct dq_gpu_ctx *g = l->device->gpu;
    const size_t in_len = nblocks * dq_types[type].bytes;
    const size_t item_len = dq_dtype_len(dtype);
    uint64_t n_weights = (uint64_t)nblocks * dq_types[type].weights;
    const uint64_t n_threads = dq_gpu_threads(type, dtype, n_weights);
    const unsigned block = item_len == 4 ? v->block_32 : v->block_16;
    void *args[] = {&l->d_in, &l->d_out, &n_weights, &l->d_overflow};
    void *kernel;
    int rc = find_kernel(l->device, type, dtype, &kernel, e);
    if (rc == 0)
        rc = v->copy_in(g, l->stream, l->d_in, l->lane.in, in_len, e);
    if (rc == 0)
        rc = v->launch(g, l->stream, kernel, (n_threads + block - 1) / block, block, args, e);
    if (rc == 0)
        rc = v->copy_out(g, l->stream, l->lane.out, l->d_out, n_weights * item_len, e);
    if (rc == 0 && dtype != DQ_DTYPE_f32)
        rc = v->copy_out(g, l->stream, l->overflow, l->d_overflow, sizeof *l->overflow, e);
    const int sync_rc = v->sync(g, l->stream, rc == 0 ? e : NULL);
    return rc != 0 ? rc : sync_rc;
}

static int decode_on(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
    uint64_t *n_overflow, struct dq_error *e)
{
    struct gpu_lane *l = (struct gpu_lane *)lane;
    const int rc = nblocks > 0 ? run(l, type, dtype, nblocks, e) : 0;
    if (rc != 0 || dtype == DQ_DTYPE_f32 || *l->overflow == 0)
        return rc;
    /* Rare: the kernels only say that there were some. */
    *n_overflow += dq_count_overflows(lane->cpu, type, dtype, lane->in, nblocks);
    *l->overflow = 0;
    const int copy_rc = l->device->driver->copy_in(
        l->device->gpu, l->stream, l->d_overflow, l->overflow, sizeof *l->overflow, e);
    return copy_rc != 0 ? copy_rc : l->device->driver->sync(l->device->gpu, l->stream, e);
}

/* Says which device it was that failed. Runtimes report a lack of memory from any call; here it is
 * the GPU that failed. */
static int name_device(const struct gpu_lane *l, int rc, struct dq_error *e)
{
    struct dq_error why;
    if (rc == 0)
        return 0;
    why = *e;
    return dq_fail(e, rc == DQ_ERR_MEMORY ? DQ_ERR_GPU : rc, "%s: %s", l->device->label, why.text);
}

static int decode(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
    uint64_t *n_overflow, struct dq_error *e)
{
    const int rc = decode_on(lane, type, dtype, nblocks, n_overflow, e);
    return name_device((struct gpu_lane *)lane, rc, e);
}

/* On the device: what is copied back is then junk where the kernel wrote nothing. It is not waited
 * for, because decode puts its work behind it. */
static int poison(struct dq_lane *lane, size_t len, struct dq_error *e)
{
    struct gpu_lane *l = (struct gpu_lane *)lane;
    return name_device(
        l, l->device->driver->fill(l->device->gpu, l->stream, l->d_out, POISON, len, e), e);
}

static void free_lane(struct dq_lane *lane)
{
    struct gpu_lane *l = (struct gpu_lane *)lane;
    dq_mem_uncharge(l->taken);
    const struct dq_gpu_driver *v = l->device->driver;
    struct dq_gpu_ctx *g = l->device->gpu;
    v->free(g, l->d_in);
    v->free(g, l->d_out);
    v->free_host(g, lane->in);
    v->free_host(g, lane->out);
    v->stream_free(g, l->stream);
    free(l);
}

static const struct dq_lane_ops ops = {"gpu", decode, poison, free_lane};

/* Buffers of these lengths, with a word for the overflows behind the output on both sides. */
static int make(struct gpu_lane *l, size_t in_len, size_t out_len, struct dq_error *e)
{
    const struct dq_gpu_driver *v = l->device->driver;
    struct dq_gpu_ctx *g = l->device->gpu;
    void *in = NULL;
    void *out = NULL;
    if (!dq_mem_charge(in_len + out_len))
        return dq_fail_nomem(e);
    l->taken = in_len + out_len;
    int rc = v->stream_new(g, &l->stream, e);
    if (rc == 0)
        rc = v->alloc_host(g, in_len, &in, e);
    l->lane.in = in;
    if (rc == 0)
        rc = v->alloc_host(g, out_len + sizeof *l->overflow, &out, e);
    l->lane.out = out;
    if (rc == 0)
        rc = v->alloc(g, in_len, &l->d_in, e);
    if (rc == 0)
        rc = v->alloc(g, out_len + sizeof *l->d_overflow, &l->d_out, e);
    if (rc != 0)
        return rc;
    l->lane.in_len = in_len;
    l->lane.out_len = out_len;
    l->overflow = (uint32_t *)(void *)(l->lane.out + out_len);
    l->d_overflow = (uint32_t *)(void *)((uint8_t *)l->d_out + out_len);
    *l->overflow = 0;
    rc = v->copy_in(g, l->stream, l->d_overflow, l->overflow, sizeof *l->overflow, e);
    return rc != 0 ? rc : v->sync(g, l->stream, e);
}

int dq_lane_new_gpu(
    struct dq_gpu *d, size_t in_len, size_t out_len, struct dq_lane **out, struct dq_error *e)
{
    for (;; in_len /= 2, out_len /= 2) {
        struct gpu_lane *l = calloc(1, sizeof *l);
        if (!l)
            return dq_fail_nomem(e);
        l->lane.ops = &ops;
        l->lane.device = d->label;
        l->lane.cpu = dq_cpu_best();
        l->device = d;
        const int rc = make(l, in_len, out_len, e);
        if (rc == 0) {
            *out = &l->lane;
            return 0;
        }
        free_lane(&l->lane);
        if (rc != DQ_ERR_MEMORY || out_len / 2 < LEAST_BUFFER)
            return rc;
    }
}
