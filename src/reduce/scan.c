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

/* A tensor that is being scanned. */
struct tensor_scan {
    struct dq_scan result;
    bool has_weights;
    bool has_nonzero;
};

static const struct dq_plan *plan(void *arg, size_t item)
{
    const struct scan_run *r = arg;
    return r->job->plan(r->job->arg, item);
}

static int begin(void *arg, size_t item, void **state, struct dq_error *e)
{
    (void)arg;
    (void)item;
    *state = dq_mem_calloc(1, sizeof(struct tensor_scan));
    return *state ? 0 : dq_fail_nomem(e);
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    struct scan_run *r = arg;
    struct tensor_scan *t = state;
    struct dq_scan *s = &t->result;
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
    t->has_weights = true;
    const bool maybe_zero = !t->has_nonzero;
    has_memory = has_memory && dq_zero_runs_append(&s->zeros, &zeros);
    pthread_mutex_unlock(&r->lock);
    dq_zero_runs_finish(&zeros);
    if (!has_memory)
        return dq_fail_nomem(e);
    if (maybe_zero && !are_zero(info, v->bytes, nblocks)) {
        pthread_mutex_lock(&r->lock);
        t->has_nonzero = true;
        pthread_mutex_unlock(&r->lock);
    }
    if (r->job->progress)
        r->job->progress(r->job->arg, v->len);
    return 0;
}

static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    const struct scan_run *r = arg;
    struct tensor_scan *t = state;
    if (rc == 0) {
        t->result.all_zero = t->has_weights && !t->has_nonzero;
        dq_zero_runs_join(&t->result.zeros);
        rc = r->job->end(r->job->arg, item, &t->result, e);
    }
    if (t)
        dq_zero_runs_finish(&t->result.zeros);
    dq_mem_free(t);
    return rc;
}

int dq_scan_tensors(
    struct dq_lane *const *lanes, size_t n_lanes, const struct dq_scan_job *job, struct dq_error *e)
{
    struct scan_run r = {.job = job};
    const struct dq_consumer consumer = {
        .plan = plan, .begin = begin, .consume = consume, .end = end, .arg = &r};
    pthread_mutex_init(&r.lock, NULL);
    const int rc = dq_run_chunks(lanes, n_lanes, 0, job->n_tensors, &consumer, e);
    pthread_mutex_destroy(&r.lock);
    return rc;
}
