#include "bench/bench.h"

#include "bench/bench_model.h"
#include "run/run.h"

/* What a task repeats. */
struct run_task {
    const struct dq_engine *engine;
    const struct dq_plan *plan;
};

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
    struct dq_bench_model m;
    struct dq_plan plan;
    int rc = dq_bench_model_init(&m, type, n_weights, 1, e);
    if (rc != 0)
        return rc;
    dq_plan_init(&plan, &m.model, m.tensors, dtype, NULL);
    struct run_task t = {.engine = engine, .plan = &plan};
    const struct dq_task task = {
        .run = run_items, .arg = &t, .n_threads = 1, .bytes = plan.n_items * plan.item_len};
    rc = dq_bench_time(&task, seconds, out, e);
    dq_bench_model_finish(&m);
    return rc;
}
