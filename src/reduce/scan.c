#include "reduce/scan.h"

#include "base/mem.h"
#include "cpu/cpu.h"

#include <pthread.h>
#include <string.h>

static bool is_all_zero_bytes(const uint8_t *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* Whether all weights of a block are zero, of either sign. For F64 that is decided by the bits,
 * because small numbers become zero as f32. */
static bool is_zero(const struct dq_type_info *info, const uint8_t *block)
{
    float weights[DQ_BLOCK_WEIGHTS_MAX];
    if (is_all_zero_bytes(block, info->bytes))
        return true;
    if (info->type == DQ_TYPE_f64)
        return is_all_zero_bytes(block, info->bytes - 1) && block[info->bytes - 1] == 0x80;
    dq_cpu_levels[0]->decode[info->type](block, weights, 1, DQ_DTYPE_f32);
    for (uint32_t i = 0; i < info->weights; i++) {
        if (weights[i] != 0)
            return false;
    }
    return true;
}

/* Fast: for most tensors, the first block decides. */
static bool are_zero(const struct dq_type_info *info, const uint8_t *blocks, size_t nblocks)
{
    for (size_t i = 0; i < nblocks; i++) {
        if (!is_zero(info, blocks + i * info->bytes))
            return false;
    }
    return true;
}

struct scan_run {
    const struct dq_scan_job *job;
    pthread_mutex_t lock; /* protects the results */
};

static const struct dq_plan *plan(void *arg, size_t item)
{
    const struct scan_run *r = arg;
    const struct dq_plan *p = &r->job->plans[item];
    return p->tensor ? p : NULL;
}

static int begin(void *arg, size_t item, void **state, struct dq_error *e)
{
    const struct scan_run *r = arg;
    struct dq_scan *s = dq_mem_calloc(1, sizeof *s);
    if (!s)
        return dq_fail_nomem(e);
    s->all_zero = r->job->plans[item].n_items > 0;
    *state = s;
    return 0;
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct scan_run *r = arg;
    struct dq_scan *s = state;
    const struct dq_type_info *info = v->plan->tensor->type;
    const size_t nblocks = v->chunk->n_items;
    const uint64_t first_block = v->chunk->first_item;
    struct dq_nonfinite first;
    struct dq_zero_runs zeros = {0};
    const size_t n_bad = dq_find_nonfinite(info->type, v->bytes, nblocks, &first);
    bool has_memory = dq_zero_runs_add(&zeros, v->bytes, v->len, v->offset);
    pthread_mutex_lock(&r->lock);
    if (n_bad > 0 && (s->n_bad == 0 || first_block + first.block < s->first_block)) {
        s->first = first;
        s->first_block = first_block + first.block;
    }
    s->n_bad += n_bad;
    const bool maybe_zero = s->all_zero;
    has_memory = has_memory && dq_zero_runs_append(&s->zeros, &zeros);
    pthread_mutex_unlock(&r->lock);
    dq_zero_runs_finish(&zeros);
    if (!has_memory)
        return dq_fail_nomem(e);
    if (maybe_zero && !are_zero(info, v->bytes, nblocks)) {
        pthread_mutex_lock(&r->lock);
        s->all_zero = false;
        pthread_mutex_unlock(&r->lock);
    }
    if (r->job->progress)
        r->job->progress(r->job->arg, v->len);
    return 0;
}

static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    const struct scan_run *r = arg;
    struct dq_scan *s = state;
    if (rc == 0) {
        dq_zero_runs_join(&s->zeros);
        rc = r->job->end(r->job->arg, item, s, e);
    }
    if (s)
        dq_zero_runs_finish(&s->zeros);
    dq_mem_free(s);
    return rc;
}

int dq_scan_plans(
    struct dq_lane *const *lanes, size_t n_lanes, const struct dq_scan_job *job, struct dq_error *e)
{
    struct scan_run r = {.job = job};
    const struct dq_consumer consumer = {
        .plan = plan, .begin = begin, .consume = consume, .end = end, .arg = &r};
    pthread_mutex_init(&r.lock, NULL);
    const int rc = dq_run_chunks(lanes, n_lanes, 0, job->n_plans, &consumer, e);
    pthread_mutex_destroy(&r.lock);
    return rc;
}
