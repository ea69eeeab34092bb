/* Value checks: faults in any chunk, zeros of all kinds, both byte orders. */
#include "build_gguf.h"
#include "dq_test.h"
#include "reduce/scan.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { F32 = 0, F16 = 1, Q4_0 = 2, Q8_0 = 8, I8 = 24, F64 = 28, MXFP4 = 39 };

/* The result of a scan, and how much it read. */
struct found {
    struct dq_plan plan;
    struct dq_scan scan;
    atomic_ullong n_bytes;
    size_t n_ends;
};

static void count(void *arg, uint64_t n_bytes)
{
    struct found *f = arg;
    atomic_fetch_add(&f->n_bytes, n_bytes);
}

static const struct dq_plan *plan(void *arg, size_t tensor)
{
    const struct found *f = arg;
    assert_int_equal(tensor, 0);
    return &f->plan;
}

static int keep(void *arg, size_t tensor, const struct dq_scan *s, struct dq_error *e)
{
    struct found *f = arg;
    (void)e;
    assert_int_equal(tensor, 0);
    f->scan = *s;
    f->n_ends++;
    return 0;
}

/* Scans the only tensor of a model on some small lanes. */
static int scan(const struct dq_model *m, struct found *f, struct dq_error *e)
{
    enum { N_LANES = 3, LANE_LEN = 256 << 10 };
    struct dq_lane *lanes[N_LANES];
    const struct dq_scan_job job = {1, plan, count, keep, f};
    *f = (struct found){.n_ends = 0};
    for (size_t i = 0; i < N_LANES; i++)
        check_ok(dq_lane_new_cpu(dq_cpu_best(), LANE_LEN, LANE_LEN, &lanes[i], e), e);
    dq_plan_init(&f->plan, m, &m->tensors[0], DQ_DTYPE_native, NULL);
    const int rc = dq_scan_tensors(lanes, N_LANES, &job, e);
    for (size_t i = 0; i < N_LANES; i++)
        dq_lane_free(lanes[i]);
    assert_int_equal(f->n_ends, rc == 0);
    return rc;
}

/* Scans a model of one tensor with these bytes. */
static struct dq_scan check(struct scratch *s, bool big_endian, uint32_t type, uint64_t n_weights,
    const uint8_t *bytes, size_t len, uint64_t *n_read)
{
    struct build b;
    struct found found;
    struct dq_error e;
    build_begin(&b, 3, big_endian, 1, 0);
    build_tensor1(&b, "x", type, 0, n_weights);
    build_data(&b, 32, 0);
    build_bytes(&b, bytes, len);
    struct dq_model *m = build_open(&b, s);
    assert_null(m->tensors[0].problem);
    assert_int_equal(m->tensors[0].n_bytes, len);
    check_ok(scan(m, &found, &e), &e);
    *n_read = found.n_bytes;
    dq_model_free(m);
    return found.scan;
}

/* Several chunks: the first fault of the tensor is reported, whichever lane finds it. */
static void blocks_are_counted_over_chunks(void **state)
{
    enum { N = 40000, LEN = 17 };
    uint8_t *bytes = calloc(N, LEN);
    uint64_t n_read;
    assert_non_null(bytes);
    memset(bytes, 1, (size_t)N * LEN);
    bytes[20000 * LEN] = 0xff;
    bytes[39999 * LEN] = 0xff;
    const struct dq_scan v =
        check(*state, false, MXFP4, (uint64_t)N * 32, bytes, (size_t)N * LEN, &n_read);
    assert_int_equal(v.n_bad, 2);
    assert_int_equal(v.first_block, 20000);
    assert_int_equal(v.first.bits, 0xff);
    assert_int_equal(n_read, (uint64_t)N * LEN);
    assert_false(v.all_zero);
    free(bytes);
}

static void one_number_is_enough(void **state)
{
    enum { LEN = 300000 };
    uint8_t *bytes = calloc(1, LEN);
    uint64_t n_read;
    assert_non_null(bytes);
    struct dq_scan v = check(*state, false, F32, LEN / 4, bytes, LEN, &n_read);
    assert_true(v.all_zero);
    bytes[LEN - 4] = 1; /* the smallest positive number */
    v = check(*state, false, F32, LEN / 4, bytes, LEN, &n_read);
    assert_false(v.all_zero);
    bytes[LEN - 4] = 0;
    bytes[0] = 1; /* the next chunk has only zeros */
    v = check(*state, false, F32, LEN / 4, bytes, LEN, &n_read);
    assert_false(v.all_zero);
    free(bytes);
}

/* A type, a block, and whether all of its weights are zero. */
static void zeros_of_all_kinds_are_zero(void **state)
{
    static const struct {
        uint32_t type;
        uint32_t n_weights;
        uint32_t len;
        uint8_t bytes[18];
        bool zero;
    } rows[] = {
        {F32, 1, 4, {0, 0, 0, 0x80}, true},
        {F16, 1, 2, {0, 0x80}, true},
        {F16, 1, 2, {1, 0x80}, false},
        {I8, 1, 1, {0x80}, false},
        {F64, 1, 8, {0, 0, 0, 0, 0, 0, 0, 0x80}, true},
        {F64, 1, 8, {1}, false}, /* zero as f32 */
        {Q4_0, 32, 18, {0, 0, 0x12}, true},
        {Q4_0, 32, 18, {0, 0x80, 0x12}, true},
        {Q4_0, 32, 18, {1, 0, 0x12}, false},
        /* a scale, but codes that mean zero */
        {Q4_0, 32, 18,
            {0, 0x3c, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88,
                0x88, 0x88, 0x88},
            true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t n_read;
        const struct dq_scan v = check(
            *state, false, rows[i].type, rows[i].n_weights, rows[i].bytes, rows[i].len, &n_read);
        if (v.all_zero != rows[i].zero || v.n_bad > 0)
            fail_msg("row %zu", i);
    }
}

static void a_tensor_without_weights_is_not_all_zero(void **state)
{
    uint64_t n_read;
    assert_false(check(*state, false, F32, 0, NULL, 0, &n_read).all_zero);
}

static void fields_of_big_endian_blocks_are_swapped(void **state)
{
    uint8_t bytes[2 * 34] = {0};
    uint64_t n_read;
    bytes[34] = 0x7c; /* in little-endian order, a small number */
    const struct dq_scan v = check(*state, true, Q8_0, 64, bytes, sizeof bytes, &n_read);
    assert_int_equal(v.n_bad, 1);
    assert_int_equal(v.first_block, 1);
    assert_int_equal(v.first.bits, 0x7c00);
    assert_false(v.first.is_nan);
}

static void a_file_that_became_shorter_is_an_error(void **state)
{
    struct build b;
    struct found found;
    struct dq_error e;
    build_begin(&b, 3, false, 1, 0);
    build_tensor1(&b, "x", I8, 0, 100);
    build_data(&b, 32, 100);
    struct dq_model *m = build_open(&b, *state);
    assert_int_equal(truncate(m->path, (off_t)m->tensors[0].offset + 99), 0);
    check_error(scan(m, &found, &e), &e, DQ_ERR_IO, "the file ends at offset");
    dq_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(blocks_are_counted_over_chunks),
        scratch_test(one_number_is_enough),
        scratch_test(zeros_of_all_kinds_are_zero),
        scratch_test(a_tensor_without_weights_is_not_all_zero),
        scratch_test(fields_of_big_endian_blocks_are_swapped),
        scratch_test(a_file_that_became_shorter_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
