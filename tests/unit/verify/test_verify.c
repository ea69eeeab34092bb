/* The built-in vectors equal data/golden/; the self-test finds errors of the device and of the
 * reference; verify finds the same mismatches on any number of lanes. */
#include "dq_test.h"
#include "levels.h"
#include "run_plan.h"
#include "verify/verify.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_file(
    const struct dq_type_info *info, const char *suffix, const uint8_t *bytes, size_t len)
{
    char path[4096];
    size_t file_len;
    snprintf(path, sizeof path, "%s/golden/%s.%s", getenv("DQ_DATA_DIR"), info->token, suffix);
    char *file = scratch_read(path, &file_len);
    assert_int_equal(file_len, len);
    assert_memory_equal(file, bytes, len);
    free(file);
}

static void built_in_vectors_are_the_golden_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        const struct dq_type_info *info = &dq_types[i];
        struct dq_golden g;
        dq_golden_get((enum dq_type)i, &g);
        assert_true(g.nblocks > 0);
        check_file(info, "blocks", g.blocks, g.nblocks * info->bytes);
        check_file(info, "f32", g.weights, g.nblocks * info->weights * sizeof(float));
    }
}

/* A lane that decodes with another one and then corrupts a weight. */
struct wrong_lane {
    struct dq_lane lane;
    struct dq_lane *inner;
    size_t weight;
    unsigned n_calls;
    bool only_once; /* corrupts only the first call */
};

static int decode_wrong(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype,
    size_t nblocks, uint64_t *n_overflow, struct dq_error *e)
{
    struct wrong_lane *l = (struct wrong_lane *)lane;
    const int rc = l->inner->ops->decode(l->inner, type, dtype, nblocks, n_overflow, e);
    const size_t at = l->weight * dq_dtype_len(dtype);
    if (l->n_calls++ == 0 || !l->only_once)
        lane->out[at] ^= 1;
    return rc;
}

static int decode_nothing(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype,
    size_t nblocks, uint64_t *n_overflow, struct dq_error *e)
{
    (void)lane;
    (void)type;
    (void)dtype;
    (void)nblocks;
    (void)n_overflow;
    (void)e;
    return 0;
}

static const struct dq_lane_ops wrong_ops = {"wrong", decode_wrong, NULL, NULL, NULL};
static const struct dq_lane_ops idle_ops = {"idle", decode_nothing, NULL, NULL, NULL};

static struct wrong_lane wrap(struct dq_lane *inner, const struct dq_lane_ops *ops, size_t weight)
{
    struct wrong_lane l = {.lane = *inner, .inner = inner, .weight = weight};
    l.lane.ops = ops;
    return l;
}

static struct dq_lane *new_lane(const struct dq_cpu *cpu, size_t in_len, size_t out_len)
{
    struct dq_lane *lane = NULL;
    struct dq_error e;
    check_ok(dq_lane_new_cpu(cpu, in_len, out_len, &lane, &e), &e);
    return lane;
}

static void every_level_passes_in_chunks_of_any_size(void **state)
{
    static const size_t lens[] = {1024, 5000, 1 << 20};
    (void)state;
    for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu)) {
        for (size_t k = 0; k < 3 * DQ_TYPE_COUNT * 3; k++) {
            const enum dq_type type = (enum dq_type)(k / 3 % DQ_TYPE_COUNT);
            const enum dq_dtype dtype = (enum dq_dtype)(k % 3);
            const size_t len = lens[k / (3 * DQ_TYPE_COUNT)];
            struct dq_lane *lane = new_lane(cpu, len, len);
            struct dq_lane *reference = new_lane(dq_cpu_levels[0], len, len);
            struct dq_selftest t;
            struct dq_golden g;
            struct dq_error e;
            dq_golden_get(type, &g);
            check_ok(dq_selftest_run(lane, reference, type, dtype, 0, &t, &e), &e);
            assert_int_equal(t.device.n_mismatches, 0);
            assert_int_equal(t.reference.n_mismatches, 0);
            assert_int_equal(t.device.n_weights, g.nblocks * dq_types[type].weights);
            assert_int_equal(t.reference.n_weights, t.device.n_weights);
            dq_lane_free(lane);
            dq_lane_free(reference);
        }
    }
}

static struct dq_selftest self_test(struct dq_lane *lane, struct dq_lane *reference)
{
    struct dq_selftest t;
    struct dq_error e;
    check_ok(dq_selftest_run(lane, reference, DQ_TYPE_q5_1, DQ_DTYPE_f32, 0, &t, &e), &e);
    return t;
}

static void the_self_test_says_who_is_wrong(void **state)
{
    struct dq_lane *a = new_lane(dq_cpu_best(), 1 << 20, 1 << 20);
    struct dq_lane *b = new_lane(dq_cpu_levels[0], 1 << 20, 1 << 20);
    struct wrong_lane wrong = wrap(a, &wrong_ops, 77);
    struct dq_selftest t = self_test(&wrong.lane, b);
    (void)state;
    assert_int_equal(t.device.n_mismatches, 1);
    assert_int_equal(t.device.first.weight, 77);
    assert_int_equal(t.reference.n_mismatches, 0);
    assert_false(t.device.unstable);
    wrong = wrap(a, &wrong_ops, 78);
    wrong.only_once = true;
    t = self_test(&wrong.lane, b);
    assert_int_equal(t.device.n_mismatches, 1);
    assert_true(t.device.unstable);
    wrong = wrap(b, &wrong_ops, 79);
    t = self_test(a, &wrong.lane);
    assert_int_equal(t.device.n_mismatches, 1);
    assert_int_equal(t.reference.n_mismatches, 1);
    assert_int_equal(t.reference.first.weight, 79);
    /* Weights that are not written are not mistaken for those of an earlier call. */
    self_test(a, b);
    wrong = wrap(a, &idle_ops, 0);
    t = self_test(&wrong.lane, b);
    assert_true(t.device.n_mismatches > t.device.n_weights / 2);
    dq_lane_free(a);
    dq_lane_free(b);
}

struct verified {
    struct dq_comparison c;
    atomic_ullong done;
};

static void add_progress(void *arg, uint64_t n_bytes)
{
    struct verified *v = arg;
    atomic_fetch_add(&v->done, n_bytes);
}

static int keep(void *arg, size_t plan, const struct dq_comparison *c, struct dq_error *e)
{
    struct verified *v = arg;
    (void)e;
    assert_int_equal(plan, 0);
    v->c = *c;
    return 0;
}

/* Runs a plan on the first n lanes. */
static int verify_on(struct dq_lane *const *lanes, size_t n, unsigned n_threads,
    const struct dq_plan *plan, struct dq_comparison *c, struct dq_error *e)
{
    struct dq_engine engine = {.n_lanes = n};
    struct dq_verifier v;
    struct verified found = {.done = 0};
    const struct dq_verify_job job = {plan, 1, 0, add_progress, keep, &found};
    memcpy(engine.lanes, lanes, n * sizeof lanes[0]);
    check_ok(dq_verifier_init(&v, &engine, n_threads, e), e);
    const int rc = dq_verify_plans(&v, &job, e);
    *c = found.c;
    if (rc == 0)
        assert_int_equal(found.done, c->n_weights * dq_dtype_len(plan->dtype));
    assert_true(v.times.wall > 0);
    dq_verifier_finish(&v);
    return rc;
}

static struct dq_comparison verify(
    const struct dq_model *m, struct dq_lane *lane, enum dq_dtype dtype)
{
    const struct dq_tensor *t = &m->tensors[0];
    struct dq_comparison c;
    struct dq_plan plan;
    struct dq_error e;
    dq_plan_init(&plan, m, t, dtype, NULL);
    check_ok(verify_on(&lane, 1, 1, &plan, &c, &e), &e);
    assert_int_equal(c.n_weights, t->n_weights);
    return c;
}

static void mismatches_are_numbered_in_the_tensor(void **state)
{
    for (size_t f = 0; f < DQ_TYPE_COUNT; f += 3) {
        const struct dq_type_info *info = &dq_types[f];
        struct dq_model *m = open_random(*state, info, 10, f);
        for (int d = 0; d < DQ_DTYPE_native; d++) {
            struct lanes lanes = lanes_new(info, 8, 1); /* 60 blocks: 8 chunks */
            struct dq_comparison c = verify(m, lanes.items[0], (enum dq_dtype)d);
            assert_int_equal(c.n_mismatches, 0);
            struct wrong_lane wrong = wrap(lanes.items[0], &wrong_ops, 3 * info->weights);
            c = verify(m, &wrong.lane, (enum dq_dtype)d);
            assert_in_range(c.n_mismatches, c.first.block == 3 ? 1 : 0, 8);
            assert_int_equal(c.first.weight % (8 * info->weights), 3 * info->weights);
            assert_false(c.unstable);
            lanes_free(&lanes);
        }
        dq_model_free(m);
    }
}

static void check_same(const struct dq_comparison *a, const struct dq_comparison *b)
{
    assert_int_equal(a->n_weights, b->n_weights);
    assert_int_equal(a->n_mismatches, b->n_mismatches);
    assert_int_equal(a->max_ulp, b->max_ulp);
    assert_true(memcmp(&a->max_abs, &b->max_abs, sizeof a->max_abs) == 0);
    assert_int_equal(a->first.weight, b->first.weight);
    assert_int_equal(a->first.got, b->first.got);
    assert_int_equal(a->first.want, b->first.want);
    assert_int_equal(a->first.block, b->first.block);
    assert_memory_equal(a->first.bytes, b->first.bytes, sizeof a->first.bytes);
    assert_int_equal(a->unstable, b->unstable);
    assert_int_equal(a->n_zero_sign, b->n_zero_sign);
    assert_int_equal(a->n_flushed, b->n_flushed);
    assert_int_equal(a->n_from_32, b->n_from_32);
}

enum { N_WORKERS = 8 };

/* Verifies on one lane, and on several with few threads and with many. */
static void compare_workers(
    const struct dq_model *m, enum dq_dtype dtype, const struct dq_range *ranges, size_t fails)
{
    const struct dq_type_info *info = m->tensors[0].type;
    struct lanes lanes = lanes_new(info, 8, N_WORKERS);
    struct wrong_lane wrong[N_WORKERS];
    struct dq_lane *items[N_WORKERS];
    struct dq_comparison one;
    for (size_t i = 0; i < N_WORKERS; i++) {
        wrong[i] = wrap(lanes.items[i], &wrong_ops, fails);
        items[i] = &wrong[i].lane;
    }
    for (unsigned n = 1; n <= N_WORKERS; n++) {
        struct dq_comparison c;
        struct dq_plan plan;
        struct dq_error e;
        dq_plan_init(&plan, m, &m->tensors[0], dtype, ranges);
        check_ok(verify_on(items, n, n % 3 + 1, &plan, &c, &e), &e);
        assert_true(c.n_mismatches > 0);
        if (n == 1)
            one = c;
        else
            check_same(&one, &c);
    }
    lanes_free(&lanes);
}

static void any_number_of_workers_finds_the_same(void **state)
{
    static const enum dq_type types[] = {DQ_TYPE_f32, DQ_TYPE_q4_0, DQ_TYPE_q5_k, DQ_TYPE_iq2_xs};
    for (size_t f = 0; f < sizeof types / sizeof types[0]; f++) {
        const struct dq_type_info *info = &dq_types[types[f]];
        struct dq_model *m = open_random(*state, info, 40, f);
        /* Rows in reverse, so that the first chunk does not have the lowest weight. */
        const struct dq_range back[] = {{0, 2 * info->weights, 1}, {39, 30, -1}, {0, 2, 1}};
        for (int d = 0; d < DQ_DTYPE_native; d++) {
            compare_workers(m, (enum dq_dtype)d, NULL, 2 * info->weights);
            compare_workers(m, (enum dq_dtype)d, back, info->weights);
        }
        dq_model_free(m);
    }
}

static int decode_then_fail(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype,
    size_t nblocks, uint64_t *n_overflow, struct dq_error *e)
{
    struct wrong_lane *l = (struct wrong_lane *)lane;
    if (l->n_calls++ >= l->weight)
        return dq_fail(e, DQ_ERR_GPU, "the device fails");
    return l->inner->ops->decode(l->inner, type, dtype, nblocks, n_overflow, e);
}

static const struct dq_lane_ops failing_ops = {"failing", decode_then_fail, NULL, NULL, NULL};

static void a_device_that_fails_ends_all_workers(void **state)
{
    const struct dq_type_info *info = &dq_types[DQ_TYPE_q6_k];
    struct dq_model *m = open_random(*state, info, 40, 1); /* 240 blocks: 30 chunks */
    for (size_t n = 1; n <= N_WORKERS; n++) {
        for (size_t at = 0; at < 4; at++) {
            struct lanes lanes = lanes_new(info, 8, n);
            struct wrong_lane failing[N_WORKERS];
            struct dq_lane *items[N_WORKERS];
            struct dq_comparison c;
            struct dq_plan plan;
            struct dq_error e;
            for (size_t i = 0; i < n; i++) {
                failing[i] = wrap(lanes.items[i], &failing_ops, at);
                items[i] = &failing[i].lane;
            }
            dq_plan_init(&plan, m, &m->tensors[0], DQ_DTYPE_f32, NULL);
            check_error(verify_on(items, n, 2, &plan, &c, &e), &e, DQ_ERR_GPU, "the device fails");
            lanes_free(&lanes);
        }
    }
    dq_model_free(m);
}

static void the_bound_is_where_the_time_went(void **state)
{
    static const struct {
        size_t n_gpus;
        struct dq_verify_times times;
        const char *bound;
    } rows[] = {
        {1, {.wall = 1, .reading = 1, .device = 9, .comparing = 3.9}, "reference"},
        {1, {.wall = 1, .reading = 1, .device = 9, .comparing = 3}, "device"},
        {1, {.wall = 1, .reading = 5, .device = 1, .comparing = 3}, "file"},
        {1, {.wall = 1, .reading = 0.2, .device = 0.5, .comparing = 1.2}, "reference"},
        {0, {.wall = 1, .reading = 0.2, .device = 1, .comparing = 2.8}, "reference"},
        {0, {.wall = 1, .reading = 0.2, .device = 2.8, .comparing = 1}, "device"},
        {0, {.wall = 1, .reading = 3, .device = 0.5, .comparing = 0.5}, "file"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct dq_engine engine = {.n_gpus = rows[i].n_gpus};
        const struct dq_verifier v = {.engine = &engine, .n_references = 4, .times = rows[i].times};
        assert_string_equal(dq_verify_bound(&v), rows[i].bound);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_vectors_are_the_golden_files),
        cmocka_unit_test(every_level_passes_in_chunks_of_any_size),
        cmocka_unit_test(the_self_test_says_who_is_wrong),
        scratch_test(mismatches_are_numbered_in_the_tensor),
        scratch_test(any_number_of_workers_finds_the_same),
        scratch_test(a_device_that_fails_ends_all_workers),
        cmocka_unit_test(the_bound_is_where_the_time_went),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
