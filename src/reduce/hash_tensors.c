#include "reduce/hash_tensors.h"

#include "base/mem.h"
#include "gguf/gguf.h"

#include <stdlib.h>
#include <string.h>

/* ---- tensors ---- */

struct hash_run {
    const struct dq_hash_job *job;
    const struct dq_cpu *cpu;               /* for what is left at the end */
    struct dq_plan plans[DQ_RUN_ITEMS_MAX]; /* a ring */
    size_t n_planned;
};

/* A tensor that is being hashed. */
struct tensor_hash {
    void *hash;
    uint8_t digest[DQ_HASH_LEN];
};

static void free_hash(const struct dq_hash_job *job, struct tensor_hash *t)
{
    if (t)
        job->algorithm->free(t->hash);
    dq_mem_free(t);
}

/* What is stored as dtype is not decoded, as extract does it: decoding makes all NaNs one. */
static void plan_tensor(
    const struct dq_hash_job *job, const struct dq_tensor *t, struct dq_plan *out)
{
    dq_plan_init(out, job->model, t,
        t->type && dq_dtype_is_stored(t->type, job->dtype) ? DQ_DTYPE_native : job->dtype, NULL);
}

static const struct dq_plan *plan(void *arg, size_t item)
{
    struct hash_run *r = arg;
    const struct dq_hash_job *job = r->job;
    const struct dq_tensor *t = job->tensor(job->arg, item);
    if (!t)
        return NULL;
    struct dq_plan *p = &r->plans[r->n_planned++ % DQ_RUN_ITEMS_MAX];
    plan_tensor(job, t, p);
    return p;
}

static int begin(void *arg, size_t item, void **state, struct dq_error *e)
{
    const struct hash_run *r = arg;
    const struct dq_hash_job *job = r->job;
    struct tensor_hash *t = dq_mem_calloc(1, sizeof *t);
    struct dq_plan p;
    plan_tensor(job, job->tensor(job->arg, item), &p);
    if (t)
        t->hash = job->algorithm->start(p.n_items * p.item_len);
    if (!t || !t->hash) {
        free_hash(job, t);
        return dq_fail_nomem(e);
    }
    *state = t;
    return 0;
}

/* Lanes hash whole leaves, if there are others: the only one is the root. */
static unsigned wanted(void *arg, const struct dq_values *v)
{
    const struct hash_run *r = arg;
    const bool are_whole =
        v->chunk->first_item % DQ_LEAF_WEIGHTS == 0 && v->chunk->n_items % DQ_LEAF_WEIGHTS == 0;
    return r->job->algorithm->add_leaves && are_whole && v->plan->n_items > DQ_LEAF_WEIGHTS
               ? 1u << DQ_REDUCE_leaves
               : 0;
}

static int consume(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    const struct hash_run *r = arg;
    const struct dq_hash_job *job = r->job;
    struct tensor_hash *t = state;
    const int rc = v->reduction
                       ? job->algorithm->add_leaves(t->hash, v->lane->cpu, v->reduction->leaves,
                             v->len / DQ_BLAKE3_CHUNK, v->reduction->first_leaf, e)
                       : job->algorithm->add(t->hash, v->lane->cpu, v->bytes, v->len, v->offset, e);
    if (rc == 0 && job->progress)
        job->progress(job->arg, v->len);
    return rc;
}

static int complete(void *arg, size_t item, void *state, struct dq_error *e)
{
    const struct hash_run *r = arg;
    struct tensor_hash *t = state;
    (void)item;
    (void)e;
    r->job->algorithm->finish(t->hash, r->cpu, t->digest);
    return 0;
}

static int end(void *arg, size_t item, void *state, int rc, struct dq_error *e)
{
    const struct hash_run *r = arg;
    struct tensor_hash *t = state;
    if (rc == 0)
        rc = r->job->end(r->job->arg, item, t->digest, e);
    free_hash(r->job, t);
    return rc;
}

int dq_hash_tensors(
    struct dq_lane *const *lanes, size_t n_lanes, const struct dq_hash_job *job, struct dq_error *e)
{
    struct hash_run *r = dq_mem_calloc(1, sizeof *r);
    if (!r)
        return dq_fail_nomem(e);
    r->job = job;
    r->cpu = lanes[0]->cpu;
    const struct dq_consumer consumer = {.in_order = job->algorithm->in_order,
        .plan = plan,
        .wanted = wanted,
        .begin = begin,
        .consume = consume,
        .complete = complete,
        .end = end,
        .arg = r};
    const int rc = dq_run_chunks(lanes, n_lanes, 0, job->n_tensors, &consumer, e);
    dq_mem_free(r);
    return rc;
}

/* ---- a model ---- */

static int by_name(const void *a, const void *b)
{
    const struct dq_tensor *x = ((const struct dq_hashed *)a)->tensor;
    const struct dq_tensor *y = ((const struct dq_hashed *)b)->tensor;
    const size_t len = x->name_len < y->name_len ? x->name_len : y->name_len;
    const int order = memcmp(x->name, y->name, len);
    return order != 0 ? order : (x->name_len > y->name_len) - (x->name_len < y->name_len);
}

static int by_shape(const void *a, const void *b)
{
    const struct dq_hashed *x = a;
    const struct dq_hashed *y = b;
    char shapes[2][DQ_SHAPE_WORDS];
    const int order =
        strcmp(dq_tensor_shape(x->tensor, shapes[0]), dq_tensor_shape(y->tensor, shapes[1]));
    return order != 0 ? order : strcmp(x->hex, y->hex);
}

/* Writes "SHAPE NUL HEX LF". Returns its length. */
static size_t put_line(const struct dq_hashed *h, char out[DQ_SHAPE_WORDS + DQ_HASH_HEX + 1])
{
    const size_t len = strlen(dq_tensor_shape(h->tensor, out)) + 1;
    memcpy(out + len, h->hex, DQ_HASH_HEX);
    out[len + DQ_HASH_HEX] = '\n';
    return len + DQ_HASH_HEX + 1;
}

int dq_hash_model(const struct dq_hash_algorithm *algorithm, struct dq_hashed *tensors, size_t n,
    bool has_names, uint8_t digest[DQ_HASH_LEN], struct dq_error *e)
{
    const struct dq_cpu *cpu = dq_cpu_best();
    char line[DQ_SHAPE_WORDS + DQ_HASH_HEX + 1];
    uint64_t len = 0;
    uint64_t off = 0;
    int rc = 0;
    for (size_t i = 0; i < n; i++)
        len += put_line(&tensors[i], line) + (has_names ? tensors[i].tensor->name_len + 1 : 0);
    void *hash = algorithm->start(len);
    if (!hash)
        return dq_fail_nomem(e);
    if (n > 0)
        qsort(tensors, n, sizeof *tensors, has_names ? by_name : by_shape);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct dq_tensor *t = tensors[i].tensor;
        const size_t name_len = has_names ? t->name_len + 1 : 0; /* with the NUL */
        const size_t line_len = put_line(&tensors[i], line);
        rc = algorithm->add(hash, cpu, (const uint8_t *)t->name, name_len, off, e);
        if (rc == 0)
            rc = algorithm->add(hash, cpu, (const uint8_t *)line, line_len, off + name_len, e);
        off += name_len + line_len;
    }
    if (rc == 0)
        algorithm->finish(hash, cpu, digest);
    algorithm->free(hash);
    return rc;
}
