#include "verify/verify.h"

#include "base/clock.h"
#include "base/mem.h"
#include "verify/check_lane.h"

#include <pthread.h>

/* Bytes of the buffers of a reference. They are small, whatever the size of the device's lanes, so that
 * weights are compared while they are in the cache. */
enum {
    REFERENCE_IN = 128 << 10,
    REFERENCE_OUT = DQ_REFERENCE_LEN - REFERENCE_IN,
};

struct verify_run {
    struct dq_verifier *verifier;
    const struct dq_verify_job *job;
    pthread_mutex_t
        lock; /* protects what follows, the comparisons, and the times of the verifier */
    pthread_cond_t freed;
    struct dq_lane *free_references[DQ_LANES_MAX];
    unsigned n_free;
};

int dq_verifier_init(
    struct dq_verifier *v, const struct dq_engine *engine, unsigned n_threads, struct dq_error *e)
{
    const unsigned n = n_threads < engine->n_lanes ? n_threads : (unsigned)engine->n_lanes;
    *v = (struct dq_verifier){.engine = engine};
    for (; v->n_references < n; v->n_references++) {
        const int rc = dq_lane_new_cpu(
            dq_cpu_levels[0], REFERENCE_IN, REFERENCE_OUT, &v->references[v->n_references], e);
        if (rc != 0) {
            dq_verifier_finish(v);
            return rc;
        }
    }
    return 0;
}

void dq_verifier_finish(struct dq_verifier *v)
{
    while (v->n_references > 0)
        dq_lane_free(v->references[--v->n_references]);
}

static struct dq_lane *take_reference(struct verify_run *r)
{
    pthread_mutex_lock(&r->lock);
    while (r->n_free == 0)
        pthread_cond_wait(&r->freed, &r->lock);
    struct dq_lane *reference = r->free_references[--r->n_free];
    pthread_mutex_unlock(&r->lock);
    return reference;
}

static void return_reference(struct verify_run *r, struct dq_lane *reference)
{
    pthread_mutex_lock(&r->lock);
    r->free_references[r->n_free++] = reference;
    pthread_cond_signal(&r->freed);
    pthread_mutex_unlock(&r->lock);
}

static const struct dq_plan *plan(void *arg, size_t item)
{
    const struct verify_run *r = arg;
    const struct dq_plan *p = &r->job->plans[item];
    return p->tensor ? p : NULL;
}

static int begin(void *arg, size_t item, void **state, struct dq_error *e)
{
    const struct verify_run *r = arg;
    const struct dq_plan *p = &r->job->plans[item];
    struct dq_comparison *c = dq_mem_alloc(sizeof *c);
    if (!c)
        return dq_fail_nomem(e);
    dq_compare_init(c, p->tensor->type->type, p->dtype, r->job->ulp);
    *state = c;
    return 0;
}

/* Compares a decoded chunk with the output of a reference for the same blocks. */
static int compare(
    struct verify_run *r, const struct dq_values *v, struct dq_comparison *c, struct dq_error *e)
{
    const struct dq_chunk *chunk = v->chunk;
    struct dq_lane *reference = take_reference(r);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < chunk->n_segments; i++)
        rc = dq_check_lane_compare(v->lane, reference, c, i * chunk->seg_blocks, chunk->seg_blocks,
            dq_plan_offset(v->plan, chunk, i) / v->plan->block_len, e);
    return_reference(r, reference);
    return rc;
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct verify_run *r = arg;
    struct dq_comparison *all = state;
    struct dq_verify_times *times = &r->verifier->times;
    struct dq_comparison c;
    dq_compare_init(&c, all->type, all->dtype, all->ulp);
    const double start = dq_clock_seconds();
    int rc = compare(r, v, &c, e);
    const double comparing = dq_clock_seconds() - start;
    if (rc == 0 && c.n_mismatches > 0)
        rc = dq_check_lane_stable(v->lane, &c, v->chunk->n_segments * v->chunk->seg_blocks, e);
    if (rc != 0)
        return rc;
    pthread_mutex_lock(&r->lock);
    dq_compare_merge(all, &c);
    times->reading += v->read_seconds;
    times->device += v->decode_seconds;
    times->comparing += comparing;
    pthread_mutex_unlock(&r->lock);
    if (r->job->progress)
        r->job->progress(r->job->arg, c.n_weights * dq_dtype_len(c.dtype));
    return 0;
}

static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    const struct verify_run *r = arg;
    if (rc == 0)
        rc = r->job->end(r->job->arg, item, state, e);
    dq_mem_free(state);
    return rc;
}

int dq_verify_plans(struct dq_verifier *v, const struct dq_verify_job *job, struct dq_error *e)
{
    struct verify_run r = {.verifier = v, .job = job};
    const struct dq_consumer consumer = {.checks_decoder = true,
        .plan = plan,
        .begin = begin,
        .consume = consume,
        .end = end,
        .arg = &r};
    const double start = dq_clock_seconds();
    for (; r.n_free < v->n_references; r.n_free++)
        r.free_references[r.n_free] = v->references[r.n_free];
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.freed, NULL);
    const int rc =
        dq_run_chunks(v->engine->lanes, v->engine->n_lanes, 0, job->n_plans, &consumer, e);
    pthread_cond_destroy(&r.freed);
    pthread_mutex_destroy(&r.lock);
    v->times.wall += dq_clock_seconds() - start;
    return rc;
}

/* If the references were busy nearly all the time, GPU lanes waited for them. Otherwise it is where the
 * threads spent most of their time: CPU lanes and references share the processors. */
const char *dq_verify_bound(const struct dq_verifier *v)
{
    const struct dq_verify_times *t = &v->times;
    const double device = t->device > t->reading ? t->device : t->reading;
    const bool waited_for =
        v->engine->n_gpus > 0 && t->comparing >= 0.85 * t->wall * v->n_references;
    if (waited_for || t->comparing >= device)
        return "reference";
    return t->device >= t->reading ? "device" : "file";
}
