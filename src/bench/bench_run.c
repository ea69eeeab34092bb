#include "bench/bench.h"

#include "base/mem.h"
#include "run/run.h"

enum { TENSOR_LEN = 64 << 20 }; /* bytes of blocks at most */

/* A tensor in memory, with the model around it that the chunk runner reads it from. */
struct bench_model {
    uint8_t *blocks;
    struct dq_shard shard;
    struct dq_tensor tensor;
    struct dq_model model;
    struct dq_plan plan;
};

/* What a task repeats. */
struct run_task {
    const struct dq_engine *engine;
    const struct dq_plan *plan;
};

static void model_finish(struct bench_model *m)
{
    dq_source_close(m->shard.source);
    dq_mem_free(m->blocks);
}

/* m points into itself, so it must not be moved. */
static int model_init(struct bench_model *m, enum dq_type type, enum dq_dtype dtype,
    uint64_t n_weights, struct dq_error *e)
{
    static char name[] = "bench";
    const struct dq_type_info *info = &dq_types[type];
    const uint64_t wanted = n_weights / info->weights;
    const size_t most = TENSOR_LEN / info->bytes;
    const size_t nblocks = wanted == 0 ? 1 : (wanted < most ? (size_t)wanted : most);
    const size_t len = nblocks * info->bytes;
    *m = (struct bench_model){.blocks = dq_mem_alloc(len)};
    if (!m->blocks)
        return dq_fail_nomem(e);
    dq_bench_fill(type, m->blocks, nblocks, DQ_BENCH_DISTINCT);
    const struct dq_memory_file file = {name, m->blocks, len};
    const struct dq_memory_store store = DQ_MEMORY_STORE(&file, 1);
    const int rc = dq_memory_open(&store.store, name, &m->shard.source, e);
    if (rc != 0) {
        model_finish(m);
        return rc;
    }
    m->shard.path = name;
    m->tensor = (struct dq_tensor){.name = name,
        .name_len = sizeof name - 1,
        .display_name = name,
        .type_id = info->id,
        .type = info,
        .n_dims = 1,
        .dims = {nblocks * info->weights, 1, 1, 1, 1, 1, 1, 1},
        .n_weights = nblocks * info->weights,
        .n_bytes = len};
    m->model = (struct dq_model){
        .path = name, .shards = &m->shard, .n_shards = 1, .tensors = &m->tensor, .n_tensors = 1};
    dq_plan_init(&m->plan, &m->model, &m->tensor, dtype, NULL);
    return 0;
}

static const struct dq_plan *plan_of(void *arg, size_t item)
{
    const struct run_task *t = arg;
    (void)item;
    return t->plan;
}

static int drop_values(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    (void)arg;
    (void)state;
    (void)v;
    (void)e;
    return 0;
}

/* Each repetition is an item of one run, so lanes need not wait for each other between them. */
static int run_items(void *arg, unsigned thread, uint64_t times, struct dq_error *e)
{
    const struct run_task *t = arg;
    const struct dq_consumer consumer = {.plan = plan_of, .consume = drop_values, .arg = arg};
    (void)thread;
    return dq_run_chunks(t->engine->lanes, t->engine->n_lanes, 0, (size_t)times, &consumer, e);
}

int dq_bench_run(const struct dq_engine *engine, enum dq_type type, enum dq_dtype dtype,
    uint64_t n_weights, double seconds, struct dq_speed *out, struct dq_error *e)
{
    struct bench_model m;
    int rc = model_init(&m, type, dtype, n_weights, e);
    if (rc != 0)
        return rc;
    struct run_task t = {.engine = engine, .plan = &m.plan};
    const struct dq_task task = {
        .run = run_items, .arg = &t, .n_threads = 1, .bytes = m.plan.n_items * m.plan.item_len};
    rc = dq_bench_time(&task, seconds, out, e);
    model_finish(&m);
    return rc;
}
