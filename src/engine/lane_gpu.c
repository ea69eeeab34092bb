#include "engine/lane_gpu.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* Where weights are expected at first: from 2^-22, in a window up to 2^9. */
enum { LOWEST = 105 };

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
    /* Kernels, protected by lock; NULL until first used. */
    void *kernels[DQ_TYPE_COUNT][N_DTYPES];
    void *reductions[DQ_REDUCE_KINDS];
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
    unsigned lowest;      /* exponent of the window in which the next weights are expected */
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

/* Finds a kernel that is kept in a slot once it was found. The context must be current. */
static int find_kernel(
    struct dq_gpu *gpu, const char *name, void **slot, void **out, struct dq_error *e)
{
    int rc = 0;
    pthread_mutex_lock(&gpu->lock);
    if (!*slot)
        rc = gpu->driver->kernel(gpu->ctx, name, slot, e);
    *out = *slot;
    pthread_mutex_unlock(&gpu->lock);
    return rc;
}

static int launch(const struct gpu_lane *l, void *kernel, uint64_t n_threads, unsigned block,
    void **args, struct dq_error *e)
{
    return l->gpu->driver->launch(
        l->stream, kernel, (n_threads + block - 1) / block, block, args, e);
}

/* Waits for what was queued, also after an error, so that nothing is still running. Returns rc, or the error of
 * waiting. */
static int wait_for(const struct gpu_lane *l, int rc, struct dq_error *e)
{
    const int sync_rc = l->gpu->driver->sync(l->stream, rc == 0 ? e : NULL);
    return rc != 0 ? rc : sync_rc;
}

/* Queues the copy of the blocks and the kernel that decodes them. */
static int queue_decode(
    struct gpu_lane *l, enum dq_type type, enum dq_dtype dtype, size_t nblocks, struct dq_error *e)
{
    const struct dq_gpu_driver *v = l->gpu->driver;
    uint64_t n_weights = (uint64_t)nblocks * dq_types[type].weights;
    void *args[] = {&l->d_in, &l->d_out, &n_weights, &l->d_overflow};
    char name[64];
    void *kernel;
    snprintf(name, sizeof name, "dq_%s_%s", dq_types[type].token, dq_dtype_name(dtype));
    int rc = find_kernel(l->gpu, name, &l->gpu->kernels[type][dtype], &kernel, e);
    if (rc == 0)
        rc = v->copy_in(l->stream, l->d_in, l->lane.in, nblocks * dq_types[type].bytes, e);
    if (rc == 0)
        rc = launch(l, kernel, dq_gpu_threads(type, dtype, n_weights),
            dq_dtype_len(dtype) == 4 ? v->block_32 : v->block_16, args, e);
    return rc;
}

static int run(
    struct gpu_lane *l, enum dq_type type, enum dq_dtype dtype, size_t nblocks, struct dq_error *e)
{
    const struct dq_gpu_driver *v = l->gpu->driver;
    const size_t out_len = nblocks * dq_types[type].weights * dq_dtype_len(dtype);
    int rc = queue_decode(l, type, dtype, nblocks, e);
    if (rc == 0)
        rc = v->copy_out(l->stream, l->lane.out, l->d_out, out_len, e);
    if (rc == 0 && dtype != DQ_DTYPE_f32)
        rc = v->copy_out(l->stream, l->overflow, l->d_overflow, sizeof *l->overflow, e);
    return wait_for(l, rc, e);
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

/* ---- reductions ---- */

/* What kernels write when they reduce goes to where the blocks were, and from there to where the weights would be on the
 * host: neither is needed any more, or not yet. Returns where that of one kind begins, of those wanted; that of
 * DQ_REDUCE_KINDS is the end of all. */
static size_t reduction_off(unsigned wanted, unsigned kind, uint64_t n_weights)
{
    enum { ALIGN = 256 };
    size_t off = 0;
    for (unsigned i = 0; i < kind; i++) {
        if (wanted >> i & 1)
            off = (off + ALIGN - 1) / ALIGN * ALIGN + dq_reduction_len(i, n_weights);
    }
    return kind < DQ_REDUCE_KINDS ? (off + ALIGN - 1) / ALIGN * ALIGN : off;
}

/* Queues the kernel of one kind, for the weights that were decoded. */
static int queue_kernel(struct gpu_lane *l, enum dq_reduction_kind kind, void *d_reduced,
    uint64_t n_weights, struct dq_error *e)
{
    uint64_t n_threads = dq_reduction_threads(kind, n_weights);
    uint64_t parameter = kind == DQ_REDUCE_leaves ? l->lane.reduction.first_leaf : l->lowest;
    void *args[] = {&l->d_out, &n_weights, &n_threads, &parameter, &d_reduced};
    void *kernel;
    const int rc =
        find_kernel(l->gpu, dq_reductions[kind].kernel, &l->gpu->reductions[kind], &kernel, e);
    return rc == 0 ? launch(l, kernel, n_threads, l->gpu->driver->block_32, args, e) : rc;
}

/* Queues the kernels of all kinds wanted, and the copy of what they write. All but leaves add to zeros. */
static int queue_reductions(
    struct gpu_lane *l, unsigned wanted, uint64_t n_weights, struct dq_error *e)
{
    const struct dq_gpu_driver *v = l->gpu->driver;
    const size_t zeros_len = reduction_off(wanted, DQ_REDUCE_leaves, n_weights);
    const size_t len = reduction_off(wanted, DQ_REDUCE_KINDS, n_weights);
    int rc = zeros_len > 0 ? v->fill(l->stream, l->d_in, 0, zeros_len, e) : 0;
    for (unsigned i = 0; rc == 0 && i < DQ_REDUCE_KINDS; i++) {
        if (wanted >> i & 1)
            rc = queue_kernel(
                l, i, (uint8_t *)l->d_in + reduction_off(wanted, i, n_weights), n_weights, e);
    }
    return rc == 0 ? v->copy_out(l->stream, l->lane.out, l->d_in, len, e) : rc;
}

/* Takes what has come back. Of statistics the lane learns where to expect the next weights. */
static void take_reductions(struct gpu_lane *l, uint64_t n_weights)
{
    struct dq_reduction *r = &l->lane.reduction;
    uint8_t *reduced[DQ_REDUCE_KINDS];
    for (unsigned i = 0; i < DQ_REDUCE_KINDS; i++)
        reduced[i] =
            r->wanted >> i & 1 ? l->lane.out + reduction_off(r->wanted, i, n_weights) : NULL;
    if (reduced[DQ_REDUCE_stats])
        dq_reduction_fold_stats((const uint64_t *)(const void *)reduced[DQ_REDUCE_stats], r->stats);
    if (reduced[DQ_REDUCE_fit])
        dq_reduction_fold_fit((const uint64_t *)(const void *)reduced[DQ_REDUCE_fit], r->fit);
    r->bins = (const uint32_t *)(const void *)reduced[DQ_REDUCE_bins];
    r->leaves = reduced[DQ_REDUCE_leaves];
}

/* Reduces weights once more of which some were outside of the window: statistics, which come first. *is_done is false if
 * no window has all. */
static int reduce_in_other_window(
    struct gpu_lane *l, uint64_t n_weights, bool *is_done, struct dq_error *e)
{
    struct dq_reduction *r = &l->lane.reduction;
    *is_done = dq_reduction_window(r->stats, &l->lowest);
    if (!*is_done)
        return 0;
    const int rc = wait_for(l, queue_reductions(l, 1u << DQ_REDUCE_stats, n_weights, e), e);
    if (rc == 0)
        take_reductions(l, n_weights);
    return rc;
}

static int run_reduction(
    struct gpu_lane *l, enum dq_type type, size_t nblocks, bool *is_done, struct dq_error *e)
{
    struct dq_reduction *r = &l->lane.reduction;
    const uint64_t n_weights = (uint64_t)nblocks * dq_types[type].weights;
    int rc = queue_decode(l, type, DQ_DTYPE_f32, nblocks, e);
    if (rc == 0)
        rc = queue_reductions(l, r->wanted, n_weights, e);
    rc = wait_for(l, rc, e);
    if (rc != 0)
        return rc;
    take_reductions(l, n_weights);
    *is_done = true;
    if (r->wanted >> DQ_REDUCE_stats & 1 && r->stats[DQ_FIELD_n_outside] > 0)
        rc = reduce_in_other_window(l, n_weights, is_done, e);
    if (rc == 0 && !*is_done)
        rc = wait_for(l,
            l->gpu->driver->copy_out(
                l->stream, l->lane.out, l->d_out, n_weights * sizeof(float), e),
            e);
    r->lowest = l->lowest;
    if (*is_done && r->wanted >> DQ_REDUCE_stats & 1)
        dq_reduction_window(r->stats, &l->lowest);
    return rc;
}

static int reduce(
    struct dq_lane *lane, enum dq_type type, size_t nblocks, bool *is_done, struct dq_error *e)
{
    struct gpu_lane *l = (struct gpu_lane *)lane;
    const size_t len = reduction_off(
        lane->reduction.wanted, DQ_REDUCE_KINDS, (uint64_t)nblocks * dq_types[type].weights);
    uint64_t n_overflow = 0;
    if (len > lane->in_len || len > lane->out_len || nblocks == 0)
        return decode(lane, type, DQ_DTYPE_f32, nblocks, &n_overflow, e);
    int rc = l->gpu->driver->make_current(l->gpu->ctx, e);
    if (rc == 0)
        rc = run_reduction(l, type, nblocks, is_done, e);
    return name_gpu(l, rc, e);
}

/* ---- lanes ---- */

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

static const struct dq_lane_ops ops = {"gpu", decode, reduce, poison, free_lane};

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
        l->lowest = LOWEST;
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
