#include "bench/bench.h"

#include "base/signals.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 15, MAX_TRIES = 100 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct worker {
    const struct dq_task *task;
    unsigned number;
    uint64_t times;
    pthread_t thread;
    int rc;
    struct dq_error e;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): each worker is filled in */
    w->rc = w->task->run(w->task->arg, w->number, w->times, &w->e);
    return NULL;
}

/* One run of all threads; how long it took. Starting them takes some tens of microseconds. */
static int run_once(const struct dq_task *task, uint64_t times, double *seconds, struct dq_error *e)
{
    struct worker workers[DQ_BENCH_THREADS_MAX];
    unsigned n = 1;
    int rc = 0;
    const double start = now();
    for (unsigned i = 0; i < task->n_threads; i++)
        workers[i] = (struct worker){.task = task, .number = i, .times = times};
    for (; n < task->n_threads; n++)
        if (pthread_create(&workers[n].thread, NULL, work, &workers[n]) != 0)
            break;
    const bool all = n == task->n_threads;
    work(&workers[0]);
    for (unsigned i = 1; i < n; i++)
        pthread_join(workers[i].thread, NULL);
    *seconds = now() - start;
    for (unsigned i = 0; rc == 0 && i < n; i++)
        rc = workers[i].rc != 0 ? dq_fail(e, workers[i].rc, "%s", workers[i].e.text) : 0;
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
    /* How often is enough; this warms up too. */
    while (rc == 0 && times < (uint64_t)1 << 40) {
        rc = run_once(task, times, &took, e);
        if (took * RUNS >= seconds)
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

static bool are_usual(const float *weights, size_t n)
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

void dq_bench_fill(enum dq_type type, uint8_t *blocks, size_t nblocks)
{
    const struct dq_type_info *f = &dq_types[type];
    uint64_t x = 88172645463325252;
    float weights[DQ_BLOCK_WEIGHTS_MAX];
    for (size_t k = 0; k < nblocks; k++, blocks += f->bytes) {
        int tries = 0;
        do {
            fill_random(blocks, f->bytes, &x);
            if (tries == MAX_TRIES) /* wide numbers: the low byte is a small one */
                memset(blocks + 1, 0, f->bytes - 1);
            dq_cpu_best()->decode[type](blocks, weights, 1, DQ_DTYPE_f32);
        } while (!are_usual(weights, f->weights) && tries++ < MAX_TRIES);
    }
}
