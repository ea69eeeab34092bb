#include "reduce/difference_tensors.h"

#include "base/array.h"
#include "base/mem.h"
#include "run/beside.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

/* Small buffers, whatever the size of the lanes, so that weights are compared while they are in the cache. */
enum {
    REFERENCE_IN = 128 << 10,
    REFERENCE_OUT = DQ_DIFFERENCE_LEN - REFERENCE_IN,
};

struct difference_run {
    const struct dq_difference_job *job;
    struct dq_lane *const *lanes;
    struct dq_lane *references[DQ_LANES_MAX]; /* one for each lane */
};

/* What is known of whole rows. */
struct rows {
    double worst_nmse; /* 0: none differs */
    uint64_t worst;
    uint64_t n;       /* rows */
    uint64_t n_moved; /* of these, those that do not have the same weights on both sides */
    uint64_t
        mixed[2]; /* of the reference and of the model: equal for the same rows in another order */
};

/* A row of which a chunk has some weights, but not all. */
struct part_of_row {
    uint64_t number;
    struct dq_difference difference;
};

/* What some weights of a unit are reduced to. */
struct reduction {
    struct dq_difference sums;
    struct dq_difference row; /* the one that the next weight is in; not in the sums yet */
    struct rows rows;
    uint64_t octaves[DQ_OCTAVES]; /* distances by biased exponent */
    uint64_t *bins;               /* NULL: none */
};

/* The results of a pair. */
struct state {
    pthread_mutex_t lock; /* protects them, unless units are compared in order */
    struct reduction all; /* of the only unit, or of the one that the next chunk goes on with */
    uint64_t n_units;     /* that have ended */
    struct part_of_row *parts;
    size_t n_parts;
    struct dq_unit_difference result; /* of the only unit, once it is complete */
};

/* Weights that a thread reduces. */
struct chunk_part {
    const struct dq_difference_job *job;
    const struct dq_plan_pair *plans;
    size_t pair;
    const struct dq_cpu *cpu;
    struct state *state;
    struct reduction *to;        /* that of the state if units are compared in order */
    struct part_of_row parts[2]; /* at the beginning and at the end of the chunk */
    size_t n_parts;
    int rc;
    struct dq_error *e;
};

/* ---- rows ---- */

static void keep_worst(struct rows *r, double nmse, uint64_t number)
{
    if (nmse > r->worst_nmse || (nmse > 0 && nmse == r->worst_nmse && number < r->worst)) {
        r->worst_nmse = nmse;
        r->worst = number;
    }
}

/* Mixes what does not depend on the order of the weights of a row, so that the sum over rows tells them apart. */
static uint64_t mix(const struct dq_side *s)
{
    uint64_t x = s->bits[0] ^ s->bits[1] * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void add_row(struct rows *r, const struct dq_difference *row, uint64_t number)
{
    const uint64_t mixed[2] = {mix(&row->reference), mix(&row->model)};
    r->n++;
    r->n_moved += mixed[0] != mixed[1];
    r->mixed[0] += mixed[0];
    r->mixed[1] += mixed[1];
    if (row->n_equal_bits < row->n_weights)
        keep_worst(r, dq_difference_nmse(row), number);
}

static void merge_rows(struct rows *r, const struct rows *other)
{
    keep_worst(r, other->worst_nmse, other->worst);
    r->n += other->n;
    r->n_moved += other->n_moved;
    r->mixed[0] += other->mixed[0];
    r->mixed[1] += other->mixed[1];
}

/* Adds a part of a row to those that other threads have found, until all are there. The lock is held. */
static int add_part_of_row(
    struct state *s, const struct part_of_row *part, uint64_t row_len, struct dq_error *e)
{
    size_t i = 0;
    while (i < s->n_parts && s->parts[i].number != part->number)
        i++;
    if (i == s->n_parts) {
        struct part_of_row *parts = dq_array_grow(s->parts, s->n_parts, sizeof *parts);
        if (!parts)
            return dq_fail_nomem(e);
        s->parts = parts;
        s->parts[s->n_parts++] = *part;
    } else {
        dq_difference_merge(&s->parts[i].difference, &part->difference);
    }
    if (s->parts[i].difference.n_weights == row_len) {
        add_row(&s->all.rows, &s->parts[i].difference, part->number);
        s->parts[i] = s->parts[--s->n_parts];
    }
    return 0;
}

/* Ends the row that was added to: all of it was there, or a part. */
static void end_row(struct chunk_part *p, uint64_t number)
{
    struct reduction *to = p->to;
    if (to->row.n_weights == p->plans->row_len)
        add_row(&to->rows, &to->row, number);
    else
        p->parts[p->n_parts++] = (struct part_of_row){number, to->row};
    dq_difference_merge(&to->sums, &to->row);
    to->row = (struct dq_difference){.n_weights = 0};
}

/* ---- distances ---- */

static void add_distances(struct reduction *to, const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float x;
        float y;
        uint32_t bits;
        memcpy(&x, a + i * sizeof x, sizeof x);
        memcpy(&y, b + i * sizeof y, sizeof y);
        const float distance = fabsf(y - x);
        memcpy(&bits, &distance, sizeof bits);
        if (!isfinite(x) || !isfinite(y))
            continue;
        to->octaves[bits >> 23]++;
        to->bins[bits >> 16]++;
    }
}

/* A rank beyond all that are finite is that of a distance which overflows. */
static float percentile(const struct reduction *r, uint32_t percentile)
{
    const struct dq_bins bins = {r->bins, r->octaves};
    const uint64_t n = dq_difference_n_finite(&r->sums);
    const float p = dq_bins_rank(&bins, dq_percentile_rank(percentile, n));
    return isnan(p) && n > 0 ? INFINITY : p;
}

/* ---- units ---- */

static void conclude(
    const struct dq_difference_job *job, const struct reduction *r, struct dq_unit_difference *out)
{
    *out = (struct dq_unit_difference){.difference = r->sums,
        .pattern = dq_difference_pattern(&r->sums),
        .worst_nmse = r->rows.worst_nmse > 0 ? r->rows.worst_nmse : (double)NAN,
        .worst_row = r->rows.worst};
    if (out->pattern == DQ_DIFFERENCE_REORDERED && r->rows.n > 0 &&
        r->rows.mixed[0] == r->rows.mixed[1])
        out->pattern = r->rows.n_moved > 0 ? DQ_DIFFERENCE_ROWS : DQ_DIFFERENCE_IN_ROWS;
    for (size_t i = 0; i < job->n_percentiles; i++)
        out->percentiles[i] = percentile(r, job->percentiles[i]);
}

/* Makes it empty, in no more time than filling it took. */
static void clear(struct reduction *r)
{
    enum { OCTAVE_BINS = 128 };
    uint64_t *bins = r->bins;
    for (size_t i = 0; bins && i < DQ_OCTAVES; i++) {
        if (r->octaves[i] > 0)
            memset(bins + i * OCTAVE_BINS, 0, OCTAVE_BINS * sizeof *bins);
    }
    *r = (struct reduction){.bins = bins};
}

static int end_unit(struct chunk_part *p)
{
    struct dq_unit_difference u;
    conclude(p->job, p->to, &u);
    u.number = p->state->n_units++;
    clear(p->to);
    return p->job->end(p->job->arg, p->pair, &u, p->e);
}

/* ---- chunks ---- */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void take(void *arg, const struct dq_pairs *pairs)
{
    struct chunk_part *p = arg;
    struct reduction *to = p->to;
    const uint64_t row_len = p->plans->row_len;
    const uint64_t piece_len = row_len > 0 ? row_len : p->plans->unit_len;
    size_t n;
    for (size_t done = 0; p->rc == 0 && done < pairs->n; done += n) {
        const uint64_t first = pairs->first + done;
        const uint8_t *a = pairs->beside + done * sizeof(float);
        const uint8_t *b = pairs->chunk + done * sizeof(float);
        n = (size_t)least(pairs->n - done, piece_len - first % piece_len);
        dq_difference_add(row_len > 0 ? &to->row : &to->sums, p->cpu, a, b, n, first);
        if (to->bins)
            add_distances(to, a, b, n);
        if (row_len > 0 && (first + n) % row_len == 0)
            end_row(p, first / row_len);
        if (p->job->by_units && (first + n) % p->plans->unit_len == 0)
            p->rc = end_unit(p);
    }
}

/* Adds what a chunk was reduced to. */
static int merge(struct chunk_part *p)
{
    struct state *s = p->state;
    const struct reduction *part = p->to;
    int rc = 0;
    pthread_mutex_lock(&s->lock);
    dq_difference_merge(&s->all.sums, &part->sums);
    merge_rows(&s->all.rows, &part->rows);
    if (part->bins)
        dq_bins_merge(s->all.bins, part->bins, part->octaves);
    for (size_t i = 0; i < DQ_OCTAVES; i++)
        s->all.octaves[i] += part->octaves[i];
    for (size_t i = 0; rc == 0 && i < p->n_parts; i++)
        rc = add_part_of_row(s, &p->parts[i], p->plans->row_len, p->e);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static int reduce_part(
    struct difference_run *r, struct chunk_part *p, const struct dq_values *v, struct dq_error *e)
{
    size_t lane = 0;
    while (r->lanes[lane] != v->lane)
        lane++;
    const int rc = dq_run_beside(v, &p->plans->reference, r->references[lane], take, p, e);
    return rc == 0 ? p->rc : rc;
}

/* In order, what a chunk is reduced to is what the next one goes on with. */
static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct difference_run *r = arg;
    struct state *s = state;
    const bool in_order = r->job->by_units;
    struct reduction part = {.bins = NULL};
    struct chunk_part p = {.job = r->job,
        .plans = (const struct dq_plan_pair *)v->plan, /* its first member */
        .pair = v->item,
        .cpu = v->lane->cpu,
        .state = s,
        .to = in_order ? &s->all : &part,
        .e = e};
    if (!in_order && s->all.bins && !(part.bins = dq_mem_calloc(DQ_BINS, sizeof *part.bins)))
        return dq_fail_nomem(e);
    int rc = reduce_part(r, &p, v, e);
    if (rc == 0 && !in_order && part.row.n_weights > 0)
        end_row(&p, (v->chunk->first_item + v->chunk->n_items - 1) / p.plans->row_len);
    if (rc == 0 && !in_order)
        rc = merge(&p);
    dq_mem_free(part.bins);
    if (rc == 0)
        r->job->progress(r->job->arg, v->len);
    return rc;
}

/* ---- pairs ---- */

static const struct dq_plan *plan(void *arg, size_t item)
{
    const struct difference_run *r = arg;
    return &r->job->plan(r->job->arg, item)->model;
}

static void free_state(struct state *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    dq_mem_free(s->all.bins);
    dq_mem_free(s->parts);
    dq_mem_free(s);
}

static int begin(void *arg, size_t item, void **state, struct dq_error *e)
{
    const struct difference_run *r = arg;
    struct state *s = dq_mem_calloc(1, sizeof *s);
    (void)item;
    if (!s)
        return dq_fail_nomem(e);
    pthread_mutex_init(&s->lock, NULL);
    *state = s;
    if (r->job->n_percentiles > 0 && !(s->all.bins = dq_mem_calloc(DQ_BINS, sizeof *s->all.bins)))
        return dq_fail_nomem(e);
    return 0;
}

/* The bins are not kept until the turn of the pair comes. */
static int complete(void *arg, size_t item, void *state, struct dq_error *e)
{
    const struct difference_run *r = arg;
    struct state *s = state;
    (void)item;
    (void)e;
    conclude(r->job, &s->all, &s->result);
    dq_mem_free(s->all.bins);
    s->all.bins = NULL;
    return 0;
}

static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    const struct difference_run *r = arg;
    struct state *s = state;
    if (rc == 0 && !r->job->by_units)
        rc = r->job->end(r->job->arg, item, &s->result, e);
    free_state(s);
    return rc;
}

int dq_difference_tensors(struct dq_lane *const *lanes, size_t n_lanes,
    const struct dq_difference_job *job, struct dq_error *e)
{
    struct difference_run r = {.job = job, .lanes = lanes};
    const struct dq_consumer consumer = {.in_order = job->by_units,
        .plan = plan,
        .begin = begin,
        .consume = consume,
        .complete = complete,
        .end = end,
        .arg = &r};
    size_t n = 0;
    int rc = 0;
    for (; rc == 0 && n < n_lanes; n++)
        rc = dq_lane_new_cpu(lanes[n]->cpu, REFERENCE_IN, REFERENCE_OUT, &r.references[n], e);
    if (rc == 0)
        rc = dq_run_chunks(lanes, n_lanes, 0, job->n_pairs, &consumer, e);
    while (n > 0) /* the last one may be NULL */
        dq_lane_free(r.references[--n]);
    return rc;
}
