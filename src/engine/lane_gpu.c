#include "engine/lane_gpu.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* dq_lane_new_gpu does not make output buffers smaller than this many bytes. */
enum { MIN_OUT_LEN = 64 << 10 };

enum { POISON = 0xa5 };

enum { N_DTYPES = DQ_DTYPE_native }; /* what kernels write */

struct dq_gpu {
    const struct dq_gpu_driver *driver;
    struct dq_gpu_ctx *ctx;
    struct dq_gpu_info info;
    char label[32]; /* "cuda:0" */
    pthread_mutex_t lock;
    void *kernels[DQ_TYPE_COUNT][N_DTYPES]; /* protected by lock; NULL until first used */
};

struct gpu_lane {
    struct dq_lane lane;
    struct dq_gpu *gpu;
    void *stream;
    void *d_in;
    void *d_out;
    uint32_t *d_overflow; /* follows the output; kernels set it to 1 */
    uint32_t *overflow;   /* the host's copy, which follows lane.out */
    size_t charged;       /* bytes of host memory counted with dq_mem_charge */
};

int dq_gpu_open(
    const struct dq_gpu_driver *driver, int ordinal, struct dq_gpu **out, struct dq_error *e)
{
    struct dq_gpu *gpu = calloc(1, sizeof *gpu);
    if (!gpu)
        return dq_fail_nomem(e);
    gpu->driver = driver;
    snprintf(gpu->label, sizeof gpu->label, "%s:%d", driver->name, ordinal);
    pthread_mutex_init(&gpu->lock, NULL);
    int rc = driver->describe(ordinal, &gpu->info, e);
    if (rc == 0)
        rc = driver->open(ordinal, &gpu->ctx, e);
    if (rc != 0) {
        dq_gpu_close(gpu);
        return rc;
    }
    *out = gpu;
    return 0;
}

void dq_gpu_close(struct dq_gpu *gpu)
{
    if (!gpu)
        return;
    gpu->driver->close(gpu->ctx);
    pthread_mutex_destroy(&gpu->lock);
    free(gpu);
}

const char *dq_gpu_label(const struct dq_gpu *gpu)
{
    return gpu->label;
}

const struct dq_gpu_info *dq_gpu_get_info(const struct dq_gpu *gpu)
{
    return &gpu->info;
}

uint64_t dq_gpu_threads(enum dq_type type, enum dq_dtype dtype, uint64_t n_weights)
{
    const uint64_t per_thread = 16 / dq_dtype_len(dtype) * dq_types[type].gpu_stores_per_thread;
    return (n_weights + per_thread - 1) / per_thread;
}

/* The context must be current. */
static int find_kernel(
    struct dq_gpu *gpu, enum dq_type type, enum dq_dtype dtype, void **out, struct dq_error *e)
{
    char name[64];
    int rc = 0;
    pthread_mutex_lock(&gpu->lock);
    void **slot = &gpu->kernels[type][dtype];
    if (!*slot) {
        snprintf(name, sizeof name, "dq_%s_%s", dq_types[type].token, dq_dtype_name(dtype));
        rc = gpu->driver->kernel(gpu->ctx, name, slot, e);
    }
    *out = *slot;
    pthread_mutex_unlock(&gpu->lock);
    return rc;
}

/* Queues the copies and the kernel of one decode and waits for them, even after an error, so that
 * nothing is still running when it returns. */
static int run(
    struct gpu_lane *l, enum dq_type type, enum dq_dtype dtype, size_t nblocks, struct dq_error *e)
{
    const struct dq_gpu_driver *v = l->gpu->driver;
    const size_t in_len = nblocks * dq_types[type].bytes;
    const size_t item_len = dq_dtype_len(dtype);
    uint64_t n_weights = (uint64_t)nblocks * dq_types[type].weights;
    const uint64_t n_threads = dq_gpu_threads(type, dtype, n_weights);
    const unsigned block = item_len == 4 ? v->block_32 : v->block_16;
    void *args[] = {&l->d_in, &l->d_out, &n_weights, &l->d_overflow};
    void *kernel;
    int rc = find_kernel(l->gpu, type, dtype, &kernel, e);
    if (rc == 0)
        rc = v->copy_in(l->stream, l->d_in, l->lane.in, in_len, e);
    if (rc == 0)
        rc = v->launch(l->stream, kernel, (n_threads + block - 1) / block, block, args, e);
    if (rc == 0)
        rc = v->copy_out(l->stream, l->lane.out, l->d_out, n_weights * item_len, e);
    if (rc == 0 && dtype != DQ_DTYPE_f32)
        rc = v->copy_out(l->stream, l->overflow, l->d_overflow, sizeof *l->overflow, e);
    const int sync_rc = v->sync(l->stream, rc == 0 ? e : NULL);
    return rc != 0 ? rc : sync_rc;
}

static int copy_overflow_in(struct gpu_lane *l, struct dq_error *e)
{
    const struct dq_gpu_driver *v = l->gpu->driver;
    const int rc = v->copy_in(l->stream, l->d_overflow, l->overflow, sizeof *l->overflow, e);
    return rc == 0 ? v->sync(l->stream, e) : rc;
}

/* Names the GPU that failed. Runtimes can report that memory ran out from any call; here that means
 * that the GPU failed, not the program's memory. */
static int name_gpu(const struct gpu_lane *l, int rc, struct dq_error *e)
{
    struct dq_error why;
    if (rc == 0)
        return 0;
    why = *e;
    return dq_fail(e, rc == DQ_ERR_MEMORY ? DQ_ERR_GPU : rc, "%s: %s", l->gpu->label, why.text);
}

static int decode(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
    uint64_t *n_overflow, struct dq_error *e)
{
    struct gpu_lane *l = (struct gpu_lane *)lane;
    int rc = l->gpu->driver->make_current(l->gpu->ctx, e);
    if (rc == 0 && nblocks > 0)
        rc = run(l, type, dtype, nblocks, e);
    if (rc == 0 && dtype != DQ_DTYPE_f32 && *l->overflow != 0) {
        /* Kernels report only that there was an overflow. That is rare, so the host counts them. */
        *n_overflow += dq_count_overflows(lane->cpu, type, dtype, lane->in, nblocks);
        *l->overflow = 0;
        rc = copy_overflow_in(l, e);
    }
    return name_gpu(l, rc, e);
}

/* Poisons the device's buffer, which decode copies back as a whole. Does not wait: decode queues its
 * work after this. */
static int poison(struct dq_lane *lane, size_t len, struct dq_error *e)
{
    struct gpu_lane *l = (struct gpu_lane *)lane;
    const struct dq_gpu_driver *v = l->gpu->driver;
    int rc = v->make_current(l->gpu->ctx, e);
    if (rc == 0)
        rc = v->fill(l->stream, l->d_out, POISON, len, e);
    return name_gpu(l, rc, e);
}

/* If the context cannot be made current any more, its memory cannot be freed either. */
static void free_lane(struct dq_lane *lane)
{
    struct gpu_lane *l = (struct gpu_lane *)lane;
    const struct dq_gpu_driver *v = l->gpu->driver;
    dq_mem_uncharge(l->charged);
    if (v->make_current(l->gpu->ctx, NULL) == 0) {
        v->free(l->d_in);
        v->free(l->d_out);
        v->free_host(lane->in);
        v->free_host(lane->out);
        v->stream_free(l->stream);
    }
    free(l);
}

static const struct dq_lane_ops ops = {"gpu", decode, poison, free_lane};

/* Allocates the buffers on the host and the device. On both, a word for overflows follows the
 * output. */
static int alloc_buffers(struct gpu_lane *l, size_t in_len, size_t out_len, struct dq_error *e)
{
    const struct dq_gpu_driver *v = l->gpu->driver;
    void *in = NULL;
    void *out = NULL;
    if (!dq_mem_charge(in_len + out_len))
        return dq_fail_nomem(e);
    l->charged = in_len + out_len;
    int rc = v->make_current(l->gpu->ctx, e);
    if (rc == 0)
        rc = v->stream_new(&l->stream, e);
    if (rc == 0)
        rc = v->alloc_host(in_len, &in, e);
    l->lane.in = in;
    if (rc == 0)
        rc = v->alloc_host(out_len + sizeof *l->overflow, &out, e);
    l->lane.out = out;
    if (rc == 0)
        rc = v->alloc(in_len, &l->d_in, e);
    if (rc == 0)
        rc = v->alloc(out_len + sizeof *l->d_overflow, &l->d_out, e);
    if (rc != 0)
        return rc;
    l->lane.in_len = in_len;
    l->lane.out_len = out_len;
    l->overflow = (uint32_t *)(void *)(l->lane.out + out_len);
    l->d_overflow = (uint32_t *)(void *)((uint8_t *)l->d_out + out_len);
    *l->overflow = 0;
    return copy_overflow_in(l, e);
}

int dq_lane_new_gpu(
    struct dq_gpu *gpu, size_t in_len, size_t out_len, struct dq_lane **out, struct dq_error *e)
{
    for (;; in_len /= 2, out_len /= 2) {
        struct gpu_lane *l = calloc(1, sizeof *l);
        if (!l)
            return dq_fail_nomem(e);
        l->lane.ops = &ops;
        l->lane.device = gpu->label;
        l->lane.cpu = dq_cpu_best();
        l->gpu = gpu;
        const int rc = alloc_buffers(l, in_len, out_len, e);
        if (rc == 0) {
            *out = &l->lane;
            return 0;
        }
        free_lane(&l->lane);
        if (rc != DQ_ERR_MEMORY || out_len / 2 < MIN_OUT_LEN)
            return rc;
    }
}
