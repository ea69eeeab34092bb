/* Tensors read for values that cannot be right: blocks far in, zeros of all kinds, both orders of
 * bytes. */
#include "build_gguf.h"
#include "dq_test.h"
#include "reduce/scan.h"

#include <stdlib.h>
#include <string.h>

enum { F32 = 0, F16 = 1, Q4_0 = 2, Q8_0 = 8, I8 = 24, F64 = 28, MXFP4 = 39 };

static void count(void *arg, uint64_t n_bytes)
{
    uint64_t *sum = arg;
    *sum += n_bytes;
}

/* What is found in a model of one tensor with these bytes. */
static struct dq_scan check(struct scratch *s, bool big_endian, uint32_t type, uint64_t n_weights,
    const uint8_t *bytes, size_t len, uint64_t *n_read)
{
    struct build b;
    struct dq_scan v;
    struct dq_error e;
    build_begin(&b, 3, big_endian, 1, 0);
    build_tensor1(&b, "x", type, 0, n_weights);
    build_data(&b, 32, 0);
    build_bytes(&b, bytes, len);
    struct dq_model *m = build_open(&b, s);
    uint8_t *room = malloc(DQ_SCAN_BUFFER);
    assert_non_null(room);
    assert_null(m->tensors[0].problem);
    assert_int_equal(m->tensors[0].n_bytes, len);
    *n_read = 0;
    check_ok(dq_scan_tensor(m, &m->tensors[0], room, count, n_read, &v, &e), &e);
    free(room);
    dq_model_free(m);
    return v;
}

/* More than fits the buffer at once, which holds 15420 blocks. */
static void blocks_are_counted_over_pieces(void **state)
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
    bytes[LEN - 4] = 1; /* the smallest number */
    v = check(*state, false, F32, LEN / 4, bytes, LEN, &n_read);
    assert_false(v.all_zero);
    bytes[LEN - 4] = 0;
    bytes[0] = 1; /* and nothing but zeros in the next piece */
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

static void fields_of_big_endian_blocks_are_turned(void **state)
{
    uint8_t bytes[2 * 34] = {0};
    uint64_t n_read;
    bytes[34] = 0x7c; /* little-endian it would be a small number */
    const struct dq_scan v = check(*state, true, Q8_0, 64, bytes, sizeof bytes, &n_read);
    assert_int_equal(v.n_bad, 1);
    assert_int_equal(v.first_block, 1);
    assert_int_equal(v.first.bits, 0x7c00);
    assert_false(v.first.is_nan);
}

static void a_file_that_became_shorter_is_an_error(void **state)
{
    struct build b;
    struct dq_scan v;
    struct dq_error e;
    uint8_t room[DQ_SCAN_BUFFER];
    build_begin(&b, 3, false, 1, 0);
    build_tensor1(&b, "x", I8, 0, 100);
    build_data(&b, 32, 100);
    struct dq_model *m = build_open(&b, *state);
    m->tensors[0].n_bytes = 101;
    check_error(dq_scan_tensor(m, &m->tensors[0], room, NULL, NULL, &v, &e), &e, DQ_ERR_IO,
        "the file ends at offset");
    dq_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(blocks_are_counted_over_pieces),
        scratch_test(one_number_is_enough),
        scratch_test(zeros_of_all_kinds_are_zero),
        scratch_test(a_tensor_without_weights_is_not_all_zero),
        scratch_test(fields_of_big_endian_blocks_are_turned),
        scratch_test(a_file_that_became_shorter_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
