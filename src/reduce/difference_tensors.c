#include "reduce/difference_tensors.h"

#include "base/mem.h"
#include "run/beside.h"

#include <pthread.h>

/* Small buffers, whatever the size of the lanes, so that weights are compared while they are in the cache. */
enum {
    REFERENCE_IN = 128 << 10,
    REFERENCE_OUT = DQ_DIFFERENCE_LEN - REFERENCE_IN,
};

struct difference_run {
    const struct dq_difference_job *job;
    struct dq_lane *const *lanes;
    struct dq_lane *references[DQ_LANES_MAX]; /* one for each lane */
    pthread_mutex_t lock;                     /* protects the results */
};

static const struct dq_plan *plan(void *arg, size_t item)
{
    const struct difference_run *r = arg;
    return &r->job->plan(r->job->arg, item)->model;
}

static int begin(void *arg, size_t item, void **state, struct dq_error *e)
{
    (void)arg;
    (void)item;
    *state = dq_mem_calloc(1, sizeof(struct dq_difference));
    return *state ? 0 : dq_fail_nomem(e);
}

/* What a chunk adds. */
struct part {
    struct dq_difference difference;
    const struct dq_cpu *cpu;
};

static void take(void *arg, const struct dq_pairs *pairs)
{
    struct part *part = arg;
    dq_difference_add(
        &part->difference, part->cpu, pairs->beside, pairs->chunk, pairs->n, pairs->first);
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct difference_run *r = arg;
    const struct dq_plan_pair *pair = (const struct dq_plan_pair *)v->plan; /* its first member */
    struct part part = {.cpu = v->lane->cpu};
    size_t lane = 0;
    while (r->lanes[lane] != v->lane)
        lane++;
    const int rc = dq_run_beside(v, &pair->reference, r->references[lane], take, &part, e);
    if (rc != 0)
        return rc;
    pthread_mutex_lock(&r->lock);
    dq_difference_merge(state, &part.difference);
    pthread_mutex_unlock(&r->lock);
    r->job->progress(r->job->arg, v->len);
    return 0;
}

static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    const struct difference_run *r = arg;
    if (rc == 0)
        rc = r->job->end(r->job->arg, item, state, e);
    dq_mem_free(state);
    return rc;
}

int dq_difference_tensors(struct dq_lane *const *lanes, size_t n_lanes,
    const struct dq_difference_job *job, struct dq_error *e)
{
    struct difference_run r = {.job = job, .lanes = lanes};
    const struct dq_consumer consumer = {
        .plan = plan, .begin = begin, .consume = consume, .end = end, .arg = &r};
    size_t n = 0;
    int rc = 0;
    for (; rc == 0 && n < n_lanes; n++)
        rc = dq_lane_new_cpu(lanes[n]->cpu, REFERENCE_IN, REFERENCE_OUT, &r.references[n], e);
    pthread_mutex_init(&r.lock, NULL);
    if (rc == 0)
        rc = dq_run_chunks(lanes, n_lanes, 0, job->n_pairs, &consumer, e);
    pthread_mutex_destroy(&r.lock);
    while (n > 0) /* the last one may be NULL */
        dq_lane_free(r.references[--n]);
    return rc;
}
