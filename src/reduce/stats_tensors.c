#include "reduce/stats_tensors.h"

#include "base/mem.h"

#include <pthread.h>

struct stats_run {
    const struct dq_stats_job *job;
    pthread_mutex_t lock; /* protects the results */
};

static const struct dq_plan *plan(void *arg, size_t item)
{
    const struct stats_run *r = arg;
    return r->job->plan(r->job->arg, item);
}

static int begin(void *arg, size_t item, void **state, struct dq_error *e)
{
    (void)arg;
    (void)item;
    *state = dq_mem_calloc(1, sizeof(struct dq_stats));
    return *state ? 0 : dq_fail_nomem(e);
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct stats_run *r = arg;
    struct dq_stats part = {0};
    (void)e;
    dq_stats_add(&part, v->lane->cpu, v->bytes, v->len / sizeof(float), v->offset / sizeof(float));
    pthread_mutex_lock(&r->lock);
    dq_stats_merge(state, &part);
    pthread_mutex_unlock(&r->lock);
    if (r->job->progress)
        r->job->progress(r->job->arg, v->len);
    return 0;
}

static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    const struct stats_run *r = arg;
    if (rc == 0)
        rc = r->job->end(r->job->arg, item, state, e);
    dq_mem_free(state);
    return rc;
}

int dq_stats_tensors(struct dq_lane *const *lanes, size_t n_lanes, const struct dq_stats_job *job,
    struct dq_error *e)
{
    struct stats_run r = {.job = job};
    const struct dq_consumer consumer = {
        .plan = plan, .begin = begin, .consume = consume, .end = end, .arg = &r};
    pthread_mutex_init(&r.lock, NULL);
    const int rc = dq_run_chunks(lanes, n_lanes, 0, job->n_tensors, &consumer, e);
    pthread_mutex_destroy(&r.lock);
    return rc;
}
