/* Several lanes at once give the same bytes as one, and a failure of one ends them all. */
#include "dq_test.h"
#include "rng.h"
#include "run_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_ROWS = 40 };

static const size_t lane_counts[] = {1, 2, 3, 8};
enum { N_LANE_COUNTS = sizeof lane_counts / sizeof lane_counts[0] };

/* The result of running a plan on some lanes. */
struct outcome {
    struct memory_sink *sink;
    uint64_t n_overflow;
    uint64_t progress;
    int rc;
    struct dq_error e;
};

static struct outcome run(const struct dq_model *m, struct lanes *lanes, enum dq_dtype dtype,
    const struct dq_range *ranges, int fails_at)
{
    struct dq_plan plan;
    struct outcome o = {.n_overflow = 0};
    dq_plan_init(&plan, m, &m->tensors[0], dtype, ranges);
    o.sink = memory_new((size_t)plan.n_items * plan.item_len);
    o.sink->fails_at = fails_at;
    o.rc = run_plan(lanes->items, lanes->n, &plan, &o.sink->sink, &o.n_overflow, &o.progress, &o.e);
    return o;
}

static void check_equal(const struct outcome *a, const struct outcome *b, const char *what)
{
    check_ok(b->rc, &b->e);
    assert_int_equal(b->sink->len, b->sink->cap);
    assert_int_equal(b->progress, b->sink->cap);
    assert_int_equal(b->n_overflow, a->n_overflow);
    if (memcmp(a->sink->bytes, b->sink->bytes, a->sink->cap) != 0)
        fail_msg("%s: bytes differ", what);
}

/* Runs a plan on one lane and on several. */
static void compare_lanes(const struct dq_model *m, enum dq_dtype dtype,
    const struct dq_range *ranges, size_t nblocks, const char *what)
{
    const struct dq_type_info *f = m->tensors[0].type;
    struct lanes one = lanes_new(f, nblocks, 1);
    struct outcome wanted = run(m, &one, dtype, ranges, NEVER);
    check_ok(wanted.rc, &wanted.e);
    for (size_t i = 0; i < N_LANE_COUNTS; i++) {
        struct lanes lanes = lanes_new(f, nblocks, lane_counts[i]);
        struct outcome got = run(m, &lanes, dtype, ranges, NEVER);
        check_equal(&wanted, &got, what);
        memory_free(got.sink);
        lanes_free(&lanes);
    }
    memory_free(wanted.sink);
    lanes_free(&one);
}

static void any_number_of_lanes_gives_the_same(void **state)
{
    static const enum dq_type types[] = {
        DQ_TYPE_f32, DQ_TYPE_q4_0, DQ_TYPE_q5_k, DQ_TYPE_nvfp4, DQ_TYPE_iq2_xs, DQ_TYPE_i8};
    for (size_t f = 0; f < sizeof types / sizeof types[0]; f++) {
        const struct dq_type_info *info = &dq_types[types[f]];
        struct dq_model *m = open_random(*state, info, N_ROWS, f);
        for (int dtype = 0; dtype < DQ_DTYPE_COUNT; dtype++)
            compare_lanes(m, (enum dq_dtype)dtype, NULL, 1 + 6 * (size_t)(dtype % 2), info->name);
        dq_model_free(m);
    }
}

static void slices_on_lanes_are_the_same(void **state)
{
    struct dq_model *m = open_random(*state, &dq_types[DQ_TYPE_q4_0], N_ROWS, 7);
    for (uint64_t seed = 0x1a4e; seed < 0x1a4e + 60; seed++) {
        struct rng r = {seed};
        char what[32];
        struct dq_range ranges[DQ_DIMS_MAX] = {
            {(uint64_t)rng_between(&r, 0, 95), 1, 1}, {0, N_ROWS, 1}, {0, 2, 1}, {0, 1, 1}};
        ranges[0].count = (uint64_t)rng_between(&r, 1, 96 - (int64_t)ranges[0].start);
        if (rng_u64(&r) % 2)
            ranges[1] = (struct dq_range){N_ROWS - 1, N_ROWS / 3, -3};
        snprintf(what, sizeof what, "seed 0x%" PRIx64, seed);
        compare_lanes(m, (enum dq_dtype)rng_between(&r, 0, DQ_DTYPE_bf16), ranges,
            (size_t)rng_between(&r, 1, 9), what);
    }
    dq_model_free(m);
}

static void overflows_of_all_lanes_are_counted(void **state)
{
    struct dq_model *m = open_random(*state, &dq_types[DQ_TYPE_f32], 4000, 3);
    const struct dq_tensor *t = &m->tensors[0];
    float *weights = (float *)(void *)decode_directly(m, t, DQ_DTYPE_f32);
    uint16_t *narrow = malloc((size_t)t->n_weights * sizeof *narrow);
    assert_non_null(narrow);
    const size_t wanted =
        dq_cpu_round(dq_cpu_levels[0], DQ_DTYPE_f16, weights, narrow, (size_t)t->n_weights);
    assert_true(wanted > 1000);
    struct lanes lanes = lanes_new(t->type, 100, 8);
    struct outcome o = run(m, &lanes, DQ_DTYPE_f16, NULL, NEVER);
    check_ok(o.rc, &o.e);
    assert_int_equal(o.n_overflow, wanted);
    memory_free(o.sink);
    lanes_free(&lanes);
    free(narrow);
    free(weights);
    dq_model_free(m);
}

static void a_sink_that_fails_ends_all_lanes(void **state)
{
    struct dq_model *m = open_random(*state, &dq_types[DQ_TYPE_q8_0], N_ROWS, 1);
    for (size_t i = 0; i < N_LANE_COUNTS; i++) {
        for (int at = 0; at < 40; at++) {
            char words[32];
            struct lanes lanes = lanes_new(&dq_types[DQ_TYPE_q8_0], 2, lane_counts[i]);
            struct outcome o = run(m, &lanes, DQ_DTYPE_f32, NULL, at);
            snprintf(words, sizeof words, "put %d fails", at);
            check_error(o.rc, &o.e, DQ_ERR_CLOSED, words);
            assert_int_equal(o.sink->n_puts, at + 1); /* nothing is written after the failure */
            memory_free(o.sink);
            lanes_free(&lanes);
        }
    }
    dq_model_free(m);
}

/* Lanes that wrap other lanes and fail at a certain call, or wait for one another. */
struct script {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int n_calls;
    int n_done; /* calls of lanes that do not wait */
    int fails_at;
    bool failed;
};

struct scripted_lane {
    struct dq_lane lane;
    struct dq_lane *inner;
    struct script *script;
    bool waits; /* until others have decoded twice, or one has failed */
};

static int decode(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype, size_t nblocks,
    uint64_t *n_overflow, struct dq_error *e)
{
    struct scripted_lane *l = (struct scripted_lane *)lane;
    struct script *s = l->script;
    pthread_mutex_lock(&s->lock);
    const int call = s->n_calls++;
    while (l->waits && s->n_done < 2 && !s->failed)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    int rc = l->inner->ops->decode(l->inner, type, dtype, nblocks, n_overflow, e);
    if (s->fails_at != NEVER && call >= s->fails_at)
        rc = dq_fail(e, DQ_ERR_GPU, "call %d fails", call);
    pthread_mutex_lock(&s->lock);
    s->failed = s->failed || rc != 0;
    s->n_done += !l->waits;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static void free_lane(struct dq_lane *lane)
{
    dq_lane_free(((struct scripted_lane *)lane)->inner);
    free(lane);
}

static const struct dq_lane_ops scripted_ops = {"scripted", decode, NULL, NULL, free_lane};

static struct lanes scripted_new(
    const struct dq_type_info *info, size_t n, struct script *s, size_t n_waiting)
{
    struct lanes lanes = lanes_new(info, 2, n);
    for (size_t i = 0; i < n; i++) {
        struct scripted_lane *l = malloc(sizeof *l);
        assert_non_null(l);
        *l = (struct scripted_lane){*lanes.items[i], lanes.items[i], s, i < n_waiting};
        l->lane.ops = &scripted_ops;
        lanes.items[i] = &l->lane;
    }
    return lanes;
}

static void script_init(struct script *s, int fails_at)
{
    *s = (struct script){.fails_at = fails_at};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
}

static void script_finish(struct script *s)
{
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
}

static void chunks_that_are_late_are_waited_for(void **state)
{
    const struct dq_type_info *info = &dq_types[DQ_TYPE_q6_k];
    struct dq_model *m = open_random(*state, info, N_ROWS, 2);
    uint8_t *wanted = decode_directly(m, &m->tensors[0], DQ_DTYPE_f32);
    for (size_t i = 0; i < 2; i++) {
        struct script s;
        script_init(&s, NEVER);
        /* Two chunks may be decoded before those that are late, and wait for their turn. */
        struct lanes lanes = scripted_new(info, 3 + 2 * i, &s, 1 + 2 * i);
        struct outcome o = run(m, &lanes, DQ_DTYPE_f32, NULL, NEVER);
        check_ok(o.rc, &o.e);
        assert_int_equal(o.sink->len, o.sink->cap);
        assert_memory_equal(o.sink->bytes, wanted, o.sink->len);
        memory_free(o.sink);
        lanes_free(&lanes);
        script_finish(&s);
    }
    free(wanted);
    dq_model_free(m);
}

/* A sink whose first put returns only after another chunk has been decoded. */
struct patient_sink {
    struct dq_sink sink;
    struct script *script;
    int n_puts;
};

static int put_late(
    struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    struct patient_sink *p = (struct patient_sink *)sink;
    struct script *s = p->script;
    (void)buf;
    (void)len;
    (void)off;
    (void)e;
    pthread_mutex_lock(&s->lock);
    while (p->n_puts == 0 && s->n_done < 2)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    p->n_puts++;
    return 0;
}

static void one_decodes_while_another_writes(void **state)
{
    static const struct dq_sink_ops ops = {.put = put_late};
    const struct dq_type_info *info = &dq_types[DQ_TYPE_q6_k];
    struct dq_model *m = open_random(*state, info, N_ROWS, 2);
    struct script s;
    script_init(&s, NEVER);
    struct patient_sink sink = {{&ops}, &s, 0};
    struct lanes lanes = scripted_new(info, 2, &s, 0);
    struct dq_plan plan;
    struct dq_error e;
    uint64_t unused = 0;
    dq_plan_init(&plan, m, &m->tensors[0], DQ_DTYPE_f32, NULL);
    check_ok(run_plan(lanes.items, lanes.n, &plan, &sink.sink, &unused, &unused, &e), &e);
    assert_int_equal(sink.n_puts, 3 * N_ROWS * 2 / 2);
    lanes_free(&lanes);
    script_finish(&s);
    dq_model_free(m);
}

static void a_lane_that_fails_ends_all_lanes(void **state)
{
    const struct dq_type_info *info = &dq_types[DQ_TYPE_iq3_s];
    struct dq_model *m = open_random(*state, info, N_ROWS, 2);
    for (size_t i = 0; i < N_LANE_COUNTS; i++) {
        const size_t n = lane_counts[i];
        for (int at = 0; at < 40; at++) {
            struct script s;
            script_init(&s, at);
            struct lanes lanes = scripted_new(info, n, &s, n > 2 ? 1 : 0);
            struct outcome o = run(m, &lanes, DQ_DTYPE_bf16, NULL, NEVER);
            check_error(o.rc, &o.e, DQ_ERR_GPU, n == 1 ? "" : "call ");
            assert_in_range(s.n_calls, at + 1, at + (int)n);
            assert_int_equal(o.progress, o.sink->len);
            memory_free(o.sink);
            lanes_free(&lanes);
            script_finish(&s);
        }
    }
    dq_model_free(m);
}

static void a_file_that_shrank_ends_all_lanes(void **state)
{
    struct dq_model *m = open_random(*state, &dq_types[DQ_TYPE_q8_0], N_ROWS, 1);
    const struct dq_tensor *t = &m->tensors[0];
    assert_int_equal(truncate(m->path, (off_t)(t->offset + t->n_bytes / 2)), 0);
    for (size_t i = 0; i < 2 * N_LANE_COUNTS; i++) {
        struct lanes lanes = lanes_new(t->type, 2, lane_counts[i / 2]);
        struct outcome o = run(m, &lanes, DQ_DTYPE_f32, NULL, NEVER);
        check_error(o.rc, &o.e, DQ_ERR_IO, "it was longer when it was opened");
        assert_true(o.sink->len <= o.sink->cap / 2);
        memory_free(o.sink);
        lanes_free(&lanes);
    }
    dq_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(any_number_of_lanes_gives_the_same),
        scratch_test(slices_on_lanes_are_the_same),
        scratch_test(overflows_of_all_lanes_are_counted),
        scratch_test(a_sink_that_fails_ends_all_lanes),
        scratch_test(chunks_that_are_late_are_waited_for),
        scratch_test(one_decodes_while_another_writes),
        scratch_test(a_lane_that_fails_ends_all_lanes),
        scratch_test(a_file_that_shrank_ends_all_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
