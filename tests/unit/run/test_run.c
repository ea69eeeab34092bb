/* Runs tensors from a file through lanes of many sizes and compares the result with a direct decode. */
#include "dq_test.h"
#include "rng.h"
#include "run_plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs a plan on a lane of nblocks blocks. Returns the sink with the result. */
static struct memory_sink *run(const struct dq_model *m, const struct dq_tensor *t,
    enum dq_dtype dtype, const struct dq_range *ranges, size_t nblocks, uint64_t *n_overflow)
{
    struct dq_plan plan;
    struct dq_error e;
    uint64_t done = 0;
    struct lanes lanes = lanes_new(t->type, nblocks, 1);
    dq_plan_init(&plan, m, t, dtype, ranges);
    struct memory_sink *sink = memory_new((size_t)plan.n_items * plan.item_len);
    check_ok(run_plan(lanes.items, lanes.n, &plan, &sink->sink, n_overflow, &done, &e), &e);
    lanes_free(&lanes);
    assert_int_equal(sink->len, sink->cap);
    assert_int_equal(done, sink->len);
    return sink;
}

static void every_type_comes_out_as_every_dtype(void **state)
{
    for (int type = 0; type < DQ_TYPE_COUNT; type++) {
        struct dq_model *m = open_random(*state, &dq_types[type], 4, 0x9000 + (uint64_t)type);
        const struct dq_tensor *t = &m->tensors[0];
        assert_null(t->problem);
        for (int dtype = 0; dtype < DQ_DTYPE_COUNT; dtype++) {
            uint8_t *wanted = decode_directly(m, t, (enum dq_dtype)dtype);
            for (size_t nblocks = 1; nblocks <= 30; nblocks += 7) {
                uint64_t n_overflow = 0;
                struct memory_sink *sink =
                    run(m, t, (enum dq_dtype)dtype, NULL, nblocks, &n_overflow);
                if (memcmp(sink->bytes, wanted, sink->len) != 0)
                    fail_msg("%s as %s, %zu blocks at once", t->type->name,
                        dq_dtype_name((enum dq_dtype)dtype), nblocks);
                memory_free(sink);
            }
            free(wanted);
        }
        dq_model_free(m);
    }
}

/* Compares a slice with the items picked one by one from the whole tensor. */
static void check_slice(const struct dq_model *m, enum dq_dtype dtype, const struct dq_range *r,
    size_t nblocks, uint64_t seed)
{
    const struct dq_tensor *t = &m->tensors[0];
    uint64_t n_overflow = 0;
    struct dq_plan plan;
    dq_plan_init(&plan, m, t, dtype, r);
    const size_t len = plan.item_len;
    const uint64_t row = dtype == DQ_DTYPE_native ? 3 : t->dims[0];
    uint8_t *all = decode_directly(m, t, dtype);
    struct memory_sink *sink = run(m, t, dtype, r, nblocks, &n_overflow);
    const uint8_t *got = sink->bytes;
    for (uint64_t k = 0; k < r[2].count; k++)
        for (uint64_t j = 0; j < r[1].count; j++)
            for (uint64_t i = 0; i < r[0].count; i++, got += len) {
                uint64_t item = r[2].start + k * (uint64_t)r[2].step;
                item = item * t->dims[1] + r[1].start + j * (uint64_t)r[1].step;
                item = item * row + r[0].start + i * (uint64_t)r[0].step;
                if (memcmp(got, all + item * len, len) != 0)
                    fail_msg("%s as %s, seed 0x%" PRIx64 ": item %" PRIu64, t->type->name,
                        dq_dtype_name(dtype), seed, item);
            }
    assert_ptr_equal(got, sink->bytes + sink->len);
    memory_free(sink);
    free(all);
}

static struct dq_range random_range(struct rng *r, uint64_t dim)
{
    const uint64_t start = (uint64_t)rng_between(r, 0, (int64_t)dim - 1);
    const int64_t step = rng_between(r, 1, (int64_t)dim);
    const bool back = rng_u64(r) % 2;
    const uint64_t reach = back ? start : dim - 1 - start;
    return (struct dq_range){
        start, (uint64_t)rng_between(r, 1, (int64_t)reach / step + 1), back ? -step : step};
}

static void slices_are_picked_from_the_whole(void **state)
{
    static const enum dq_type types[] = {
        DQ_TYPE_f32, DQ_TYPE_q4_0, DQ_TYPE_q5_k, DQ_TYPE_nvfp4, DQ_TYPE_iq2_xs, DQ_TYPE_i64};
    for (size_t f = 0; f < sizeof types / sizeof types[0]; f++) {
        struct dq_model *m = open_random(*state, &dq_types[types[f]], 4, f);
        for (uint64_t seed = 0x51ce; seed < 0x51ce + 120; seed++) {
            struct rng r = {seed};
            const enum dq_dtype dtype = (enum dq_dtype)rng_between(&r, 0, DQ_DTYPE_COUNT - 1);
            const uint64_t row = dtype == DQ_DTYPE_native ? 3 : m->tensors[0].dims[0];
            const struct dq_range ranges[DQ_DIMS_MAX] = {
                random_range(&r, row), random_range(&r, 4), random_range(&r, 2), {0, 1, 1}};
            check_slice(m, dtype, ranges, (size_t)rng_between(&r, 1, 9), seed);
        }
        dq_model_free(m);
    }
}

/* Three blocks of Q4_0 whose first weights are -8 times the largest f16, and the others zero. */
static struct dq_model *open_overflowing(struct scratch *s)
{
    struct build b;
    build_begin(&b, 3, false, 1, 0);
    build_tensor1(&b, "x", dq_types[DQ_TYPE_q4_0].id, 0, 96);
    build_data(&b, 32, 0);
    for (int i = 0; i < 3; i++) {
        build_number(&b, 0x7bff, 2);
        build_number(&b, 0x80, 1);
        for (int k = 1; k < 16; k++)
            build_number(&b, 0x88, 1);
    }
    return build_open(&b, s);
}

static void overflows_are_counted(void **state)
{
    struct dq_model *m = open_overflowing(*state);
    for (size_t nblocks = 1; nblocks <= 3; nblocks++) {
        uint64_t n_overflow = 10; /* the run adds to it */
        struct memory_sink *sink = run(m, &m->tensors[0], DQ_DTYPE_f16, NULL, nblocks, &n_overflow);
        assert_int_equal(n_overflow, 13);
        assert_int_equal(sink->bytes[0] | sink->bytes[1] << 8, 0xfc00);
        memory_free(sink);
        sink = run(m, &m->tensors[0], DQ_DTYPE_f32, NULL, nblocks, &n_overflow);
        assert_int_equal(n_overflow, 13);
        memory_free(sink);
    }
    dq_model_free(m);
}

/* Other weights of the same blocks are decoded as well, but not written. */
static void only_overflows_of_selected_weights_are_counted(void **state)
{
    static const struct {
        struct dq_range range;
        uint64_t n_overflow;
    } rows[] = {
        {{0, 1, 1}, 1},
        {{1, 31, 1}, 0},
        {{1, 95, 1}, 2},
        {{95, 96, -1}, 3},
        {{0, 48, 2}, 3},
        {{31, 2, 1}, 1},
        {{0, 3, 32}, 3},
        {{1, 3, 32}, 0},
        {{64, 3, -32}, 3},
    };
    struct dq_model *m = open_overflowing(*state);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t nblocks = 1; nblocks <= 3; nblocks++) {
            const struct dq_range ranges[DQ_DIMS_MAX] = {
                rows[i].range, {0, 1, 1}, {0, 1, 1}, {0, 1, 1}};
            uint64_t n_overflow = 0;
            struct memory_sink *sink =
                run(m, &m->tensors[0], DQ_DTYPE_f16, ranges, nblocks, &n_overflow);
            if (n_overflow != rows[i].n_overflow)
                fail_msg("row %zu, %zu blocks: %" PRIu64 " overflows, not %" PRIu64, i, nblocks,
                    n_overflow, rows[i].n_overflow);
            memory_free(sink);
        }
    }
    dq_model_free(m);
}

static int run_into(struct memory_sink *sink, const struct dq_model *m, struct dq_error *e)
{
    struct dq_plan plan;
    struct lanes lanes = lanes_new(&dq_types[DQ_TYPE_q8_0], 2, 1);
    uint64_t unused = 0;
    dq_plan_init(&plan, m, &m->tensors[0], DQ_DTYPE_f32, NULL);
    const int rc = run_plan(lanes.items, lanes.n, &plan, &sink->sink, &unused, &unused, e);
    lanes_free(&lanes);
    return rc;
}

static void a_file_that_shrank_ends_the_run(void **state)
{
    struct dq_error e;
    struct dq_model *m = open_random(*state, &dq_types[DQ_TYPE_q8_0], 4, 1);
    const struct dq_tensor *t = &m->tensors[0];
    struct memory_sink *sink = memory_new((size_t)t->n_weights * 4);
    assert_int_equal(truncate(m->path, (off_t)(t->offset + t->n_bytes / 2)), 0);
    check_error(run_into(sink, m, &e), &e, DQ_ERR_IO, "it was longer when it was opened");
    assert_int_equal(sink->len, sink->cap / 2);
    memory_free(sink);
    dq_model_free(m);
}

static void a_sink_that_fails_ends_the_run(void **state)
{
    struct dq_error e;
    struct dq_model *m = open_random(*state, &dq_types[DQ_TYPE_q8_0], 4, 1);
    struct memory_sink *sink = memory_new(0);
    sink->fails_at = 0;
    check_error(run_into(sink, m, &e), &e, DQ_ERR_CLOSED, "put 0 fails");
    assert_int_equal(sink->n_puts, 1);
    memory_free(sink);
    dq_model_free(m);
}

static void unknown_types_come_out_as_bytes(void **state)
{
    struct build b;
    struct dq_plan plan;
    struct dq_error e;
    struct dq_lane *lane = NULL;
    uint64_t n_overflow = 0;
    uint64_t n_bytes = 0;
    build_begin(&b, 3, false, 1, 0);
    build_tensor1(&b, "x", 153, 0, 5);
    build_data(&b, 32, 100);
    struct dq_model *m = build_open(&b, *state);
    struct memory_sink *sink = memory_new(100);
    dq_plan_init(&plan, m, &m->tensors[0], DQ_DTYPE_native, NULL);
    check_ok(dq_lane_new_cpu(dq_cpu_best(), 7, 7, &lane, &e), &e);
    check_ok(run_plan(&lane, 1, &plan, &sink->sink, &n_overflow, &n_bytes, &e), &e);
    assert_int_equal(sink->len, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(sink->bytes[i], i);
    dq_lane_free(lane);
    memory_free(sink);
    dq_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(every_type_comes_out_as_every_dtype),
        scratch_test(slices_are_picked_from_the_whole),
        scratch_test(overflows_are_counted),
        scratch_test(only_overflows_of_selected_weights_are_counted),
        scratch_test(a_file_that_shrank_ends_the_run),
        scratch_test(a_sink_that_fails_ends_the_run),
        scratch_test(unknown_types_come_out_as_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
