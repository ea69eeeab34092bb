#include "run/run.h"

#include "base/mem.h"
#include "base/signals.h"
#include "run/decode.h"

#include <pthread.h>

/* The maximum number of items that are begun and not ended, and of chunks in flight of a run in order. */
enum { N_OPEN = DQ_RUN_ITEMS_MAX - 1, N_TICKETS = N_OPEN };

#define NONE UINT64_MAX

/* An item that was opened and not ended. */
struct open_item {
    size_t item;
    const struct dq_plan *plan;
    struct dq_plan_pos pos; /* of its next chunk */
    bool is_exhausted;      /* all its chunks are taken */
    bool is_begun;          /* any thread may take its chunks */
    bool is_complete;       /* it can be ended */
    uint64_t n_taken;       /* chunks */
    uint64_t n_done;        /* chunks that are consumed, if order does not matter */
    void *state;
};

/* A chunk in flight. In a run in order, it is taken by a thread, decoded, and retired in the order in
 * which it was taken. */
struct ticket {
    struct dq_values values;
    struct dq_chunk chunk;
    uint64_t opened; /* the number of its item among those that were opened */
    uint64_t number; /* of the chunk in its item */
    bool is_last;
    bool is_done; /* ready to be retired */
    int rc;
};

struct chunk_run {
    const struct dq_consumer *consumer;
    size_t n_lanes;
    size_t n_items;
    pthread_mutex_t lock;   /* protects everything below */
    pthread_cond_t changed; /* a chunk can be taken or retired, an item ended, or the run ends */
    pthread_t threads[DQ_LANES_MAX];
    size_t n_threads;
    struct dq_lane *free_lanes[DQ_LANES_MAX];
    size_t n_free;

    /* The next item to open; the plan is NULL if none is left. */
    size_t item;
    const struct dq_plan *plan;

    struct open_item *open_items; /* a ring of N_OPEN */
    uint64_t n_opened;
    uint64_t n_ended;

    struct ticket *tickets; /* a ring of N_TICKETS, for a run in order */
    uint64_t n_taken;
    uint64_t n_retired;

    bool is_retiring; /* a thread retires a chunk or ends an item, without holding the lock */

    /* The first failure, in the order of the items and of their chunks; NONE: none so far. */
    uint64_t failed; /* the number of the item among those that were opened */
    uint64_t failed_chunk;
    int failed_rc;
    struct dq_error failure;

    int rc; /* set when the run ends early, with the reason in *e */
    struct dq_error *e;
};

/* Finds the next item that is not left out. */
static void find_item(struct chunk_run *r)
{
    for (r->plan = NULL; r->item < r->n_items; r->item++) {
        r->plan = r->consumer->plan(r->consumer->arg, r->item);
        if (r->plan)
            return;
    }
}

static struct open_item *opened(const struct chunk_run *r, uint64_t number)
{
    return &r->open_items[number % N_OPEN];
}

static uint64_t open_next(struct chunk_run *r)
{
    *opened(r, r->n_opened) = (struct open_item){.item = r->item, .plan = r->plan};
    r->item++;
    find_item(r);
    return r->n_opened++;
}

/* Records a failure if it is the first one. From now on only chunks of the items before it are taken,
 * so which failure is the first one does not depend on the threads. */
static void record_failure(
    struct chunk_run *r, uint64_t number, uint64_t chunk, int rc, const struct dq_error *e)
{
    if (number < r->failed || (number == r->failed && chunk < r->failed_chunk)) {
        r->failed = number;
        r->failed_chunk = chunk;
        r->failed_rc = rc;
        r->failure = *e;
    }
    pthread_cond_broadcast(&r->changed);
}

/* ---- taking chunks ---- */

static bool may_open(const struct chunk_run *r)
{
    return r->plan && r->failed == NONE && r->n_opened - r->n_ended < N_OPEN;
}

/* Whether this thread may take a chunk of an item: its own one, or one that is begun. */
static bool may_take_from(const struct chunk_run *r, uint64_t number, bool is_own)
{
    const struct open_item *o = opened(r, number);
    return number < r->failed && !o->is_exhausted &&
           (is_own || o->is_begun || r->consumer->in_order);
}

/* Chooses the item for the next chunk of a thread whose last one was of item `own`; NONE if there is
 * none at the moment. */
static uint64_t choose_item(struct chunk_run *r, uint64_t own)
{
    if (r->consumer->in_order && r->n_opened > 0)
        own = r->n_opened - 1;
    if (own != NONE && own >= r->n_ended && may_take_from(r, own, true))
        return own;
    if (may_open(r))
        return open_next(r);
    for (uint64_t i = r->n_ended; i < r->n_opened; i++) {
        if (may_take_from(r, i, false))
            return i;
    }
    return NONE;
}

/* Whether chunks are left that no thread has taken. */
static bool is_work_left(const struct chunk_run *r)
{
    bool any = r->plan && r->failed == NONE;
    for (uint64_t i = r->n_ended; !any && i < r->n_opened; i++)
        any = i < r->failed && !opened(r, i)->is_exhausted;
    return any;
}

/* Whether there is room for one more chunk in flight. */
static bool is_room_left(const struct chunk_run *r)
{
    return r->n_free > 0 && (!r->consumer->in_order || r->n_taken - r->n_retired < N_TICKETS);
}

/* Takes the next chunk of an open item and gives it a lane. An item without values has one chunk, which
 * is empty. */
static void take(struct chunk_run *r, uint64_t number, struct ticket *t)
{
    struct open_item *o = opened(r, number);
    struct dq_lane *lane = r->free_lanes[--r->n_free];
    *t = (struct ticket){
        .values = {.item = o->item, .plan = o->plan, .chunk = &t->chunk, .lane = lane},
        .opened = number,
        .number = o->n_taken++,
    };
    dq_plan_next(o->plan, &o->pos, dq_chunk_capacity(o->plan, lane), &t->chunk);
    t->is_last = dq_plan_done(o->plan, &o->pos);
    o->is_exhausted = t->is_last;
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

/* ---- the consumer ---- */

static int begin(const struct chunk_run *r, const struct ticket *t, struct dq_error *e)
{
    const struct dq_consumer *c = r->consumer;
    return c->begin ? c->begin(c->arg, t->values.item, &opened(r, t->opened)->state, e) : 0;
}

static int consume(const struct chunk_run *r, const struct ticket *t, struct dq_error *e)
{
    const struct dq_consumer *c = r->consumer;
    return t->chunk.n_items > 0 ? c->consume(c->arg, opened(r, t->opened)->state, &t->values, e)
                                : 0;
}

static int complete(const struct chunk_run *r, const struct ticket *t, struct dq_error *e)
{
    const struct dq_consumer *c = r->consumer;
    return c->complete ? c->complete(c->arg, t->values.item, opened(r, t->opened)->state, e) : 0;
}

/* Ends an item; rc is 0 if it is complete. */
static int end_item(
    const struct chunk_run *r, const struct open_item *o, int rc, struct dq_error *e)
{
    const struct dq_consumer *c = r->consumer;
    return c->end ? c->end(c->arg, o->item, o->state, rc, e) : rc;
}

static int read_and_decode(const struct chunk_run *r, struct ticket *t, struct dq_error *e)
{
    const struct dq_consumer *c = r->consumer;
    const int rc = dq_signals_check(e);
    if (rc != 0 || t->chunk.n_items == 0)
        return rc;
    if (c->wanted)
        t->values.wanted = c->wanted(c->arg, &t->values);
    return dq_chunk_decode(&t->values, c->checks_decoder, e);
}

static void fail_run(struct chunk_run *r, int rc, const struct dq_error *e)
{
    if (rc == 0)
        return;
    r->rc = dq_fail(r->e, rc, "%s", e->text);
    pthread_cond_broadcast(&r->changed);
}

/* ---- in order ---- */

/* Does everything for a chunk whose turn has come. */
static int finish(const struct chunk_run *r, const struct ticket *t, struct dq_error *e)
{
    int rc = t->rc;
    if (rc == 0 && t->number == 0)
        rc = begin(r, t, e);
    if (rc == 0)
        rc = consume(r, t, e);
    if (rc == 0 && t->is_last)
        rc = complete(r, t, e);
    return rc != 0 || t->is_last ? end_item(r, opened(r, t->opened), rc, e) : rc;
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
        pthread_cond_signal(&r->changed); /* there is room for a chunk */
    t->is_done = false;
    r->n_retired++;
    r->n_ended += t->is_last;
    fail_run(r, rc, &e);
}

/* Decodes a chunk. The lock is held on entry and on return, and released in between. */
static void decode_in_order(struct chunk_run *r, struct ticket *t)
{
    struct dq_error e;
    pthread_mutex_unlock(&r->lock);
    t->rc = read_and_decode(r, t, &e);
    pthread_mutex_lock(&r->lock);
    if (t->rc != 0) {
        record_failure(r, t->opened, t->number, t->rc, &e);
        free_lane(r, t);
    }
    t->is_done = true;
}

/* ---- items side by side ---- */

/* Begins the item of a first chunk, so that other threads can help with it. The lock is not held. */
static int begin_now(struct chunk_run *r, const struct ticket *t, struct dq_error *e)
{
    const int rc = begin(r, t, e);
    pthread_mutex_lock(&r->lock);
    opened(r, t->opened)->is_begun = rc == 0;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return rc;
}

/* Completes an item whose last chunk was consumed. The lock is held on entry and on return, and released
 * in between. */
static void complete_now(struct chunk_run *r, const struct ticket *t)
{
    struct dq_error e;
    struct open_item *o = opened(r, t->opened);
    if (r->consumer->complete) {
        pthread_mutex_unlock(&r->lock);
        const int rc = complete(r, t, &e);
        pthread_mutex_lock(&r->lock);
        if (rc != 0) {
            record_failure(r, t->opened, o->n_taken, rc, &e);
            return;
        }
    }
    o->is_complete = true;
}

/* Does everything for a chunk. The lock is held on entry and on return, and released in between. */
static void process(struct chunk_run *r, struct ticket *t)
{
    struct dq_error e;
    struct open_item *o = opened(r, t->opened);
    pthread_mutex_unlock(&r->lock);
    int rc = t->number == 0 ? begin_now(r, t, &e) : 0;
    if (rc == 0)
        rc = read_and_decode(r, t, &e);
    if (rc == 0)
        rc = consume(r, t, &e);
    pthread_mutex_lock(&r->lock);
    free_lane(r, t);
    if (rc != 0)
        record_failure(r, t->opened, t->number, rc, &e);
    else if (++o->n_done == o->n_taken && o->is_exhausted)
        complete_now(r, t);
}

/* Ends the oldest item, which is complete. The lock is held on entry and on return, and released in
 * between. */
static void end_oldest(struct chunk_run *r)
{
    struct dq_error e;
    r->is_retiring = true;
    pthread_mutex_unlock(&r->lock);
    const int rc = end_item(r, opened(r, r->n_ended), 0, &e);
    pthread_mutex_lock(&r->lock);
    r->is_retiring = false;
    r->n_ended++;
    pthread_cond_signal(&r->changed); /* there is room for an item */
    fail_run(r, rc, &e);
}

/* After a failure: ends the items that were opened and not ended, starting with the one that failed. */
static void end_rest(struct chunk_run *r)
{
    if (r->rc == 0)
        r->rc = dq_fail(r->e, r->failed_rc, "%s", r->failure.text);
    while (r->n_ended < r->n_opened)
        end_item(r, opened(r, r->n_ended++), r->rc, r->e);
}

/* ---- threads ---- */

static void *work(void *arg);

/* Whether a chunk is so small that handing chunks from thread to thread costs more than decoding them
 * in parallel saves. */
static bool is_small(const struct ticket *t, const struct dq_lane *lane)
{
    const struct dq_plan *p = t->values.plan;
    const uint64_t nblocks = t->chunk.n_segments * t->chunk.seg_blocks;
    const uint64_t n_weights =
        p->gather ? t->chunk.n_items : nblocks * (p->tensor->type ? p->tensor->type->weights : 1);
    return 8 * n_weights < dq_chunk_capacity(p, lane);
}

/* Starts another thread if there is work left that is worth one. If a thread cannot be started, the
 * run is only slower. */
static void add_thread(struct chunk_run *r, const struct ticket *t)
{
    if (r->n_threads + 1 >= r->n_lanes || is_small(t, t->values.lane) || !is_work_left(r))
        return;
    if (pthread_create(&r->threads[r->n_threads], NULL, work, r) == 0)
        r->n_threads++;
}

static void work_on_next(struct chunk_run *r, uint64_t number)
{
    struct ticket own = {0};
    const bool in_order = r->consumer->in_order;
    struct ticket *t = in_order ? &r->tickets[r->n_taken++ % N_TICKETS] : &own;
    take(r, number, t);
    if (!is_work_left(r))
        pthread_cond_broadcast(&r->changed);
    else if (is_room_left(r)) /* another thread may wait for the chunk that comes next now */
        pthread_cond_signal(&r->changed);
    add_thread(r, t);
    if (in_order)
        decode_in_order(r, t);
    else
        process(r, t);
}

/* Retires a chunk or ends an item, works on a chunk, or waits. Returns false when nothing is left for
 * this thread: the threads that still work on chunks retire those themselves. *own is the item of the
 * thread's last chunk. The lock is held. */
static bool step(struct chunk_run *r, uint64_t *own)
{
    if (r->rc != 0)
        return false;
    if (!r->is_retiring && r->consumer->in_order && r->tickets[r->n_retired % N_TICKETS].is_done) {
        retire(r);
    } else if (!r->is_retiring && r->n_ended < r->n_opened && opened(r, r->n_ended)->is_complete) {
        end_oldest(r);
    } else if (!is_work_left(r)) {
        return false;
    } else {
        const uint64_t number = is_room_left(r) ? choose_item(r, *own) : NONE;
        if (number == NONE) {
            pthread_cond_wait(&r->changed, &r->lock);
        } else {
            *own = number;
            work_on_next(r, number);
        }
    }
    return true;
}

static void *work(void *arg)
{
    struct chunk_run *r = arg;
    uint64_t own = NONE;
    pthread_mutex_lock(&r->lock);
    while (step(r, &own))
        ;
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

int dq_run_chunks(struct dq_lane *const *lanes, size_t n_lanes, size_t first, size_t n_items,
    const struct dq_consumer *consumer, struct dq_error *e)
{
    struct chunk_run r = {
        .consumer = consumer,
        .n_lanes = n_lanes,
        .n_items = n_items,
        .item = first,
        .failed = NONE,
        .e = e,
    };
    find_item(&r);
    if (!r.plan)
        return 0;
    r.tickets = dq_mem_calloc(consumer->in_order ? N_TICKETS : 1, sizeof *r.tickets);
    r.open_items = dq_mem_calloc(N_OPEN, sizeof *r.open_items);
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
    work(&r);
    while (r.n_threads > 0) /* once no chunk is left to take, no thread starts another */
        pthread_join(r.threads[--r.n_threads], NULL);
    if (!consumer->in_order && (r.rc != 0 || r.failed != NONE))
        end_rest(&r);
    pthread_cond_destroy(&r.changed);
    pthread_mutex_destroy(&r.lock);
    dq_mem_free(r.tickets);
    dq_mem_free(r.open_items);
    return r.rc;
}
