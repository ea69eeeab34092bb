#include "run/pipeline.h"

#include "base/signals.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

/* A lane with the chunk that is in it. */
struct slot {
    struct dq_lane *lane;
    struct dq_chunk chunk;
    uint8_t *items;
    bool ready; /* to be written */
};

/* What the workers of one run share. They decode ahead into a ring of slots; whoever finds that the
 * next slot is ready, and that nobody writes, writes it. So the sink gets its data in order and
 * from one thread at a time (a file system lets only one into a file anyway), and one thread writes
 * while the others decode. */
struct run {
    const struct dq_job *job;
    pthread_mutex_t lock; /* of all below, and of the plan's place */
    pthread_cond_t freed; /* a slot, or there will be none any more */
    struct slot slots[DQ_LANES_MAX];
    size_t n_slots;
    uint64_t n_taken; /* chunks; each goes to the slot behind the last one's */
    uint64_t n_put;
    bool all_taken;
    bool writing;
    uint64_t n_overflow;
    int rc; /* of the first worker that failed; the others stop at their next chunk */
    struct dq_error *e;
};

/* Decodes a chunk and gathers the wanted items, which come to stand at *items.
 *
 * Where only some weights of the blocks are wanted, 16-bit types are rounded after gathering, so
 * that only overflows of wanted weights are counted. */
static int decode_chunk(struct dq_lane *lane, const struct dq_plan *p, const struct dq_chunk *c,
    uint8_t **items, uint64_t *n_overflow, struct dq_error *e)
{
    const size_t nblocks = c->n_segments * c->seg_blocks;
    const enum dq_type type = p->tensor->type->type;
    const bool all_wanted = nblocks * p->block_items == c->n_items;
    const bool round_later = !all_wanted && p->dtype != DQ_DTYPE_f32;
    const int rc = lane->ops->decode(
        lane, type, round_later ? DQ_DTYPE_f32 : p->dtype, nblocks, n_overflow, e);
    if (rc != 0)
        return rc;
    if (!round_later) {
        *items = dq_plan_gather(p, c, lane->out, p->item_len);
        return 0;
    }
    const uint8_t *floats = dq_plan_gather(p, c, lane->out, sizeof(float));
    *items = lane->in; /* its blocks are decoded */
    assert(c->n_items * sizeof(uint16_t) <= lane->in_len);
    *n_overflow += dq_round_to(
        p->dtype, (const float *)(const void *)floats, (uint16_t *)(void *)lane->in, c->n_items);
    return 0;
}

/* Takes the next chunk, for a lane; returns false when there is none. */
static bool take(const struct run *r, const struct dq_lane *lane, struct dq_chunk *c)
{
    struct dq_plan *p = r->job->plan;
    /* Room for floats even where halves come out, and for the halves where the blocks were. */
    const size_t room =
        p->dtype == DQ_DTYPE_native ? lane->in_len : lane->out_len / sizeof(float) * p->item_len;
    return dq_plan_next(p, lane->in_len, room, c);
}

static int read_and_decode(
    const struct run *r, struct slot *s, uint64_t *n_overflow, struct dq_error *e)
{
    const struct dq_plan *p = r->job->plan;
    int rc = dq_signals_check(e);
    if (rc == 0)
        rc = dq_plan_read(r->job->model, p, &s->chunk, s->lane->in, e);
    if (rc != 0)
        return rc;
    if (p->dtype != DQ_DTYPE_native)
        return decode_chunk(s->lane, p, &s->chunk, &s->items, n_overflow, e);
    s->items = dq_plan_gather(p, &s->chunk, s->lane->in, p->item_len);
    return 0;
}

static void note_failure(struct run *r, int rc, const struct dq_error *e)
{
    if (r->rc != 0)
        return;
    r->rc = rc;
    dq_fail(r->e, rc, "%s", e->text);
    pthread_cond_broadcast(&r->freed);
}

/* Fills a slot with the chunk that was taken for it. The lock is held, but not meanwhile. */
static void fill(struct run *r, struct slot *s)
{
    struct dq_error e;
    uint64_t n_overflow = 0;
    r->n_taken++;
    pthread_mutex_unlock(&r->lock);
    const int rc = read_and_decode(r, s, &n_overflow, &e);
    pthread_mutex_lock(&r->lock);
    r->n_overflow += n_overflow;
    s->ready = rc == 0;
    if (rc != 0)
        note_failure(r, rc, &e);
}

/* Hands a slot's items to the sink. The lock is held, but not meanwhile. */
static void empty(struct run *r, struct slot *s)
{
    const struct dq_job *job = r->job;
    const size_t item_len = job->plan->item_len;
    const size_t len = s->chunk.n_items * item_len;
    struct dq_error e;
    r->writing = true;
    pthread_mutex_unlock(&r->lock);
    const int rc = job->sink->ops->put(
        job->sink, s->items, len, job->sink_off + s->chunk.first_item * item_len, &e);
    pthread_mutex_lock(&r->lock);
    r->writing = false;
    s->ready = false;
    r->n_put++;
    if (rc != 0)
        note_failure(r, rc, &e);
    else if (job->progress)
        job->progress(job->arg, len);
    pthread_cond_signal(&r->freed);
}

/* Writes a slot, fills one, or waits for one; returns false when nothing is left for this worker:
 * what the others are at, they also write. The lock is held. */
static bool step(struct run *r)
{
    struct slot *oldest = &r->slots[r->n_put % r->n_slots];
    struct slot *newest = &r->slots[r->n_taken % r->n_slots];
    if (r->rc != 0)
        return false;
    if (oldest->ready && !r->writing)
        empty(r, oldest);
    else if (r->all_taken)
        return false;
    else if (r->n_taken - r->n_put == r->n_slots)
        pthread_cond_wait(&r->freed, &r->lock);
    else if (take(r, newest->lane, &newest->chunk))
        fill(r, newest);
    else {
        r->all_taken = true;
        pthread_cond_broadcast(&r->freed);
    }
    return true;
}

static void *work(void *arg)
{
    struct run *r = arg;
    pthread_mutex_lock(&r->lock);
    while (step(r))
        ;
    pthread_mutex_unlock(&r->lock);
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
    pthread_t threads[DQ_LANES_MAX];
    size_t n_threads = 1; /* this one; too few others only make it slower */
    r.n_slots = lanes_for(job->plan, lanes[0], n_lanes);
    for (size_t i = 0; i < r.n_slots; i++)
        r.slots[i].lane = lanes[i];
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.freed, NULL);
    while (n_threads < r.n_slots && pthread_create(&threads[n_threads], NULL, work, &r) == 0)
        n_threads++;
    work(&r);
    while (n_threads-- > 1)
        pthread_join(threads[n_threads], NULL);
    pthread_cond_destroy(&r.freed);
    pthread_mutex_destroy(&r.lock);
    *n_overflow += r.n_overflow;
    return r.rc;
}
