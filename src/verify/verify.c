#include "verify/verify.h"

#include "verify/check_lane.h"

#include <pthread.h>
#include <time.h>

/* A reference's buffers: its weights are compared while they are in the cache, whatever the size of
 * the device's lanes. */
enum {
    REFERENCE_IN = 128 << 10,
    REFERENCE_OUT = DQ_REFERENCE_LEN - REFERENCE_IN,
};

/* What the workers of one plan share. */
struct run {
    struct dq_verifier *verifier;
    const struct dq_verify_job *job;
    pthread_mutex_t lock; /* of all below, and of the plan's place */
    pthread_cond_t freed;
    unsigned n_free; /* threads that may begin to compare */
    struct dq_comparison *c;
    int rc; /* of the first worker that failed; the others stop at their next chunk */
    struct dq_error *e;
};

struct worker {
    struct run *run;
    struct dq_lane *lane;
    struct dq_lane *reference;
    pthread_t thread;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Adds the time since *then, and goes on from now. */
static void spend(double *then, double *sum)
{
    const double time = now();
    *sum += time - *then;
    *then = time;
}

int dq_verifier_init(
    struct dq_verifier *v, const struct dq_engine *engine, unsigned n_threads, struct dq_error *e)
{
    *v = (struct dq_verifier){.engine = engine, .n_threads = n_threads};
    for (size_t i = 0; i < engine->n_lanes; i++) {
        const int rc =
            dq_lane_new_cpu(dq_cpu_levels[0], REFERENCE_IN, REFERENCE_OUT, &v->references[i], e);
        if (rc != 0) {
            dq_verifier_finish(v);
            return rc;
        }
    }
    return 0;
}

void dq_verifier_finish(struct dq_verifier *v)
{
    for (size_t i = 0; i < DQ_LANES_MAX; i++) {
        dq_lane_free(v->references[i]);
        v->references[i] = NULL;
    }
}

/* Reads a chunk and decodes it on the device. */
static int read_and_decode(const struct worker *w, const struct dq_chunk *chunk,
    const struct dq_comparison *c, struct dq_verify_times *times, struct dq_error *e)
{
    const struct dq_verify_job *job = w->run->job;
    double then = now();
    int rc = dq_plan_read(job->model, job->plan, chunk, w->lane->in, e);
    spend(&then, &times->reading);
    if (rc == 0)
        rc = dq_check_lane_decode(
            w->lane, c->type, c->dtype, chunk->n_segments * chunk->seg_blocks, e);
    spend(&then, &times->device);
    return rc;
}

/* Compares a chunk that is decoded, with others that compare, but not too many. */
static int compare(const struct worker *w, const struct dq_chunk *chunk, struct dq_comparison *c,
    struct dq_verify_times *times, struct dq_error *e)
{
    struct run *r = w->run;
    const struct dq_plan *p = r->job->plan;
    int rc = 0;
    pthread_mutex_lock(&r->lock);
    while (r->n_free == 0)
        pthread_cond_wait(&r->freed, &r->lock);
    r->n_free--;
    pthread_mutex_unlock(&r->lock);
    double then = now();
    for (size_t i = 0; rc == 0 && i < chunk->n_segments; i++)
        rc = dq_check_lane_compare(w->lane, w->reference, c, i * chunk->seg_blocks,
            chunk->seg_blocks, dq_plan_offset(p, chunk, i) / p->block_len, e);
    spend(&then, &times->comparing);
    pthread_mutex_lock(&r->lock);
    r->n_free++;
    pthread_cond_signal(&r->freed);
    pthread_mutex_unlock(&r->lock);
    return rc;
}

static bool take(struct run *r, const struct dq_lane *lane, struct dq_chunk *chunk)
{
    pthread_mutex_lock(&r->lock);
    const bool taken = r->rc == 0 && dq_plan_next(r->job->plan, lane->in_len, lane->out_len, chunk);
    pthread_mutex_unlock(&r->lock);
    return taken;
}

static void add_times(struct dq_verify_times *sum, const struct dq_verify_times *t)
{
    sum->reading += t->reading;
    sum->device += t->device;
    sum->comparing += t->comparing;
}

static void *work(void *arg)
{
    const struct worker *w = arg;
    /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): each worker is filled in */
    struct run *r = w->run;
    struct dq_chunk chunk;
    while (take(r, w->lane, &chunk)) {
        const size_t nblocks = chunk.n_segments * chunk.seg_blocks;
        struct dq_verify_times times = {0};
        struct dq_comparison c;
        struct dq_error e;
        dq_compare_init(&c, r->c->type, r->c->dtype, r->c->ulp);
        int rc = read_and_decode(w, &chunk, &c, &times, &e);
        if (rc == 0)
            rc = compare(w, &chunk, &c, &times, &e);
        if (rc == 0 && c.n_mismatches > 0)
            rc = dq_check_lane_stable(w->lane, &c, nblocks, &e);
        pthread_mutex_lock(&r->lock);
        if (rc != 0 && r->rc == 0)
            r->rc = dq_fail(r->e, rc, "%s", e.text);
        dq_compare_merge(r->c, &c);
        add_times(&r->verifier->times, &times);
        if (rc == 0 && r->job->progress)
            r->job->progress(r->job->arg, c.n_weights * dq_dtype_len(c.dtype));
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

/* How many lanes are worth while: a tensor of one chunk is done by one. */
static size_t lanes_for(const struct dq_plan *p, const struct dq_engine *engine)
{
    const size_t len = engine->lanes[0]->out_len;
    const uint64_t chunks = p->n_items / (len / p->item_len) + 1;
    return chunks < engine->n_lanes ? (size_t)chunks : engine->n_lanes;
}

int dq_verify_plan(struct dq_verifier *v, const struct dq_verify_job *job, struct dq_comparison *c,
    struct dq_error *e)
{
    struct run r = {.verifier = v, .job = job, .n_free = v->n_threads, .c = c, .e = e};
    struct worker workers[DQ_LANES_MAX];
    const size_t n = lanes_for(job->plan, v->engine);
    size_t n_threads = 0;
    double then = now();
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.freed, NULL);
    for (size_t i = 0; i < n; i++)
        workers[i] = (struct worker){&r, v->engine->lanes[i], v->references[i], 0};
    /* The first worker is this thread; too few threads only make it slower. */
    for (size_t i = 1; i < n; i++) {
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            break;
        n_threads = i;
    }
    work(&workers[0]);
    for (size_t i = 1; i <= n_threads; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_cond_destroy(&r.freed);
    pthread_mutex_destroy(&r.lock);
    spend(&then, &v->times.wall);
    return r.rc;
}

/* If those that may compare did so nearly all the time, they were waited for; else it is where the
 * workers were most. A device that is a CPU works on the same processors. */
const char *dq_verify_bound(const struct dq_verifier *v)
{
    const struct dq_verify_times *t = &v->times;
    const double device = t->device > t->reading ? t->device : t->reading;
    const bool waited_for = v->engine->n_gpus > 0 && t->comparing >= 0.85 * t->wall * v->n_threads;
    if (waited_for || t->comparing >= device)
        return "reference";
    return t->device >= t->reading ? "device" : "file";
}
