#include "host_driver.h"

#include "engine/reduction.h"
#include "host_faults.h"
#include "host_kernels.h"
#include "host_memory.h"
#include "type/type.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POISON = 0xa5 };

/* A kernel that decodes, or, without a type, one that reduces. */
struct kernel {
    struct kernel *next;
    const struct dq_type_info *type;
    enum dq_dtype dtype;
    enum dq_reduction_kind reduction;
    char name[32];
};

/* Queued work: a launch, or, without a kernel, a copy, or, without a source, a fill. */
struct task {
    struct task *next;
    const struct kernel *kernel;
    void *dst;
    const void *src;
    size_t len;
    bool to_device;
    uint8_t value;
    uint64_t n_weights;
    void *overflow;
    uint64_t n_threads; /* of a reduction */
    uint64_t parameter;
    uint64_t nblocks;
    unsigned block_size;
};

struct stream {
    pthread_mutex_t in_use;
    struct dq_gpu_ctx *gpu;
    struct task *first;
    struct task *last;
};

struct dq_gpu_ctx {
    struct host_memory memory;
    pthread_mutex_t lock; /* protects the following */
    struct kernel *kernels;
    size_t n_streams;
};

static bool loaded;
static _Thread_local struct dq_gpu_ctx *current;

static bool is_loaded(void)
{
    return loaded;
}

static int count(int *out, struct dq_error *e)
{
    if (host_setting("DQ_HOST_ABSENT", 0) != 0)
        return dq_fail(e, DQ_ERR_GPU, "no host runtime");
    loaded = true;
    const int n = (int)host_setting("DQ_HOST_DEVICES", 2);
    const int rc = host_call(HOST_COUNT, e);
    if (rc == 0 && n == 0)
        return dq_fail(e, DQ_ERR_GPU, "hostGetDeviceCount: no device");
    if (rc == 0)
        *out = n;
    return rc;
}

static void check_ordinal(int ordinal)
{
    if (ordinal < 0 || (uint64_t)ordinal >= host_setting("DQ_HOST_DEVICES", 2))
        host_misuse("there is no device %d", ordinal);
}

static int describe(int ordinal, struct dq_gpu_info *out, struct dq_error *e)
{
    struct dq_gpu_info info = {.arch = "host64",
        .driver = "HOST 1.2",
        .memory = host_setting("DQ_HOST_MEMORY", (uint64_t)1 << 30)};
    const int rc = host_call(HOST_DESCRIBE, e);
    check_ordinal(ordinal);
    snprintf(info.name, sizeof info.name, "Host \"GPU\" %d", ordinal);
    if (rc == 0)
        *out = info;
    return rc;
}

static int open_ctx(int ordinal, struct dq_gpu_ctx **out, struct dq_error *e)
{
    const int rc = host_call(HOST_OPEN, e);
    check_ordinal(ordinal);
    if (rc != 0)
        return rc;
    struct dq_gpu_ctx *g = calloc(1, sizeof *g);
    if (!g)
        return dq_fail_nomem(e);
    host_memory_init(&g->memory);
    pthread_mutex_init(&g->lock, NULL);
    *out = g;
    return 0;
}

static void close_ctx(struct dq_gpu_ctx *g)
{
    if (!g)
        return;
    if (current == g)
        current = NULL;
    host_memory_finish(&g->memory);
    if (g->n_streams)
        host_misuse("closed while there is a stream");
    while (g->kernels) {
        struct kernel *next = g->kernels->next;
        free(g->kernels);
        g->kernels = next;
    }
    pthread_mutex_destroy(&g->lock);
    free(g);
}

static int make_current(struct dq_gpu_ctx *g, struct dq_error *e)
{
    const int rc = host_call(HOST_MAKE_CURRENT, e);
    current = rc == 0 ? g : NULL;
    return rc;
}

static struct dq_gpu_ctx *need_current(void)
{
    if (!current)
        host_misuse("no context is current in this thread");
    return current;
}

/* Finds out what a kernel does by its name. */
static bool know_kernel(struct kernel *k)
{
    char known[sizeof k->name];
    for (size_t i = 0; i < (size_t)DQ_TYPE_COUNT * DQ_DTYPE_native; i++) {
        k->type = &dq_types[i / DQ_DTYPE_native];
        k->dtype = (enum dq_dtype)(i % DQ_DTYPE_native);
        snprintf(known, sizeof known, "dq_%s_%s", k->type->token, dq_dtype_name(k->dtype));
        if (strcmp(known, k->name) == 0)
            return true;
    }
    k->type = NULL;
    for (unsigned i = 0; i < DQ_REDUCE_KINDS; i++) {
        k->reduction = (enum dq_reduction_kind)i;
        if (strcmp(dq_reductions[i].kernel, k->name) == 0)
            return true;
    }
    return false;
}

static int find_kernel(struct dq_gpu_ctx *g, const char *name, void **out, struct dq_error *e)
{
    const int rc = host_call(HOST_KERNEL, e);
    if (need_current() != g)
        host_misuse("%s is looked up while another context is current", name);
    if (rc != 0)
        return rc;
    struct kernel *k = calloc(1, sizeof *k);
    if (!k)
        return dq_fail_nomem(e);
    snprintf(k->name, sizeof k->name, "%s", name);
    if (!know_kernel(k)) {
        free(k);
        return dq_fail(e, DQ_ERR_GPU, "hostModuleGetFunction: %s not found", name);
    }
    pthread_mutex_lock(&g->lock);
    k->next = g->kernels;
    g->kernels = k;
    pthread_mutex_unlock(&g->lock);
    *out = k;
    return 0;
}

static int take_memory(size_t len, bool on_device, void **out, struct dq_error *e)
{
    const int rc = host_call(on_device ? HOST_ALLOC : HOST_ALLOC_HOST, e);
    struct dq_gpu_ctx *g = need_current();
    if (rc != 0)
        return rc;
    void *ptr = host_memory_take(&g->memory, len, on_device);
    if (!ptr)
        return dq_fail(e, DQ_ERR_MEMORY, "host%s: out of memory (2, hostErrorOutOfMemory)",
            on_device ? "Malloc" : "HostMalloc");
    *out = ptr;
    return 0;
}

static int alloc(size_t len, void **out, struct dq_error *e)
{
    return take_memory(len, true, out, e);
}

static void free_device(void *d_ptr)
{
    host_memory_give(&need_current()->memory, d_ptr, true);
}

static int alloc_host(size_t len, void **out, struct dq_error *e)
{
    return take_memory(len, false, out, e);
}

static void free_host(void *ptr)
{
    host_memory_give(&need_current()->memory, ptr, false);
}

static int stream_new(void **out, struct dq_error *e)
{
    const int rc = host_call(HOST_STREAM_NEW, e);
    struct dq_gpu_ctx *g = need_current();
    if (rc != 0)
        return rc;
    struct stream *s = calloc(1, sizeof *s);
    if (!s)
        return dq_fail_nomem(e);
    s->gpu = g;
    pthread_mutex_init(&s->in_use, NULL);
    pthread_mutex_lock(&g->lock);
    g->n_streams++;
    pthread_mutex_unlock(&g->lock);
    *out = s;
    return 0;
}

static void stream_free(void *stream)
{
    struct stream *s = stream;
    struct dq_gpu_ctx *g = need_current();
    if (!s)
        return;
    if (s->gpu != g || s->first)
        host_misuse("a stream is freed that has work, or whose context is not current");
    pthread_mutex_lock(&g->lock);
    g->n_streams--;
    pthread_mutex_unlock(&g->lock);
    pthread_mutex_destroy(&s->in_use);
    free(s);
}

static void enter(struct stream *s)
{
    if (s->gpu != need_current())
        host_misuse("a stream is used whose context is not current");
    if (pthread_mutex_trylock(&s->in_use) != 0)
        host_misuse("two threads use one stream");
}

static int put_task(struct stream *s, const struct task *task, struct dq_error *e)
{
    struct task *t = malloc(sizeof *t);
    if (!t)
        return dq_fail_nomem(e);
    *t = *task;
    enter(s);
    if (s->first)
        s->last->next = t;
    else
        s->first = t;
    s->last = t;
    pthread_mutex_unlock(&s->in_use);
    return 0;
}

static int copy_in(void *stream, void *d_dst, const void *src, size_t len, struct dq_error *e)
{
    const struct task t = {.dst = d_dst, .src = src, .len = len, .to_device = true};
    const int rc = host_call(HOST_COPY_IN, e);
    host_memory_find(&need_current()->memory, d_dst, len, true);
    host_memory_find(&need_current()->memory, src, len, false);
    return rc != 0 ? rc : put_task(stream, &t, e);
}

static int copy_out(void *stream, void *dst, const void *d_src, size_t len, struct dq_error *e)
{
    const struct task t = {.dst = dst, .src = d_src, .len = len, .to_device = false};
    const int rc = host_call(HOST_COPY_OUT, e);
    host_memory_find(&need_current()->memory, dst, len, false);
    host_memory_find(&need_current()->memory, d_src, len, true);
    return rc != 0 ? rc : put_task(stream, &t, e);
}

static int fill(void *stream, void *d_dst, uint8_t value, size_t len, struct dq_error *e)
{
    const struct task t = {.dst = d_dst, .value = value, .len = len, .to_device = true};
    const int rc = host_call(HOST_FILL, e);
    host_memory_find(&need_current()->memory, d_dst, len, true);
    return rc != 0 ? rc : put_task(stream, &t, e);
}

static size_t src_len(const struct task *t)
{
    const struct dq_type_info *f = t->kernel->type;
    return f ? (size_t)(t->n_weights / f->weights * f->bytes)
             : (size_t)t->n_weights * sizeof(float);
}

static size_t dst_len(const struct task *t)
{
    return t->kernel->type ? (size_t)t->n_weights * dq_dtype_len(t->kernel->dtype)
                           : dq_reduction_len(t->kernel->reduction, t->n_weights);
}

static void check_decode(const struct task *t)
{
    const struct kernel *k = t->kernel;
    if (t->nblocks * t->block_size * 16 * k->type->gpu_stores_per_thread < dst_len(t))
        host_misuse("%s: too few threads for %" PRIu64 " weights", k->name, t->n_weights);
    if (t->n_weights % k->type->weights != 0 || (uintptr_t)t->src % 256 != 0 ||
        (uintptr_t)t->dst % 16 != 0 || (uintptr_t)t->overflow % 4 != 0)
        host_misuse("%s: not whole blocks, or not aligned", k->name);
}

static void check_reduction(const struct task *t)
{
    const struct kernel *k = t->kernel;
    if (t->nblocks * t->block_size < t->n_threads ||
        t->n_threads * dq_reductions[k->reduction].thread_weights < t->n_weights)
        host_misuse("%s: too few threads for %" PRIu64 " weights", k->name, t->n_weights);
    if (t->n_weights > UINT32_MAX || (uintptr_t)t->src % 16 != 0 || (uintptr_t)t->dst % 16 != 0)
        host_misuse("%s: too many weights, or not aligned", k->name);
}

static struct task decode_of(void **args)
{
    return (struct task){.src = *(void **)args[0],
        .dst = *(void **)args[1],
        .n_weights = *(uint64_t *)args[2],
        .overflow = *(void **)args[3]};
}

static struct task reduction_of(void **args)
{
    return (struct task){.src = *(void **)args[0],
        .n_weights = *(uint64_t *)args[1],
        .n_threads = *(uint64_t *)args[2],
        .parameter = *(uint64_t *)args[3],
        .dst = *(void **)args[4]};
}

static int launch(void *stream, void *kernel, uint64_t nblocks, unsigned block_size, void **args,
    struct dq_error *e)
{
    const struct kernel *k = kernel;
    struct task t = k->type ? decode_of(args) : reduction_of(args);
    const int rc = host_call(HOST_LAUNCH, e);
    struct dq_gpu_ctx *g = need_current();
    t.kernel = k;
    t.nblocks = nblocks;
    t.block_size = block_size;
    if (nblocks == 0 || block_size == 0 || block_size > 1024)
        host_misuse("a grid of %" PRIu64 " blocks of %u threads", nblocks, block_size);
    (k->type ? check_decode : check_reduction)(&t);
    host_memory_find(&g->memory, t.src, src_len(&t), true);
    host_memory_find(&g->memory, t.dst, dst_len(&t), true);
    if (t.overflow)
        host_memory_find(&g->memory, t.overflow, sizeof(uint32_t), true);
    return rc != 0 ? rc : put_task(stream, &t, e);
}

static void move(struct dq_gpu_ctx *g, const struct task *t)
{
    uint8_t *dst = host_memory_find(&g->memory, t->dst, t->len, t->to_device);
    if (t->src)
        memcpy(dst, host_memory_find(&g->memory, t->src, t->len, !t->to_device), t->len);
    else
        memset(dst, t->value, t->len);
}

static void reduce(struct dq_gpu_ctx *g, const struct task *t)
{
    if (dq_host_reduce(t->kernel->name, t->nblocks, t->block_size,
            host_memory_find(&g->memory, t->src, src_len(t), true), t->n_weights, t->n_threads,
            t->parameter, host_memory_find(&g->memory, t->dst, dst_len(t), true)) != 0)
        host_misuse("%s cannot be launched", t->kernel->name);
}

static void decode(struct dq_gpu_ctx *g, const struct task *t)
{
    const struct kernel *k = t->kernel;
    uint8_t *dst = host_memory_find(&g->memory, t->dst, dst_len(t), true);
    uint8_t *before = malloc(dst_len(t));
    if (!before)
        host_misuse("out of memory");
    memcpy(before, dst, dst_len(t));
    memset(dst, POISON, dst_len(t));
    if (dq_host_launch(k->name, t->nblocks, t->block_size,
            host_memory_find(&g->memory, t->src, src_len(t), true), dst, t->n_weights,
            host_memory_find(&g->memory, t->overflow, sizeof(uint32_t), true)) != 0)
        host_misuse("%s cannot be launched", k->name);
    host_corrupt(k->name, k->type, k->dtype, before, dst, t->n_weights);
    free(before);
}

static void run(struct dq_gpu_ctx *g, const struct task *t)
{
    (!t->kernel ? move : t->kernel->type ? decode : reduce)(g, t);
}

/* After a failure, the work that is left is dropped. */
static int sync(void *stream, struct dq_error *e)
{
    struct stream *s = stream;
    const int rc = host_call(HOST_SYNC, e);
    enter(s);
    while (s->first) {
        struct task *next = s->first->next;
        if (rc == 0)
            run(s->gpu, s->first);
        free(s->first);
        s->first = next;
    }
    pthread_mutex_unlock(&s->in_use);
    return rc;
}

const struct dq_gpu_driver dq_gpu_host = {
    .name = "host",
    .targets = "host64",
    .block_32 = 96,
    .block_16 = 64,
    .is_loaded = is_loaded,
    .count = count,
    .describe = describe,
    .open = open_ctx,
    .close = close_ctx,
    .make_current = make_current,
    .kernel = find_kernel,
    .alloc = alloc,
    .free = free_device,
    .alloc_host = alloc_host,
    .free_host = free_host,
    .stream_new = stream_new,
    .stream_free = stream_free,
    .copy_in = copy_in,
    .copy_out = copy_out,
    .fill = fill,
    .launch = launch,
    .sync = sync,
};

/* Replaces the program's own list. */
const struct dq_gpu_driver *const dq_gpu_drivers[] = {&dq_gpu_host, NULL};
