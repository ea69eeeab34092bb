#include "bench/bench.h"

#include "base/mem.h"
#include "verify/compare.h"

#include <stdio.h>
#include <string.h>

/* Lengths in bytes. */
enum {
    TRANSFER_LEN = 64 << 20,
    PIECE_LEN = 4 << 20,   /* random blocks, which are copied again and again to fill the input */
    CHECKED_LEN = 1 << 20, /* at the end of a kernel's output */
};

struct dq_bench_gpu {
    const struct dq_gpu_driver *driver;
    struct dq_gpu_ctx *gpu;
    void *streams[2];
    void *hosts[2];     /* for transfers */
    uint64_t n_weights; /* that a kernel decodes at once */
    size_t d_len;       /* bytes of d_in and of d_out */
    void *d_in;
    void *d_out;
    void *d_overflow;
};

/* One measurement. */
struct gpu_task {
    struct dq_bench_gpu *g;
    enum dq_gpu_task what;
    enum dq_type type;
    enum dq_dtype dtype;
    void *kernel;
    uint64_t n_weights;
    uint64_t in_len;
    uint64_t out_len;
};

static int alloc(struct dq_bench_gpu *g, struct dq_error *e)
{
    const struct dq_gpu_driver *v = g->driver;
    int rc = v->make_current(g->gpu, e);
    for (int i = 0; rc == 0 && i < 2; i++) {
        rc = v->stream_new(&g->streams[i], e);
        if (rc == 0)
            rc = v->alloc_host(TRANSFER_LEN, &g->hosts[i], e);
        if (rc == 0)
            memset(g->hosts[i], 1, TRANSFER_LEN);
    }
    if (rc == 0)
        rc = v->alloc(g->d_len, &g->d_in, e);
    if (rc == 0)
        rc = v->alloc(g->d_len, &g->d_out, e);
    return rc == 0 ? v->alloc(sizeof(uint32_t), &g->d_overflow, e) : rc;
}

int dq_bench_gpu_new(const struct dq_gpu_driver *driver, int ordinal, uint64_t n_weights,
    struct dq_bench_gpu **out, struct dq_error *e)
{
    struct dq_gpu_info info;
    struct dq_bench_gpu *g = dq_mem_calloc(1, sizeof *g);
    if (!g)
        return dq_fail_nomem(e);
    g->driver = driver;
    int rc = driver->describe(ordinal, &info, e);
    if (rc == 0)
        rc = driver->open(ordinal, &g->gpu, e);
    if (rc == 0) {
        /* Input and output take at most 8 bytes per weight each; a third of the memory stays free. */
        const uint64_t most = info.memory / 3 / 8;
        g->n_weights = n_weights < most ? n_weights : most;
        g->d_len = g->n_weights * 8 < TRANSFER_LEN ? TRANSFER_LEN : g->n_weights * 8;
        rc = alloc(g, e);
    }
    if (rc != 0) {
        dq_bench_gpu_free(g);
        return rc;
    }
    *out = g;
    return 0;
}

void dq_bench_gpu_free(struct dq_bench_gpu *g)
{
    if (!g)
        return;
    const struct dq_gpu_driver *v = g->driver;
    if (g->gpu && v->make_current(g->gpu, NULL) == 0) {
        v->free(g->d_in);
        v->free(g->d_out);
        v->free(g->d_overflow);
        for (int i = 0; i < 2; i++) {
            v->free_host(g->hosts[i]);
            v->stream_free(g->streams[i]);
        }
    }
    v->close(g->gpu);
    dq_mem_free(g);
}

static int start(struct gpu_task *t, struct dq_error *e)
{
    struct dq_bench_gpu *g = t->g;
    const struct dq_gpu_driver *v = g->driver;
    const size_t item_len = dq_dtype_len(t->dtype);
    void *args[] = {&g->d_in, &g->d_out, &t->n_weights, &g->d_overflow};
    int rc = 0;
    if (t->what == DQ_GPU_KERNEL) {
        const unsigned block = item_len == 4 ? v->block_32 : v->block_16;
        const uint64_t n_threads = dq_gpu_threads(t->type, t->dtype, t->n_weights);
        return v->launch(g->streams[0], t->kernel, (n_threads + block - 1) / block, block, args, e);
    }
    if (t->what != DQ_GPU_OUT_ONLY)
        rc = v->copy_in(g->streams[0], g->d_in, g->hosts[0], TRANSFER_LEN, e);
    if (rc == 0 && t->what != DQ_GPU_IN_ONLY)
        rc = v->copy_out(g->streams[1], g->hosts[1], g->d_out, TRANSFER_LEN, e);
    return rc;
}

/* Queues all repetitions and waits once at the end, so that the cost of calls and waits is small. */
static int run(void *arg, unsigned thread, uint64_t times, struct dq_error *e)
{
    struct gpu_task *t = arg;
    const struct dq_gpu_driver *v = t->g->driver;
    int rc = v->make_current(t->g->gpu, e);
    (void)thread;
    for (uint64_t i = 0; rc == 0 && i < times; i++)
        rc = start(t, e);
    for (int i = 0; i < 2; i++) {
        const int sync_rc = v->sync(t->g->streams[i], rc == 0 ? e : NULL);
        rc = rc != 0 ? rc : sync_rc;
    }
    return rc;
}

/* Fills the input with copies of the same random blocks, and the output with a pattern, so that
 * weights which the kernel does not write are found. */
static int prepare(struct gpu_task *t, uint8_t *piece, size_t piece_len, struct dq_error *e)
{
    struct dq_bench_gpu *g = t->g;
    const struct dq_gpu_driver *v = g->driver;
    int rc = 0;
    memset(g->hosts[0], 0xa5, TRANSFER_LEN);
    for (uint64_t at = 0; rc == 0 && at < t->out_len; at += TRANSFER_LEN) {
        const uint64_t rest = t->out_len - at;
        rc = v->copy_in(g->streams[0], (uint8_t *)g->d_out + at, g->hosts[0],
            rest < TRANSFER_LEN ? rest : TRANSFER_LEN, e);
    }
    if (rc == 0)
        rc = v->sync(g->streams[0], e);
    memcpy(g->hosts[0], piece, piece_len);
    for (uint64_t at = 0; rc == 0 && at < t->in_len; at += piece_len) {
        const uint64_t rest = t->in_len - at;
        rc = v->copy_in(g->streams[0], (uint8_t *)g->d_in + at, g->hosts[0],
            rest < piece_len ? rest : piece_len, e);
    }
    return rc == 0 ? v->sync(g->streams[0], e) : rc;
}

/* Compares the start of the output of the last whole piece with the CPU's. */
static int check(struct gpu_task *t, const uint8_t *piece, size_t piece_len, struct dq_error *e)
{
    struct dq_bench_gpu *g = t->g;
    const struct dq_type_info *f = &dq_types[t->type];
    const size_t item_len = f->weights * dq_dtype_len(t->dtype);
    const size_t nblocks = CHECKED_LEN / item_len < piece_len / f->bytes ? CHECKED_LEN / item_len
                                                                         : piece_len / f->bytes;
    const uint64_t first = (t->in_len / piece_len - 1) * (piece_len / f->bytes);
    struct dq_comparison c;
    uint8_t *want = dq_mem_alloc(nblocks * item_len);
    if (!want)
        return dq_fail_nomem(e);
    int rc = g->driver->copy_out(g->streams[0], g->hosts[1],
        (const uint8_t *)g->d_out + first * item_len, nblocks * item_len, e);
    if (rc == 0)
        rc = g->driver->sync(g->streams[0], e);
    dq_cpu_levels[0]->decode[t->type](piece, want, nblocks, t->dtype);
    dq_compare_init(&c, t->type, t->dtype, 0);
    if (rc == 0 && dq_compare(&c, g->hosts[1], want, piece, 0, nblocks) != 0)
        rc = dq_fail(e, DQ_ERR_MISMATCH, "%s to %s: %llu of %llu weights are wrong; see verify",
            f->name, dq_dtype_name(t->dtype), (unsigned long long)c.n_mismatches,
            (unsigned long long)c.n_weights);
    dq_mem_free(want);
    return rc;
}

static int time_kernel(struct gpu_task *t, double seconds, struct dq_speed *out, struct dq_error *e)
{
    struct dq_bench_gpu *g = t->g;
    const struct dq_type_info *f = &dq_types[t->type];
    const uint64_t nblocks = g->n_weights / f->weights;
    const size_t piece_blocks = PIECE_LEN / f->bytes < nblocks ? PIECE_LEN / f->bytes : nblocks;
    const size_t piece_len = piece_blocks * f->bytes;
    char name[64];
    uint8_t *piece = dq_mem_alloc(piece_len);
    if (!piece)
        return dq_fail_nomem(e);
    t->n_weights = nblocks * f->weights;
    t->in_len = nblocks * f->bytes;
    t->out_len = t->n_weights * dq_dtype_len(t->dtype);
    dq_bench_fill(t->type, piece, piece_blocks, piece_blocks);
    snprintf(name, sizeof name, "dq_%s_%s", f->token, dq_dtype_name(t->dtype));
    int rc = g->driver->make_current(g->gpu, e);
    if (rc == 0)
        rc = g->driver->kernel(g->gpu, name, &t->kernel, e);
    if (rc == 0)
        rc = prepare(t, piece, piece_len, e);
    if (rc == 0)
        rc = dq_bench_time(
            &(struct dq_task){
                .run = run, .arg = t, .n_threads = 1, .bytes = t->in_len + t->out_len},
            seconds, out, e);
    if (rc == 0)
        rc = check(t, piece, piece_len, e);
    dq_mem_free(piece);
    return rc;
}

int dq_bench_gpu(struct dq_bench_gpu *g, enum dq_gpu_task what, enum dq_type type,
    enum dq_dtype dtype, double seconds, struct dq_speed *out, struct dq_error *e)
{
    struct gpu_task t = {.g = g, .what = what, .type = type, .dtype = dtype};
    if (what == DQ_GPU_COPY)
        t = (struct gpu_task){.g = g, .what = DQ_GPU_KERNEL, .type = DQ_TYPE_f32};
    if (t.what == DQ_GPU_KERNEL)
        return time_kernel(&t, seconds, out, e);
    const uint64_t bytes = what == DQ_GPU_IN_AND_OUT ? 2 * TRANSFER_LEN : TRANSFER_LEN;
    return dq_bench_time(
        &(struct dq_task){.run = run, .arg = &t, .n_threads = 1, .bytes = bytes}, seconds, out, e);
}
