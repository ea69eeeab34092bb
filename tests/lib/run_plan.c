#include "run_plan.h"

#include "cpu/cpu.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

static int put(struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    struct memory_sink *s = (struct memory_sink *)sink;
    int rc = 0;
    assert_int_equal(pthread_mutex_trylock(&s->lock), 0); /* only one call at a time */
    const int number = s->n_puts++;
    if (s->fails_at != NEVER && number >= s->fails_at) {
        rc = dq_fail(e, DQ_ERR_CLOSED, "put %d fails", number);
    } else {
        assert_true(off <= s->cap && len <= s->cap - off);
        assert_int_equal(off, s->len);
        memcpy(s->bytes + off, buf, len);
        s->len += len;
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static void free_memory(struct dq_sink *sink)
{
    struct memory_sink *s = (struct memory_sink *)sink;
    pthread_mutex_destroy(&s->lock);
    free(s->bytes);
    free(s);
}

struct memory_sink *memory_new(size_t cap)
{
    static const struct dq_sink_ops ops = {.put = put, .free = free_memory};
    struct memory_sink *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->sink.ops = &ops;
    pthread_mutex_init(&s->lock, NULL);
    s->bytes = malloc(cap + 1);
    s->cap = cap;
    s->fails_at = NEVER;
    assert_non_null(s->bytes);
    return s;
}

void memory_free(struct memory_sink *s)
{
    dq_sink_free(&s->sink);
}

struct dq_model *open_random(
    struct scratch *s, const struct dq_type_info *info, uint64_t n_rows, uint64_t seed)
{
    const uint64_t dims[] = {3 * (uint64_t)info->weights, n_rows, 2};
    const size_t len = (size_t)(3 * n_rows * 2) * info->bytes;
    struct rng r = {seed};
    struct build b;
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    rng_fill(&r, bytes, len);
    build_begin(&b, 3, false, 1, 0);
    build_tensor(&b, "x", info->id, 0, 3, dims);
    build_data(&b, 32, 0);
    build_bytes(&b, bytes, len);
    free(bytes);
    return build_open(&b, s);
}

uint8_t *decode_directly(const struct dq_model *m, const struct dq_tensor *t, enum dq_dtype dtype)
{
    struct dq_error e;
    const size_t nblocks = (size_t)(t->n_bytes / t->type->bytes);
    const size_t n = (size_t)t->n_weights;
    const struct dq_cpu *cpu = dq_cpu_levels[0];
    uint8_t *blocks = malloc((size_t)t->n_bytes);
    float *weights = malloc(n * sizeof *weights);
    uint16_t *narrow = malloc(n * sizeof *narrow);
    assert_true(blocks && weights && narrow);
    check_ok(dq_tensor_read(m, t, 0, blocks, (size_t)t->n_bytes, &e), &e);
    cpu->decode[t->type->type](blocks, weights, nblocks, DQ_DTYPE_f32);
    if (dtype == DQ_DTYPE_f16)
        cpu->to_f16(weights, narrow, n);
    else if (dtype == DQ_DTYPE_bf16)
        cpu->to_bf16(weights, narrow, n);
    uint8_t *wanted = dtype == DQ_DTYPE_native ? blocks
                      : dtype == DQ_DTYPE_f32  ? (uint8_t *)(void *)weights
                                               : (uint8_t *)(void *)narrow;
    if (wanted != blocks)
        free(blocks);
    if (wanted != (uint8_t *)(void *)weights)
        free(weights);
    if (wanted != (uint8_t *)(void *)narrow)
        free(narrow);
    return wanted;
}

struct lanes lanes_new(const struct dq_type_info *info, size_t nblocks, size_t n)
{
    const size_t in_len = nblocks * info->bytes;
    const size_t out_len = nblocks * info->weights * sizeof(float);
    struct lanes lanes = {.n = 0};
    struct dq_error e;
    for (; lanes.n < n; lanes.n++)
        check_ok(dq_lane_new_cpu(dq_cpu_best(), in_len, out_len, &lanes.items[lanes.n], &e), &e);
    return lanes;
}

void lanes_free(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->n; i++)
        dq_lane_free(lanes->items[i]);
    lanes->n = 0;
}

struct put_run {
    const struct dq_plan *plan;
    struct dq_sink *sink;
    uint64_t *n_overflow;
    uint64_t *n_bytes;
};

static const struct dq_plan *plan_of(void *arg, size_t item)
{
    assert_int_equal(item, 0);
    return ((const struct put_run *)arg)->plan;
}

static int put_values(void *arg, void *state, const struct dq_values *v, struct dq_error *e)
{
    const struct put_run *r = arg;
    assert_null(state);
    const int rc = r->sink->ops->put(r->sink, v->bytes, v->len, v->offset, e);
    *r->n_overflow += v->n_overflow;
    *r->n_bytes += rc == 0 ? v->len : 0;
    return rc;
}

int run_plan(struct dq_lane *const *lanes, size_t n_lanes, const struct dq_plan *plan,
    struct dq_sink *sink, uint64_t *n_overflow, uint64_t *n_bytes, struct dq_error *e)
{
    struct put_run r = {plan, sink, n_overflow, n_bytes};
    const struct dq_consumer consumer = {
        .in_order = true, .plan = plan_of, .consume = put_values, .arg = &r};
    return dq_run_chunks(lanes, n_lanes, 0, 1, &consumer, e);
}
