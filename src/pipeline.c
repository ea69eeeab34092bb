#include "pipeline.h"

#include "stop.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

/* What the workers of one run share. A worker takes the next chunk, reads it, decodes it and hands
 * it on; a sink that wants its data in order is served in turns. */
struct run {
    const struct dq_job *job;
    pthread_mutex_t lock; /* of all below, and of the plan's place */
    pthread_cond_t turned;
    uint64_t next_ticket;
    uint64_t turn; /* the ticket whose data an ordered sink takes next */
    uint64_t n_overflow;
    int rc; /* of the first worker that failed; the others stop at their next chunk */
    struct dq_error *e;
};

struct worker {
    struct run *run;
    struct dq_lane *lane;
    pthread_t thread;
};

/* Decodes a chunk and gathers the wanted items, which come to stand at *items.
 *
 * Where only some weights of the blocks are wanted, 16-bit types are rounded after gathering, so
 * that only overflows of wanted weights are counted. */
static int decode_chunk(struct dq_lane *lane, const struct dq_plan *p, const struct dq_chunk *c,
    uint8_t **items, uint64_t *n_overflow, struct dq_error *e)
{
    const size_t nblocks = c->n_segments * c->seg_blocks;
    const enum dq_format format = p->tensor->format->format;
    const bool all_wanted = nblocks * p->block_items == c->n_items;
    const bool round_later = !all_wanted && p->dtype != DQ_DTYPE_f32;
    const int rc = lane->ops->decode(
        lane, format, round_later ? DQ_DTYPE_f32 : p->dtype, nblocks, n_overflow, e);
    if (rc != 0)
        return rc;
    if (!round_later) {
        *items = dq_plan_gather(p, c, lane->out, p->item_len);
        return 0;
    }
    const uint8_t *floats = dq_plan_gather(p, c, lane->out, sizeof(float));
    *items = lane->in; /* its blocks are decoded */
    assert(c->n_items * sizeof(uint16_t) <= lane->in_len);
    *n_overflow += dq_narrow(
        p->dtype, (const float *)(const void *)floats, (uint16_t *)(void *)lane->in, c->n_items);
    return 0;
}

/* Takes the next chunk and its place in the order; returns false when there is none, or no use. */
static bool take(struct run *r, const struct dq_lane *lane, struct dq_chunk *c, uint64_t *ticket)
{
    struct dq_plan *p = r->job->plan;
    /* Room for floats even where halves come out, and for the halves where the blocks were. */
    const size_t room =
        p->dtype == DQ_DTYPE_native ? lane->in_len : lane->out_len / sizeof(float) * p->item_len;
    pthread_mutex_lock(&r->lock);
    const bool taken = r->rc == 0 && dq_plan_next(p, lane->in_len, room, c);
    if (taken)
        *ticket = r->next_ticket++;
    pthread_mutex_unlock(&r->lock);
    return taken;
}

static int read_and_decode(const struct run *r, struct dq_lane *lane, const struct dq_chunk *c,
    uint8_t **items, uint64_t *n_overflow, struct dq_error *e)
{
    const struct dq_plan *p = r->job->plan;
    int rc = dq_stop_check(e);
    if (rc == 0)
        rc = dq_plan_read(r->job->model, p, c, lane->in, e);
    if (rc != 0)
        return rc;
    if (p->dtype != DQ_DTYPE_native)
        return decode_chunk(lane, p, c, items, n_overflow, e);
    *items = dq_plan_gather(p, c, lane->in, p->item_len);
    return 0;
}

/* Waits until it is this ticket's turn; returns whether the run still goes on. */
static bool await_turn(struct run *r, uint64_t ticket)
{
    pthread_mutex_lock(&r->lock);
    while (r->rc == 0 && r->turn != ticket)
        pthread_cond_wait(&r->turned, &r->lock);
    const bool goes_on = r->rc == 0;
    pthread_mutex_unlock(&r->lock);
    return goes_on;
}

/* Does a chunk; *put says whether the sink has taken it, and not if the run ends before its turn.
 */
static int work_on(struct run *r, struct dq_lane *lane, const struct dq_chunk *c, uint64_t ticket,
    uint64_t *n_overflow, bool *put, struct dq_error *e)
{
    const struct dq_job *job = r->job;
    const size_t item_len = job->plan->item_len;
    uint8_t *items;
    int rc = read_and_decode(r, lane, c, &items, n_overflow, e);
    *put = false;
    if (rc != 0 || (job->sink->ops->ordered && !await_turn(r, ticket)))
        return rc;
    rc = job->sink->ops->put(
        job->sink, items, c->n_items * item_len, job->sink_off + c->first_item * item_len, e);
    *put = rc == 0;
    return rc;
}

static void *work(void *arg)
{
    const struct worker *w = arg;
    struct run *r = w->run;
    struct dq_chunk c;
    uint64_t ticket;
    while (take(r, w->lane, &c, &ticket)) {
        struct dq_error e;
        uint64_t n_overflow = 0;
        bool put;
        const int rc = work_on(r, w->lane, &c, ticket, &n_overflow, &put, &e);
        pthread_mutex_lock(&r->lock);
        if (rc != 0 && r->rc == 0) {
            r->rc = rc;
            dq_fail(r->e, rc, "%s", e.text);
        }
        r->n_overflow += n_overflow;
        r->turn++;
        if (put && r->job->progress)
            r->job->progress(r->job->arg, c.n_items * r->job->plan->item_len);
        pthread_cond_broadcast(&r->turned);
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

/* How many lanes are worth while: a tensor of one chunk is done by one. */
static size_t lanes_for(const struct dq_plan *p, const struct dq_lane *lane, size_t n_lanes)
{
    const uint64_t chunks = p->n_items / (lane->out_len / sizeof(float)) + 1;
    return chunks < n_lanes ? (size_t)chunks : n_lanes;
}

int dq_pipeline_run(struct dq_lane *const *lanes, size_t n_lanes, const struct dq_job *job,
    uint64_t *n_overflow, struct dq_error *e)
{
    struct run r = {.job = job, .e = e};
    struct worker workers[DQ_LANES_MAX];
    size_t n_threads = 0;
    n_lanes = lanes_for(job->plan, lanes[0], n_lanes);
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.turned, NULL);
    for (size_t i = 0; i < n_lanes; i++)
        workers[i] = (struct worker){.run = &r, .lane = lanes[i]};
    /* The first worker is this thread; too few threads only make it slower. */
    for (size_t i = 1; i < n_lanes; i++) {
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            break;
        n_threads = i;
    }
    work(&workers[0]);
    for (size_t i = 1; i <= n_threads; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_cond_destroy(&r.turned);
    pthread_mutex_destroy(&r.lock);
    *n_overflow += r.n_overflow;
    return r.rc;
}
