#include "bench/bench.h"

#include "base/mem.h"

#include <string.h>

/* Bytes of input and output together. Level 2 caches of current servers have at least 512 KiB. */
enum { CACHED_LEN = 384 << 10 };

/* Bytes for all threads together, and the most for one thread: more than fits the caches. */
enum { MEMORY_LEN = 512 << 20, THREAD_LEN = 64 << 20 };

struct cpu_task {
    const struct dq_cpu *cpu;
    enum dq_cpu_task what;
    enum dq_type type;
    enum dq_dtype dtype;
    uint8_t *in;    /* thread i has in_len bytes from i * in_len on */
    uint8_t *out;   /* likewise */
    size_t nblocks; /* per thread */
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
            memset(out, (int)i | 1, t->out_len); /* not 0: zeros can be faster than other bytes */
#if defined(__GNUC__)
        __asm__ volatile("" : : "r"(out) : "memory"); /* keep the writes */
#endif
    }
    return 0;
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
    t->in = dq_mem_alloc(n_threads * t->in_len + 1);
    t->out = dq_mem_alloc(n_threads * t->out_len);
    int rc = t->in && t->out ? 0 : dq_fail_nomem(e);
    if (rc == 0 && t->what == DQ_CPU_DECODE)
        dq_bench_fill(t->type, t->in, n_threads * t->nblocks, DQ_BENCH_DISTINCT);
    else if (rc == 0)
        memset(t->in, 1, n_threads * t->in_len);
    if (rc == 0)
        rc = dq_bench_time(
            &(struct dq_task){.run = run, .arg = t, .n_threads = n_threads, .bytes = t->out_len},
            seconds, out, e);
    dq_mem_free(t->in);
    dq_mem_free(t->out);
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
