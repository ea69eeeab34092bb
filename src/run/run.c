#include "run/run.h"

#include "base/mem.h"
#include "base/signals.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

/* Chunks that may be taken and not retired yet. More than there are lanes, so that one slow chunk
 * does not hold up a run whose consumer needs no order. */
enum { N_TICKETS = 2 * DQ_LANES_MAX };

/* A chunk on its way: taken by a thread, decoded (and consumed, where order does not matter), and
 * retired in the order in which it was taken. */
struct ticket {
    size_t item;
    const struct dq_plan *plan;
    struct dq_chunk chunk;
    bool is_first; /* of its item */
    bool is_last;
    bool is_done; /* ready to be retired */
    void *state;
    struct dq_lane *lane;
    uint8_t *values;
    uint64_t n_overflow;
    double read_seconds;
    double decode_seconds;
    int rc;
};

struct run {
    const struct dq_consumer *consumer;
    struct dq_lane *const *lanes;
    size_t n_lanes;
    size_t n_items;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    pthread_t threads[DQ_LANES_MAX];
    size_t n_threads;
    struct dq_lane *free_lanes[DQ_LANES_MAX];
    size_t n_free;
    struct ticket *tickets; /* a ring of N_TICKETS */
    uint64_t n_taken;
    uint64_t n_retired;
    bool is_retiring; /* a thread is, without the lock */

    /* Where the next chunk comes from. */
    size_t item;
    const struct dq_plan *plan; /* NULL: the item is not looked at yet */
    struct dq_plan_pos pos;
    void *taking_state;   /* not in order: of the item that chunks are taken from */
    void *retiring_state; /* in order: of the item that is being consumed */
    bool all_taken;

    uint64_t failed; /* the first ticket that failed; UINT64_MAX: none */
    struct dq_error failure;
    int rc; /* set when the run ends early, with the reason in *e */
    struct dq_error *e;
};

/* Brings the next item that is not left out in view; returns false after the last one. */
static bool find_item(struct run *r)
{
    for (; !r->plan && r->item < r->n_items; r->item++) {
        r->plan = r->consumer->plan(r->consumer->arg, r->item);
        r->pos = (struct dq_plan_pos){0};
        if (r->plan)
            break;
    }
    return r->plan != NULL;
}

static int begin_item(const struct run *r, size_t item, void **state, struct dq_error *e)
{
    *state = NULL;
    return r->consumer->begin ? r->consumer->begin(r->consumer->arg, item, state, e) : 0;
}

/* Remembers a failure if it is the first one in the order of the tickets. */
static void note_failure(struct run *r, const struct ticket *t, const struct dq_error *e)
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

/* Takes the next chunk, for a lane. An item without values has one chunk, which is empty. */
static struct ticket *take(struct run *r, struct dq_lane *lane)
{
    struct ticket *t = &r->tickets[r->n_taken % N_TICKETS];
    const struct dq_plan *p = r->plan;
    *t = (struct ticket){.item = r->item, .plan = p, .lane = lane};
    t->is_first = r->pos.segment == 0 && r->pos.item == 0;
    dq_plan_next(p, &r->pos, dq_lane_weights(lane, p->tensor->type, p->dtype), &t->chunk);
    t->is_last = dq_plan_done(p, &r->pos);
    r->n_taken++;
    if (t->is_first && !r->consumer->in_order) {
        struct dq_error e;
        t->rc = begin_item(r, t->item, &r->taking_state, &e);
        if (t->rc != 0)
            note_failure(r, t, &e);
    }
    t->state = r->taking_state;
    if (t->is_last) {
        r->plan = NULL;
        r->item++;
    }
    if (!find_item(r))
        r->all_taken = true;
    return t;
}

/* Rounds n floats to a 16-bit type in the place where they are. */
static uint64_t round_in_place(
    const struct dq_cpu *cpu, enum dq_dtype dtype, uint8_t *values, size_t n)
{
    uint16_t rounded[1024];
    const size_t most = sizeof rounded / sizeof rounded[0];
    const float *floats = (const float *)(const void *)values;
    uint64_t n_overflow = 0;
    for (size_t i = 0; i < n; i += most) {
        const size_t some = n - i < most ? n - i : most;
        n_overflow += dq_cpu_round(cpu, dtype, floats + i, rounded, some);
        memcpy(values + i * sizeof *rounded, rounded, some * sizeof *rounded);
    }
    return n_overflow;
}

/* Decodes all blocks of a chunk for a consumer that looks at the decoder. */
static int decode_blocks(struct ticket *t, struct dq_error *e)
{
    const struct dq_plan *p = t->plan;
    const size_t nblocks = t->chunk.n_segments * t->chunk.seg_blocks;
    const int rc = dq_lane_poison(t->lane, nblocks * p->block_items * p->item_len, e);
    return rc != 0 ? rc
                   : dq_lane_decode(t->lane, p->tensor->type->type, p->dtype, nblocks, &t->values,
                         &t->n_overflow, e);
}

/* Decodes a chunk and gathers the wanted values. Where a slice leaves weights of its blocks out,
 * 16-bit types are rounded after gathering, so that only overflows of wanted weights are counted. */
static int decode_wanted(struct ticket *t, struct dq_error *e)
{
    const struct dq_plan *p = t->plan;
    const struct dq_chunk *c = &t->chunk;
    const size_t nblocks = c->n_segments * c->seg_blocks;
    const enum dq_type type = p->tensor->type ? p->tensor->type->type : DQ_TYPE_COUNT;
    const bool is_16_bit = p->dtype == DQ_DTYPE_f16 || p->dtype == DQ_DTYPE_bf16;
    const bool round_later = is_16_bit && nblocks * p->block_items != c->n_items;
    const int rc = dq_lane_decode(t->lane, type, round_later ? DQ_DTYPE_f32 : p->dtype, nblocks,
        &t->values, &t->n_overflow, e);
    if (rc != 0)
        return rc;
    t->values = dq_plan_gather(p, c, t->values, round_later ? sizeof(float) : p->item_len);
    if (round_later)
        t->n_overflow = round_in_place(t->lane->cpu, p->dtype, t->values, c->n_items);
    return 0;
}

static int consume(const struct run *r, const struct ticket *t, void *state, struct dq_error *e)
{
    const struct dq_values v = {
        .item = t->item,
        .plan = t->plan,
        .chunk = &t->chunk,
        .lane = t->lane,
        .bytes = t->values,
        .len = t->chunk.n_items * t->plan->item_len,
        .offset = t->chunk.first_item * t->plan->item_len,
        .n_overflow = t->n_overflow,
        .read_seconds = t->read_seconds,
        .decode_seconds = t->decode_seconds,
    };
    return t->chunk.n_items > 0 ? r->consumer->consume(r->consumer->arg, state, &v, e) : 0;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int read_and_decode(const struct run *r, struct ticket *t, struct dq_error *e)
{
    int rc = dq_signals_check(e);
    if (rc != 0 || t->chunk.n_items == 0)
        return rc;
    const double start = now();
    rc = dq_plan_read(t->plan, &t->chunk, t->lane->in, e);
    if (rc != 0)
        return rc;
    const double have_blocks = now();
    rc = r->consumer->checks_decoder ? decode_blocks(t, e) : decode_wanted(t, e);
    t->read_seconds = have_blocks - start;
    t->decode_seconds = now() - have_blocks;
    return rc;
}

static void free_lane(struct run *r, struct ticket *t)
{
    r->free_lanes[r->n_free++] = t->lane;
    t->lane = NULL;
    pthread_cond_signal(&r->changed);
}

/* Reads, decodes and perhaps consumes a chunk. The lock is held, but not meanwhile. */
static void work_on(struct run *r, struct ticket *t)
{
    struct dq_error e;
    if (t->rc == 0) {
        pthread_mutex_unlock(&r->lock);
        t->rc = read_and_decode(r, t, &e);
        if (t->rc == 0 && !r->consumer->in_order)
            t->rc = consume(r, t, t->state, &e);
        pthread_mutex_lock(&r->lock);
        if (t->rc != 0)
            note_failure(r, t, &e);
    }
    if (!r->consumer->in_order || t->rc != 0)
        free_lane(r, t);
    t->is_done = true;
}

static int end_item(
    const struct run *r, const struct ticket *t, void *state, int rc, struct dq_error *e)
{
    return r->consumer->end ? r->consumer->end(r->consumer->arg, t->item, state, rc, e) : rc;
}

/* Consumes a chunk whose turn has come. The lock is not held. */
static int consume_in_order(struct run *r, const struct ticket *t, int rc, struct dq_error *e)
{
    if (t->is_first) {
        r->retiring_state = NULL;
        if (rc == 0)
            rc = begin_item(r, t->item, &r->retiring_state, e);
    }
    if (rc == 0)
        rc = consume(r, t, r->retiring_state, e);
    return rc != 0 || t->is_last ? end_item(r, t, r->retiring_state, rc, e) : rc;
}

/* What is done with a chunk when its turn has come. Without order, an item that failed is ended
 * later, because other threads may still be at it. */
static int finish(struct run *r, const struct ticket *t, struct dq_error *e)
{
    if (r->consumer->in_order)
        return consume_in_order(r, t, t->rc, e);
    return t->rc == 0 && t->is_last ? end_item(r, t, t->state, 0, e) : t->rc;
}

/* Retires the oldest chunk, which is done. The lock is held, but not meanwhile. */
static void retire(struct run *r)
{
    struct ticket *t = &r->tickets[r->n_retired % N_TICKETS];
    struct dq_error e = r->failure; /* if any: of this chunk, or of one that follows */
    r->is_retiring = true;
    pthread_mutex_unlock(&r->lock);
    const int rc = finish(r, t, &e);
    pthread_mutex_lock(&r->lock);
    r->is_retiring = false;
    if (t->lane)
        free_lane(r, t);
    t->is_done = false;
    r->n_retired++;
    pthread_cond_signal(&r->changed);
    if (rc != 0) {
        r->rc = dq_fail(r->e, rc, "%s", e.text);
        pthread_cond_broadcast(&r->changed);
    }
}

static void *work(void *arg);

/* Starts another thread while there is work for one: a small run needs none. Too few threads only
 * make a run slower. */
static void add_thread(struct run *r)
{
    if (r->all_taken || r->n_threads + 1 >= r->n_lanes)
        return;
    if (pthread_create(&r->threads[r->n_threads], NULL, work, r) == 0)
        r->n_threads++;
}

/* Retires a chunk, works on one, or waits; returns false when nothing is left for this thread: the
 * threads that still work on chunks retire them too. The lock is held. */
static bool step(struct run *r)
{
    if (r->rc != 0)
        return false;
    if (r->tickets[r->n_retired % N_TICKETS].is_done && !r->is_retiring) {
        retire(r);
    } else if (r->all_taken) {
        return false;
    } else if (r->n_free == 0 || r->n_taken - r->n_retired == N_TICKETS) {
        pthread_cond_wait(&r->changed, &r->lock);
    } else {
        struct ticket *t = take(r, r->free_lanes[--r->n_free]);
        if (r->all_taken)
            pthread_cond_broadcast(&r->changed);
        add_thread(r);
        work_on(r, t);
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

/* After an early end without order: ends the items that were begun and not ended, beginning with that
 * of the chunk that was retired last. */
static void end_rest(struct run *r)
{
    const struct ticket *last = &r->tickets[(r->n_retired - 1) % N_TICKETS];
    bool is_ended = last->rc == 0 && last->is_last;
    size_t item = last->item;
    for (uint64_t i = r->n_retired - 1; i < r->n_taken; i++) {
        const struct ticket *t = &r->tickets[i % N_TICKETS];
        if (t->item != item)
            is_ended = false;
        item = t->item;
        if (!is_ended)
            end_item(r, t, t->state, r->rc, r->e);
        is_ended = true;
    }
}

int dq_run_chunks(struct dq_lane *const *lanes, size_t n_lanes, size_t first, size_t n_items,
    const struct dq_consumer *consumer, struct dq_error *e)
{
    struct run r = {
        .consumer = consumer,
        .lanes = lanes,
        .n_lanes = n_lanes,
        .n_items = n_items,
        .item = first,
        .failed = UINT64_MAX,
        .e = e,
    };
    if (!find_item(&r))
        return 0;
    r.tickets = dq_mem_calloc(N_TICKETS, sizeof *r.tickets);
    if (!r.tickets)
        return dq_fail_nomem(e);
    while (r.n_free < n_lanes) {
        r.free_lanes[r.n_free] = lanes[n_lanes - 1 - r.n_free];
        r.n_free++;
    }
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.changed, NULL);
    work(&r);
    while (r.n_threads > 0) /* once all is taken, no thread starts another */
        pthread_join(r.threads[--r.n_threads], NULL);
    if (r.rc != 0 && !consumer->in_order)
        end_rest(&r);
    pthread_cond_destroy(&r.changed);
    pthread_mutex_destroy(&r.lock);
    dq_mem_free(r.tickets);
    return r.rc;
}
