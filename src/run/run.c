#include "run/run.h"

#include "base/mem.h"
#include "base/signals.h"
#include "run/decode.h"

#include <pthread.h>

/* The maximum number of chunks in flight. More than there are lanes, so that one slow chunk does not
 * hold up a run whose consumer needs no order. */
enum { N_TICKETS = DQ_RUN_ITEMS_MAX - 1 };

/* An item that was begun and not ended, shared by its chunks. */
struct open_item {
    void *state;
    bool is_begun; /* begin has returned */
    int rc;        /* what it returned */
};

/* A chunk in flight: taken by a thread, decoded (and consumed, if order does not matter), and retired
 * in the order in which it was taken. */
struct ticket {
    struct dq_values values;
    struct dq_chunk chunk;
    bool is_first; /* of its item */
    bool is_last;
    bool is_done; /* ready to be retired */
    struct open_item *open;
    int rc;
};

struct chunk_run {
    const struct dq_consumer *consumer;
    size_t n_lanes;
    size_t n_items;
    pthread_mutex_t lock;   /* protects everything below */
    pthread_cond_t changed; /* a chunk can be taken or retired, or the run ends */
    pthread_cond_t begun;   /* an item was begun */
    pthread_t threads[DQ_LANES_MAX];
    size_t n_threads;
    struct dq_lane *free_lanes[DQ_LANES_MAX];
    size_t n_free;
    struct ticket *tickets; /* a ring of N_TICKETS */
    uint64_t n_taken;
    uint64_t n_retired;
    bool is_retiring; /* a thread is retiring a chunk, without holding the lock */

    /* The source of the next chunk. */
    size_t item;
    const struct dq_plan *plan; /* NULL: find_item has not found the item yet */
    struct dq_plan_pos pos;
    struct open_item *open; /* the item of the last chunk that was taken */
    bool all_taken;

    /* A ring of N_TICKETS: chunks in flight belong to no more items than that. */
    struct open_item *open_items;
    uint64_t n_begun;
    uint64_t n_ended;

    uint64_t failed; /* the first ticket that failed; UINT64_MAX: none */
    struct dq_error failure;
    int rc; /* set when the run ends early, with the reason in *e */
    struct dq_error *e;
};

/* Finds the next item that is not left out; returns false after the last one. */
static bool find_item(struct chunk_run *r)
{
    for (; !r->plan && r->item < r->n_items; r->item++) {
        r->plan = r->consumer->plan(r->consumer->arg, r->item);
        r->pos = (struct dq_plan_pos){0};
        if (r->plan)
            break;
    }
    return r->plan != NULL;
}

/* Records a failure if it is the first one in the order of the tickets. */
static void record_failure(struct chunk_run *r, const struct ticket *t, const struct dq_error *e)
{
    const uint64_t number =
        r->n_retired +
        ((uint64_t)(t - r->tickets) + N_TICKETS - r->n_retired % N_TICKETS) % N_TICKETS;
    r->all_taken = true;
    pthread_cond_broadcast(&r->changed);
    if (number >= r->failed)
        return;
    r->failed = number;
    r->failure = *e;
}

/* Whether the next chunk is the first of its item. */
static bool is_at_item(const struct chunk_run *r)
{
    return r->pos.segment == 0 && r->pos.item == 0;
}

/* Takes the next chunk and gives it a lane. An item without values has one chunk, which is empty. */
static struct ticket *take(struct chunk_run *r, struct dq_lane *lane)
{
    struct ticket *t = &r->tickets[r->n_taken++ % N_TICKETS];
    const struct dq_plan *p = r->plan;
    *t = (struct ticket){
        .values = {.item = r->item, .plan = p, .chunk = &t->chunk, .lane = lane},
        .is_first = is_at_item(r),
    };
    if (t->is_first) {
        r->open = &r->open_items[r->n_begun++ % N_TICKETS];
        *r->open = (struct open_item){0};
    }
    t->open = r->open;
    dq_plan_next(p, &r->pos, dq_lane_weights(lane, p->tensor->type, p->dtype), &t->chunk);
    t->is_last = dq_plan_done(p, &r->pos);
    if (t->is_last) {
        r->plan = NULL;
        r->item++;
    }
    if (!find_item(r))
        r->all_taken = true;
    return t;
}

static int begin(const struct chunk_run *r, const struct ticket *t, struct dq_error *e)
{
    return r->consumer->begin
               ? r->consumer->begin(r->consumer->arg, t->values.item, &t->open->state, e)
               : 0;
}

static int consume(const struct chunk_run *r, const struct ticket *t, struct dq_error *e)
{
    return t->chunk.n_items > 0
               ? r->consumer->consume(r->consumer->arg, t->open->state, &t->values, e)
               : 0;
}

static int read_and_decode(const struct chunk_run *r, struct ticket *t, struct dq_error *e)
{
    const int rc = dq_signals_check(e);
    return rc != 0 || t->chunk.n_items == 0
               ? rc
               : dq_chunk_decode(&t->values, r->consumer->checks_decoder, e);
}

/* Threads that wait for a lane are woken when half of the lanes are free: waking one for every chunk of
 * a slow consumer costs more than a small chunk. The thread that frees a lane goes on in any case. */
static void free_lane(struct chunk_run *r, struct ticket *t)
{
    r->free_lanes[r->n_free++] = t->values.lane;
    t->values.lane = NULL;
    if (2 * r->n_free >= r->n_lanes)
        pthread_cond_signal(&r->changed);
}

/* Begins the item of a first chunk, if order does not matter. The lock is not held. */
static int begin_now(struct chunk_run *r, const struct ticket *t, struct dq_error *e)
{
    const int rc = begin(r, t, e);
    pthread_mutex_lock(&r->lock);
    t->open->rc = rc;
    t->open->is_begun = true;
    pthread_cond_broadcast(&r->begun);
    pthread_mutex_unlock(&r->lock);
    return rc;
}

/* Waits until another thread has begun the item of a chunk; that thread records the failure, if any. */
static int wait_for_begin(struct chunk_run *r, const struct ticket *t)
{
    pthread_mutex_lock(&r->lock);
    while (!t->open->is_begun)
        pthread_cond_wait(&r->begun, &r->lock);
    pthread_mutex_unlock(&r->lock);
    return t->open->rc;
}

/* Does everything for a chunk that does not have to be in order. The lock is not held. */
static int process(struct chunk_run *r, struct ticket *t, struct dq_error *e)
{
    const bool in_order = r->consumer->in_order;
    int rc = !in_order && t->is_first ? begin_now(r, t, e) : 0;
    if (rc == 0)
        rc = read_and_decode(r, t, e);
    if (rc != 0 || in_order)
        return rc;
    if (!t->is_first && wait_for_begin(r, t) != 0)
        return 0;
    return consume(r, t, e);
}

/* Works on a chunk. The lock is held on entry and on return, and released in between. */
static void work_on(struct chunk_run *r, struct ticket *t)
{
    struct dq_error e;
    pthread_mutex_unlock(&r->lock);
    t->rc = process(r, t, &e);
    pthread_mutex_lock(&r->lock);
    if (t->rc != 0)
        record_failure(r, t, &e);
    if (!r->consumer->in_order || t->rc != 0)
        free_lane(r, t);
    t->is_done = true;
}

/* Ends an item; rc is the result of its last chunk. */
static int end_item(const struct chunk_run *r, const struct ticket *t, int rc, struct dq_error *e)
{
    return r->consumer->end
               ? r->consumer->end(r->consumer->arg, t->values.item, t->open->state, rc, e)
               : rc;
}

/* Consumes a chunk whose turn has come. */
static int consume_in_order(struct chunk_run *r, const struct ticket *t, struct dq_error *e)
{
    int rc = t->rc;
    if (rc == 0 && t->is_first)
        rc = begin(r, t, e);
    if (rc == 0)
        rc = consume(r, t, e);
    return rc != 0 || t->is_last ? end_item(r, t, rc, e) : rc;
}

/* Finishes a chunk whose turn has come; one thread at a time does that. If order does not matter, an
 * item that failed is ended by end_rest, because other threads may still be working on it. */
static int finish(struct chunk_run *r, const struct ticket *t, struct dq_error *e)
{
    if (r->consumer->in_order)
        return consume_in_order(r, t, e);
    return t->rc == 0 && t->is_last ? end_item(r, t, 0, e) : t->rc;
}

/* Retires the oldest chunk, which is done. The lock is held on entry and on return, and released in
 * between, because consumers can block. */
static void retire(struct chunk_run *r)
{
    struct ticket *t = &r->tickets[r->n_retired % N_TICKETS];
    struct dq_error e;
    if (t->rc != 0)
        e = r->failure; /* which is that of this chunk: it is the first one in order */
    r->is_retiring = true;
    pthread_mutex_unlock(&r->lock);
    const int rc = finish(r, t, &e);
    pthread_mutex_lock(&r->lock);
    r->is_retiring = false;
    if (t->values.lane)
        free_lane(r, t);
    else
        pthread_cond_signal(&r->changed); /* there is room for a chunk, or for an item */
    t->is_done = false;
    r->n_retired++;
    r->n_ended += t->is_last;
    if (rc != 0) {
        r->rc = dq_fail(r->e, rc, "%s", e.text);
        pthread_cond_broadcast(&r->changed);
    }
}

static void *work(void *arg);

/* Whether a chunk is so small that handing chunks from thread to thread costs more than decoding them
 * in parallel saves. */
static bool is_small(const struct ticket *t, const struct dq_lane *lane)
{
    const struct dq_plan *p = t->values.plan;
    const struct dq_type_info *type = p->tensor->type;
    const uint64_t nblocks = t->chunk.n_segments * t->chunk.seg_blocks;
    return 8 * nblocks * (type ? type->weights : 1) < dq_lane_weights(lane, type, p->dtype);
}

/* Starts another thread if there is work left that is worth one. If a thread cannot be started, the
 * run is only slower. */
static void add_thread(struct chunk_run *r, const struct ticket *t)
{
    if (r->all_taken || r->n_threads + 1 >= r->n_lanes || is_small(t, t->values.lane))
        return;
    if (pthread_create(&r->threads[r->n_threads], NULL, work, r) == 0)
        r->n_threads++;
}

/* Whether another chunk can be taken now. */
static bool may_take(const struct chunk_run *r)
{
    const size_t max_begun = r->consumer->max_begun;
    return r->n_free > 0 && r->n_taken - r->n_retired < N_TICKETS &&
           (max_begun == 0 || r->n_begun - r->n_ended < max_begun || !is_at_item(r));
}

/* Retires a chunk, works on one, or waits. Returns false when nothing is left for this thread: the
 * threads that still work on chunks retire those themselves. The lock is held. */
static bool step(struct chunk_run *r)
{
    if (r->rc != 0)
        return false;
    if (r->tickets[r->n_retired % N_TICKETS].is_done && !r->is_retiring) {
        retire(r);
    } else if (r->all_taken) {
        return false;
    } else if (!may_take(r)) {
        pthread_cond_wait(&r->changed, &r->lock);
    } else {
        struct ticket *t = take(r, r->free_lanes[--r->n_free]);
        if (r->all_taken)
            pthread_cond_broadcast(&r->changed);
        else if (may_take(r)) /* another thread may wait for the chunk that comes next now */
            pthread_cond_signal(&r->changed);
        add_thread(r, t);
        work_on(r, t);
    }
    return true;
}

static void *work(void *arg)
{
    struct chunk_run *r = arg;
    pthread_mutex_lock(&r->lock);
    while (step(r))
        ;
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* After a failure, if order does not matter: ends the items that were begun and not ended, starting
 * with that of the chunk that was retired last. */
static void end_rest(struct chunk_run *r)
{
    const struct ticket *last = &r->tickets[(r->n_retired - 1) % N_TICKETS];
    bool is_ended = last->rc == 0 && last->is_last;
    size_t item = last->values.item;
    for (uint64_t i = r->n_retired - 1; i < r->n_taken; i++) {
        const struct ticket *t = &r->tickets[i % N_TICKETS];
        if (t->values.item != item)
            is_ended = false;
        item = t->values.item;
        if (!is_ended)
            end_item(r, t, r->rc, r->e);
        is_ended = true;
    }
}

int dq_run_chunks(struct dq_lane *const *lanes, size_t n_lanes, size_t first, size_t n_items,
    const struct dq_consumer *consumer, struct dq_error *e)
{
    struct chunk_run r = {
        .consumer = consumer,
        .n_lanes = n_lanes,
        .n_items = n_items,
        .item = first,
        .failed = UINT64_MAX,
        .e = e,
    };
    if (!find_item(&r))
        return 0;
    r.tickets = dq_mem_calloc(N_TICKETS, sizeof *r.tickets);
    r.open_items = dq_mem_calloc(N_TICKETS, sizeof *r.open_items);
    if (!r.tickets || !r.open_items) {
        dq_mem_free(r.tickets);
        dq_mem_free(r.open_items);
        return dq_fail_nomem(e);
    }
    while (r.n_free < n_lanes) {
        r.free_lanes[r.n_free] = lanes[n_lanes - 1 - r.n_free];
        r.n_free++;
    }
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.changed, NULL);
    pthread_cond_init(&r.begun, NULL);
    work(&r);
    while (r.n_threads > 0) /* after the last chunk is taken, no thread starts another */
        pthread_join(r.threads[--r.n_threads], NULL);
    if (r.rc != 0 && !consumer->in_order)
        end_rest(&r);
    pthread_cond_destroy(&r.begun);
    pthread_cond_destroy(&r.changed);
    pthread_mutex_destroy(&r.lock);
    dq_mem_free(r.tickets);
    dq_mem_free(r.open_items);
    return r.rc;
}
