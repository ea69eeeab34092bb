#include "reduce/stats_tensors.h"

#include "base/mem.h"

#include <math.h>
#include <pthread.h>

/* Weights and units that are reduced as one item of a run. Small units go together, because beginning and ending an item
 * takes longer than reducing some of them; but what is known of each needs memory. */
enum { MAX_WEIGHTS = 1 << 18, MAX_UNITS = 64 };

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
    uint64_t *bins; /* of the only unit; NULL: none */
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
            a->tensor->type->weights, job->n_percentiles > 0 ? 1 : MAX_UNITS, MAX_WEIGHTS);
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
    if (r->job->n_percentiles > 0)
        s->bins = dq_mem_calloc(DQ_BINS, sizeof *s->bins);
    return s->bins || r->job->n_percentiles == 0 ? 0 : dq_fail_nomem(e);
}

static void add_all(const struct stats_run *r, struct dq_unit_stats *u, uint64_t *bins,
    const struct dq_cpu *cpu, const void *weights, size_t n, uint64_t first)
{
    dq_stats_add(&u->stats, cpu, weights, n, first);
    if (r->job->fit)
        dq_fit_add(&u->fit, cpu, weights, n);
    if (bins)
        dq_bins_add(bins, weights, n);
}

/* Adds a part of a unit, of which other threads may add others. */
static int add_part(const struct stats_run *r, struct state *s, struct dq_unit_stats *u,
    const struct dq_cpu *cpu, const void *weights, size_t n, uint64_t first, struct dq_error *e)
{
    struct dq_unit_stats part = {.stats = {0}};
    uint64_t *bins = s->bins ? dq_mem_calloc(DQ_BINS, sizeof *bins) : NULL;
    if (s->bins && !bins)
        return dq_fail_nomem(e);
    add_all(r, &part, bins, cpu, weights, n, first);
    pthread_mutex_lock(&s->lock);
    dq_stats_merge(&u->stats, &part.stats);
    dq_fit_merge(&u->fit, &part.fit);
    if (bins)
        dq_bins_merge(s->bins, bins, part.stats.octaves);
    pthread_mutex_unlock(&s->lock);
    dq_mem_free(bins);
    return 0;
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct stats_run *r = arg;
    struct state *s = state;
    const uint64_t unit_len = group_of(r, v->item)->array.units.n_weights;
    const struct dq_cpu *cpu = v->lane->cpu;
    size_t n;
    int rc = 0;
    for (size_t done = 0; rc == 0 && done < v->chunk->n_items; done += n) {
        const uint64_t first = v->chunk->first_item + done;
        const uint64_t in_unit = first % unit_len;
        const uint64_t left = unit_len - in_unit;
        const uint8_t *weights = v->bytes + done * sizeof(float);
        struct dq_unit_stats *u = &s->units[first / unit_len];
        n = v->chunk->n_items - done;
        n = n < left ? n : (size_t)left;
        if (n == unit_len) /* nobody else adds to it */
            add_all(r, u, s->bins, cpu, weights, n, 0);
        else
            rc = add_part(r, s, u, cpu, weights, n, in_unit, e);
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
