#include "bench/bench.h"

#include "base/clock.h"
#include "base/signals.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 15, MAX_TRIES = 100 };

struct bench_thread {
    const struct dq_task *task;
    unsigned index;
    uint64_t times;
    pthread_t thread;
    int rc;
    struct dq_error e;
};

static void *work(void *arg)
{
    struct bench_thread *t = arg;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): every thread is set up first */
    t->rc = t->task->run(t->task->arg, t->index, t->times, &t->e);
    return NULL;
}

/* Runs a task once in all of its threads. *seconds includes starting them, some tens of
 * microseconds. */
static int run_once(const struct dq_task *task, uint64_t times, double *seconds, struct dq_error *e)
{
    struct bench_thread threads[DQ_BENCH_THREADS_MAX];
    unsigned n = 1;
    int rc = 0;
    const double start = dq_clock_seconds();
    for (unsigned i = 0; i < task->n_threads; i++)
        threads[i] = (struct bench_thread){.task = task, .index = i, .times = times};
    for (; n < task->n_threads; n++)
        if (pthread_create(&threads[n].thread, NULL, work, &threads[n]) != 0)
            break;
    const bool all = n == task->n_threads;
    work(&threads[0]);
    for (unsigned i = 1; i < n; i++)
        pthread_join(threads[i].thread, NULL);
    *seconds = dq_clock_seconds() - start;
    if (task->undo)
        task->undo(task->arg);
    for (unsigned i = 0; rc == 0 && i < n; i++)
        rc = threads[i].rc != 0 ? dq_fail(e, threads[i].rc, "%s", threads[i].e.text) : 0;
    return rc != 0 || all ? rc : dq_fail_nomem(e);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

int dq_bench_time(
    const struct dq_task *task, double seconds, struct dq_speed *out, struct dq_error *e)
{
    double gbs[RUNS];
    double took = 0;
    uint64_t times = 1;
    int rc = dq_signals_check(e);
    /* Find out how many repetitions take long enough; this is the warm-up too. */
    while (rc == 0 && times < (uint64_t)1 << 40) {
        rc = run_once(task, times, &took, e);
        if (took * RUNS >= seconds || task->undo)
            break;
        times *= took * RUNS * 8 < seconds ? 8 : 2;
    }
    for (int i = 0; rc == 0 && i < RUNS; i++) {
        rc = run_once(task, times, &took, e);
        gbs[i] = (double)times * (double)task->bytes * task->n_threads / took * 1e-9;
        if (rc == 0)
            rc = dq_signals_check(e);
    }
    if (rc != 0)
        return rc;
    qsort(gbs, RUNS, sizeof *gbs, by_value);
    const double median = gbs[RUNS / 2];
    const double below = median - gbs[RUNS / 4];
    const double above = gbs[RUNS * 3 / 4] - median;
    *out = (struct dq_speed){median, (below > above ? below : above) / median};
    return 0;
}

static void fill_random(uint8_t *p, size_t len, uint64_t *x)
{
    for (size_t i = 0; i < len; i++) {
        *x ^= *x << 13;
        *x ^= *x >> 7;
        *x ^= *x << 17;
        p[i] = (uint8_t)(*x >> 32);
    }
}

/* Whether all weights are finite and below 100, and not all of them next to 0. */
static bool are_ordinary(const float *weights, size_t n)
{
    float largest = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(fabsf(weights[i]) < 100.0f))
            return false;
        if (fabsf(weights[i]) > largest)
            largest = fabsf(weights[i]);
    }
    return largest > 0.001f;
}

/* Some bytes of wide number types are ordinary weights only by rare chance: after MAX_TRIES, all bytes
 * but the first, which is the low one, become 0. */
static void make_block(enum dq_type type, uint8_t *block, uint64_t *x)
{
    const struct dq_type_info *f = &dq_types[type];
    float weights[DQ_BLOCK_WEIGHTS_MAX];
    int tries = 0;
    do {
        fill_random(block, f->bytes, x);
        if (tries == MAX_TRIES)
            memset(block + 1, 0, f->bytes - 1);
        dq_cpu_best()->decode[type](block, weights, 1, DQ_DTYPE_f32);
    } while (!are_ordinary(weights, f->weights) && tries++ < MAX_TRIES);
}

void dq_bench_fill(enum dq_type type, uint8_t *blocks, size_t nblocks, size_t n_distinct)
{
    const size_t block_len = dq_types[type].bytes;
    const size_t len = nblocks * block_len;
    uint64_t x = 88172645463325252;
    size_t done = 0;
    for (; done < n_distinct * block_len && done < len; done += block_len)
        make_block(type, blocks + done, &x);
    for (size_t some; done < len; done += some) {
        some = len - done < done ? len - done : done;
        memcpy(blocks + done, blocks, some);
    }
}
