#include "reduce/stats_tensors.h"

#include "base/mem.h"

#include <math.h>
#include <pthread.h>

/* Weights and units that are reduced as one item of a run. Small units go together, because beginning and ending an item
 * takes longer than reducing some of them; but what is known of each needs memory. */
enum { MAX_WEIGHTS = 1 << 18, MAX_UNITS = 64, MAX_UNITS_CODES = 8 };

const unsigned dq_outlier_factors[DQ_OUTLIERS] = {3, 4, 6};

/* An array, and how it is divided. */
struct array {
    size_t i;
    const struct dq_tensor *tensor;
    struct dq_units units;
};

/* A group of units: an item of the run. */
struct group {
    struct array array;
    uint64_t number; /* in the array */
    uint64_t n_units;
    struct dq_plan plan;
};

struct stats_run {
    const struct dq_stats_job *job;
    struct array next; /* the array of the next group */
    uint64_t next_group;
    struct group groups[DQ_RUN_ITEMS_MAX]; /* a ring */
};

/* The results of a group. */
struct state {
    pthread_mutex_t lock;
    uint64_t *bins;              /* of the only unit; NULL: none */
    struct dq_code_stats *codes; /* of each unit; NULL: none */
    struct dq_unit_stats units[];
};

enum dq_unit dq_stats_unit(enum dq_unit unit, const struct dq_tensor *t)
{
    return unit == DQ_UNIT_BLOCK && t->type->weights == 1 ? DQ_UNIT_ROW : unit;
}

/* ---- groups ---- */

/* Goes on to the next array that is not left out; false if there is none. */
static bool find_array(const struct dq_stats_job *job, struct array *a)
{
    struct dq_range ranges[DQ_DIMS_MAX];
    for (; a->i < job->n_arrays; a->i++) {
        a->tensor = job->array(job->arg, a->i, ranges);
        if (!a->tensor)
            continue;
        dq_units_init(&a->units, ranges, dq_stats_unit(job->unit, a->tensor),
            a->tensor->type->weights,
            job->n_percentiles > 0 ? 1
            : job->codes           ? MAX_UNITS_CODES
                                   : MAX_UNITS,
            MAX_WEIGHTS);
        if (a->units.n_groups > 0)
            return true;
    }
    return false;
}

static size_t count_groups(const struct dq_stats_job *job)
{
    size_t n = 0;
    for (struct array a = {.i = 0}; find_array(job, &a); a.i++)
        n = a.units.n_groups < SIZE_MAX - n ? n + (size_t)a.units.n_groups : SIZE_MAX;
    return n;
}

static struct group *group_of(struct stats_run *r, size_t item)
{
    return &r->groups[item % DQ_RUN_ITEMS_MAX];
}

static const struct dq_plan *plan(void *arg, size_t item)
{
    struct stats_run *r = arg;
    struct group *g = group_of(r, item);
    struct dq_range ranges[DQ_DIMS_MAX];
    if (r->next_group == r->next.units.n_groups) {
        r->next.i += r->next_group > 0;
        r->next_group = 0;
        if (!find_array(r->job, &r->next))
            return NULL;
    }
    g->array = r->next;
    g->number = r->next_group++;
    g->n_units = dq_units_group(&g->array.units, g->number, ranges);
    dq_plan_init(&g->plan, r->job->model, g->array.tensor, DQ_DTYPE_f32, ranges);
    return &g->plan;
}

/* ---- the consumer ---- */

static void free_state(struct state *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    dq_mem_free(s->bins);
    dq_mem_free(s->codes);
    dq_mem_free(s);
}

static int begin(void *arg, size_t item, void **state, struct dq_error *e)
{
    struct stats_run *r = arg;
    const size_t n_units = (size_t)group_of(r, item)->n_units;
    struct state *s = dq_mem_calloc(1, sizeof *s + n_units * sizeof s->units[0]);
    if (!s)
        return dq_fail_nomem(e);
    pthread_mutex_init(&s->lock, NULL);
    *state = s;
    if (r->job->n_percentiles > 0 && !(s->bins = dq_mem_calloc(DQ_BINS, sizeof *s->bins)))
        return dq_fail_nomem(e);
    if (!r->job->codes || !dq_code_stats_apply(group_of(r, item)->array.tensor->type->type))
        return 0;
    s->codes = dq_mem_calloc(n_units, sizeof *s->codes);
    for (size_t i = 0; s->codes && i < n_units; i++)
        s->units[i].codes = &s->codes[i];
    return s->codes ? 0 : dq_fail_nomem(e);
}

/* Adds blocks of a chunk, which has whole ones. What is equal to the block before it, also in the file, counts. */
static int add_codes(const struct dq_values *v, size_t first, size_t n, struct dq_code_stats *codes,
    struct dq_error *e)
{
    const struct dq_plan *p = v->plan;
    const size_t in_segment = v->chunk->seg_blocks;
    int rc = 0;
    for (size_t i = first, end; rc == 0 && i < first + n; i = end) {
        const size_t segment = i / in_segment;
        const uint8_t *block = v->lane->in + i * p->block_len;
        const uint8_t *before = block - p->block_len;
        uint8_t read[DQ_BLOCK_BYTES_MAX];
        end = (segment + 1) * in_segment;
        end = end < first + n ? end : first + n;
        if (i % in_segment == 0) {
            const uint64_t offset = dq_plan_offset(p, v->chunk, segment);
            before = offset > 0 ? read : NULL;
            if (before)
                rc = dq_tensor_read(
                    p->model, p->tensor, offset - p->block_len, read, p->block_len, e);
        }
        if (rc == 0)
            dq_code_stats_add(codes, p->tensor->type->type, block, end - i, before);
    }
    return rc;
}

/* Some weights of a chunk that are in the same unit. */
struct piece {
    const struct dq_values *v;
    size_t first; /* in the chunk */
    size_t n;
    uint64_t in_unit; /* the number of the first one */
};

static void add_weights(
    const struct stats_run *r, const struct piece *p, struct dq_unit_stats *u, uint64_t *bins)
{
    const struct dq_cpu *cpu = p->v->lane->cpu;
    const uint8_t *weights = p->v->bytes + p->first * sizeof(float);
    dq_stats_add(&u->stats, cpu, weights, p->n, p->in_unit);
    if (r->job->fit)
        dq_fit_add(&u->fit, cpu, weights, p->n);
    if (bins)
        dq_bins_add(bins, weights, p->n);
}

/* A chunk that a lane has reduced is a piece. */
static void add_reduced(
    const struct stats_run *r, const struct piece *p, struct dq_unit_stats *u, uint64_t *bins)
{
    const struct dq_reduction *reduction = p->v->reduction;
    dq_stats_add_reduced(&u->stats, reduction, p->n, p->in_unit);
    if (r->job->fit)
        dq_fit_add_reduced(&u->fit, reduction);
    if (bins)
        dq_bins_add_reduced(bins, reduction->bins);
}

static int add_all(const struct stats_run *r, const struct piece *p, struct dq_unit_stats *u,
    uint64_t *bins, struct dq_error *e)
{
    const size_t n_block = p->v->plan->tensor->type->weights;
    (p->v->reduction ? add_reduced : add_weights)(r, p, u, bins);
    return u->codes ? add_codes(p->v, p->first / n_block, p->n / n_block, u->codes, e) : 0;
}

/* Adds a part of a unit, of which other threads may add others. */
static int add_part(const struct stats_run *r, const struct piece *p, struct state *s,
    struct dq_unit_stats *u, struct dq_error *e)
{
    struct dq_unit_stats part = {.stats = {0}};
    uint64_t *bins = s->bins ? dq_mem_calloc(DQ_BINS, sizeof *bins) : NULL;
    part.codes = u->codes ? dq_mem_calloc(1, sizeof *part.codes) : NULL;
    int rc = !bins == !s->bins && !part.codes == !u->codes ? 0 : dq_fail_nomem(e);
    if (rc == 0)
        rc = add_all(r, p, &part, bins, e);
    if (rc == 0) {
        pthread_mutex_lock(&s->lock);
        dq_stats_merge(&u->stats, &part.stats);
        dq_fit_merge(&u->fit, &part.fit);
        if (bins)
            dq_bins_merge(s->bins, bins, part.stats.octaves);
        if (part.codes)
            dq_code_stats_merge(u->codes, part.codes);
        pthread_mutex_unlock(&s->lock);
    }
    dq_mem_free(part.codes);
    dq_mem_free(bins);
    return rc;
}

/* Lanes reduce what belongs to one unit: to start for each of some small ones takes a GPU longer than to copy them. */
static unsigned wanted(void *arg, const struct dq_values *v)
{
    struct stats_run *r = arg;
    const uint64_t unit_len = group_of(r, v->item)->array.units.n_weights;
    const uint64_t first = v->chunk->first_item;
    if (first / unit_len != (first + v->chunk->n_items - 1) / unit_len)
        return 0;
    return 1u << DQ_REDUCE_stats | (unsigned)r->job->fit << DQ_REDUCE_fit |
           (unsigned)(r->job->n_percentiles > 0) << DQ_REDUCE_bins;
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct stats_run *r = arg;
    struct state *s = state;
    const uint64_t unit_len = group_of(r, v->item)->array.units.n_weights;
    struct piece p = {.v = v};
    int rc = 0;
    for (; rc == 0 && p.first < v->chunk->n_items; p.first += p.n) {
        const uint64_t first = v->chunk->first_item + p.first;
        struct dq_unit_stats *u = &s->units[first / unit_len];
        p.in_unit = first % unit_len;
        p.n = v->chunk->n_items - p.first;
        if (unit_len - p.in_unit < p.n)
            p.n = (size_t)(unit_len - p.in_unit);
        /* To a whole unit, nobody else adds. */
        rc = p.n == unit_len ? add_all(r, &p, u, s->bins, e) : add_part(r, &p, s, u, e);
    }
    if (rc == 0 && r->job->progress)
        r->job->progress(r->job->arg, v->len);
    return rc;
}

static void figure_bins(const struct dq_stats_job *job, struct dq_unit_stats *u,
    const uint64_t *counts, bool has_entropy)
{
    const struct dq_bins bins = {counts, u->stats.octaves};
    const uint64_t n = dq_stats_n_finite(&u->stats);
    struct dq_stats_figures f;
    dq_stats_figures(&u->stats, &f);
    for (size_t i = 0; i < job->n_percentiles; i++)
        u->bins.percentiles[i] = dq_bins_rank(&bins, dq_percentile_rank(job->percentiles[i], n));
    for (size_t i = 0; i < DQ_OUTLIERS; i++)
        u->bins.outliers[i] = dq_bins_beyond(&bins, dq_outlier_factors[i] * f.std);
    u->bins.entropy = has_entropy ? dq_bins_entropy(&bins) : (double)NAN;
}

/* The bins are not kept until the turn of the group comes. */
static int complete(void *arg, size_t item, void *state, struct dq_error *e)
{
    struct stats_run *r = arg;
    const struct group *g = group_of(r, item);
    struct state *s = state;
    (void)e;
    for (size_t i = 0; i < g->n_units; i++) {
        dq_units_one(&g->array.units, g->number, i, s->units[i].ranges);
        if (s->bins)
            figure_bins(r->job, &s->units[i], s->bins, g->array.tensor->type->type == DQ_TYPE_bf16);
    }
    dq_mem_free(s->bins);
    s->bins = NULL;
    return 0;
}

static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    struct stats_run *r = arg;
    const struct group *g = group_of(r, item);
    struct state *s = state;
    for (size_t i = 0; rc == 0 && i < g->n_units; i++)
        rc = r->job->end(r->job->arg, g->array.i, &s->units[i], e);
    free_state(s);
    return rc;
}

int dq_stats_tensors(struct dq_lane *const *lanes, size_t n_lanes, const struct dq_stats_job *job,
    struct dq_error *e)
{
    struct stats_run *r = dq_mem_calloc(1, sizeof *r);
    const struct dq_consumer consumer = {.plan = plan,
        .wanted = wanted,
        .begin = begin,
        .consume = consume,
        .complete = complete,
        .end = end,
        .arg = r};
    if (!r)
        return dq_fail_nomem(e);
    r->job = job;
    const int rc = dq_run_chunks(lanes, n_lanes, 0, count_groups(job), &consumer, e);
    dq_mem_free(r);
    return rc;
}
