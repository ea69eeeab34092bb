#include "bench/bench.h"

#include <stdlib.h>
#include <string.h>

/* In and out together. The second level of caches has 512 KiB or more on today's servers. */
enum { CACHED_LEN = 384 << 10 };

/* For all threads together and for one at most: more than the third level holds. */
enum { MEMORY_LEN = 512 << 20, THREAD_LEN = 64 << 20 };

struct cpu_task {
    const struct dq_cpu *cpu;
    enum dq_cpu_task what;
    enum dq_type type;
    enum dq_dtype dtype;
    uint8_t *in; /* those of thread i begin at i times the length */
    uint8_t *out;
    size_t nblocks; /* of a thread */
    size_t in_len;
    size_t out_len;
};

static int run(void *arg, unsigned thread, uint64_t times, struct dq_error *e)
{
    const struct cpu_task *t = arg;
    const uint8_t *in = t->in + thread * t->in_len;
    uint8_t *out = t->out + thread * t->out_len;
    (void)e;
    for (uint64_t i = 0; i < times; i++) {
        if (t->what == DQ_CPU_DECODE)
            t->cpu->decode[t->type](in, out, t->nblocks, t->dtype);
        else if (t->what == DQ_CPU_COPY)
            memcpy(out, in, t->out_len);
        else
            memset(out, (int)i | 1, t->out_len); /* zeros are faster than other bytes */
#if defined(__GNUC__)
        __asm__ volatile("" : : "r"(out) : "memory"); /* it is looked at */
#endif
    }
    return 0;
}

/* Repeats the first blocks: random ones take long to make. */
static void fill(const struct cpu_task *t, size_t len)
{
    const size_t block_len = dq_types[t->type].bytes;
    const size_t some = t->nblocks < 4096 ? t->nblocks : 4096;
    dq_bench_fill(t->type, t->in, some);
    for (size_t at = some * block_len; at < len; at += some * block_len)
        memcpy(t->in + at, t->in, len - at < some * block_len ? len - at : some * block_len);
}

static int measure(struct cpu_task *t, unsigned n_threads, size_t len, double seconds,
    struct dq_speed *out, struct dq_error *e)
{
    const struct dq_type_info *f = &dq_types[t->type];
    const size_t item_len = f->weights * dq_dtype_len(t->dtype);
    if (t->what == DQ_CPU_DECODE) {
        t->nblocks = len / (f->bytes + item_len);
        t->in_len = t->nblocks * f->bytes;
        t->out_len = t->nblocks * item_len;
    } else {
        t->out_len = t->what == DQ_CPU_COPY ? len / 2 : len;
        t->in_len = t->what == DQ_CPU_COPY ? len / 2 : 0;
    }
    t->in = malloc(n_threads * t->in_len + 1);
    t->out = malloc(n_threads * t->out_len);
    int rc = t->in && t->out ? 0 : dq_fail_nomem(e);
    if (rc == 0 && t->what == DQ_CPU_DECODE)
        fill(t, n_threads * t->in_len);
    else if (rc == 0)
        memset(t->in, 1, n_threads * t->in_len);
    if (rc == 0)
        rc = dq_bench_time(&(struct dq_task){run, t, n_threads, t->out_len}, seconds, out, e);
    free(t->in);
    free(t->out);
    return rc;
}

int dq_bench_cpu_cached(const struct dq_cpu *cpu, enum dq_cpu_task what, enum dq_type type,
    enum dq_dtype dtype, double seconds, struct dq_speed *out, struct dq_error *e)
{
    struct cpu_task t = {.cpu = cpu, .what = what, .type = type, .dtype = dtype};
    return measure(&t, 1, CACHED_LEN, seconds, out, e);
}

int dq_bench_cpu_memory(const struct dq_cpu *cpu, unsigned n_threads, enum dq_cpu_task what,
    enum dq_type type, enum dq_dtype dtype, double seconds, struct dq_speed *out,
    struct dq_error *e)
{
    struct cpu_task t = {.cpu = cpu, .what = what, .type = type, .dtype = dtype};
    const size_t len = MEMORY_LEN / n_threads;
    return measure(&t, n_threads, len < THREAD_LEN ? len : THREAD_LEN, seconds, out, e);
}
