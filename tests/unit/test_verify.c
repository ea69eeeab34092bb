/* The built-in vectors are those of data/golden, and the self-test finds what is wrong in either
 * the device or the reference. */
#include "dq_test.h"
#include "levels.h"
#include "run_plan.h"
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_file(
    const struct dq_format_info *info, const char *suffix, const uint8_t *bytes, size_t len)
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
    for (size_t i = 0; i < DQ_FMT_COUNT; i++) {
        const struct dq_format_info *info = &dq_formats[i];
        struct dq_golden g;
        dq_golden_get((enum dq_format)i, &g);
        assert_true(g.nblocks > 0);
        check_file(info, "blocks", g.blocks, g.nblocks * info->bytes);
        check_file(info, "f32", g.weights, g.nblocks * info->weights * sizeof(float));
    }
}

/* A lane that decodes as another does, and then spoils a weight. */
struct wrong_lane {
    struct dq_lane lane;
    struct dq_lane *inner;
    size_t weight;
    unsigned n_calls;
    bool changes; /* spoils the first call only */
};

static int decode_wrong(struct dq_lane *lane, enum dq_format format, enum dq_dtype dtype,
    size_t nblocks, uint64_t *n_overflow, struct dq_error *e)
{
    struct wrong_lane *l = (struct wrong_lane *)lane;
    const int rc = l->inner->ops->decode(l->inner, format, dtype, nblocks, n_overflow, e);
    const size_t at = l->weight * dq_dtype_len(dtype);
    if (l->n_calls++ == 0 || !l->changes)
        lane->out[at] ^= 1;
    return rc;
}

static int decode_nothing(struct dq_lane *lane, enum dq_format format, enum dq_dtype dtype,
    size_t nblocks, uint64_t *n_overflow, struct dq_error *e)
{
    (void)lane;
    (void)format;
    (void)dtype;
    (void)nblocks;
    (void)n_overflow;
    (void)e;
    return 0;
}

static const struct dq_lane_ops wrong_ops = {"wrong", decode_wrong, NULL};
static const struct dq_lane_ops idle_ops = {"idle", decode_nothing, NULL};

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
        for (size_t k = 0; k < 3 * DQ_FMT_COUNT * 3; k++) {
            const enum dq_format format = (enum dq_format)(k / 3 % DQ_FMT_COUNT);
            const enum dq_dtype dtype = (enum dq_dtype)(k % 3);
            const size_t len = lens[k / (3 * DQ_FMT_COUNT)];
            struct dq_lane *lane = new_lane(cpu, len, len);
            struct dq_lane *reference = new_lane(dq_cpu_levels[0], len, len);
            struct dq_selftest t;
            struct dq_golden g;
            struct dq_error e;
            dq_golden_get(format, &g);
            check_ok(dq_selftest_run(lane, reference, format, dtype, 0, &t, &e), &e);
            assert_int_equal(t.device.n_mismatches, 0);
            assert_int_equal(t.reference.n_mismatches, 0);
            assert_int_equal(t.device.n_weights, g.nblocks * dq_formats[format].weights);
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
    check_ok(dq_selftest_run(lane, reference, DQ_FMT_q5_1, DQ_DTYPE_f32, 0, &t, &e), &e);
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
    wrong.changes = true;
    t = self_test(&wrong.lane, b);
    assert_int_equal(t.device.n_mismatches, 1);
    assert_true(t.device.unstable);
    wrong = wrap(b, &wrong_ops, 79);
    t = self_test(a, &wrong.lane);
    assert_int_equal(t.device.n_mismatches, 1);
    assert_int_equal(t.reference.n_mismatches, 1);
    assert_int_equal(t.reference.first.weight, 79);
    /* What is not written cannot pass for what was there. */
    self_test(a, b);
    wrong = wrap(a, &idle_ops, 0);
    t = self_test(&wrong.lane, b);
    assert_true(t.device.n_mismatches > t.device.n_weights / 2);
    dq_lane_free(a);
    dq_lane_free(b);
}

static void add_progress(void *arg, uint64_t n_bytes)
{
    *(uint64_t *)arg += n_bytes;
}

static struct dq_comparison verify(
    const struct dq_model *m, struct dq_lane *lane, struct dq_lane *reference, enum dq_dtype dtype)
{
    const struct dq_tensor *t = &m->tensors[0];
    struct dq_comparison c;
    struct dq_plan plan;
    struct dq_error e;
    uint64_t done = 0;
    dq_compare_init(&c, t->format->format, dtype, 0);
    dq_plan_init(&plan, t, dtype, NULL);
    check_ok(dq_verify_plan(lane, reference, m, &plan, &c, add_progress, &done, &e), &e);
    assert_int_equal(c.n_weights, t->n_weights);
    assert_int_equal(done, t->n_weights * dq_dtype_len(dtype));
    return c;
}

static void mismatches_are_numbered_in_the_tensor(void **state)
{
    for (size_t f = 0; f < DQ_FMT_COUNT; f += 3) {
        const struct dq_format_info *info = &dq_formats[f];
        struct dq_model *m = open_random(*state, info, 10, f);
        for (int d = 0; d < DQ_DTYPE_native; d++) {
            struct lanes lanes = lanes_new(info, 7, 2); /* 60 blocks: 9 chunks */
            struct dq_comparison c = verify(m, lanes.items[0], lanes.items[1], (enum dq_dtype)d);
            assert_int_equal(c.n_mismatches, 0);
            struct wrong_lane wrong = wrap(lanes.items[0], &wrong_ops, 3 * info->weights);
            c = verify(m, &wrong.lane, lanes.items[1], (enum dq_dtype)d);
            assert_in_range(c.n_mismatches, c.first.block == 3 ? 1 : 0, 9);
            assert_int_equal(c.first.weight % (7 * info->weights), 3 * info->weights);
            lanes_free(&lanes);
        }
        dq_model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_vectors_are_the_golden_files),
        cmocka_unit_test(every_level_passes_in_chunks_of_any_size),
        cmocka_unit_test(the_self_test_says_who_is_wrong),
        scratch_test(mismatches_are_numbered_in_the_tensor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
