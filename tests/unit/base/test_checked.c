/* Arithmetic that does not wrap round. */
#include "base/checked.h"
#include "dq_test.h"

static void sums_are_exact_or_refused(void **state)
{
    uint64_t out = 7;
    (void)state;
    assert_true(dq_add_u64(UINT64_MAX - 5, 5, &out));
    assert_true(out == UINT64_MAX);
    out = 7;
    assert_false(dq_add_u64(UINT64_MAX - 5, 6, &out));
    assert_false(dq_add_u64(6, UINT64_MAX - 5, &out));
    assert_false(dq_add_u64(UINT64_MAX, UINT64_MAX, &out));
    assert_int_equal(out, 7);
    assert_true(dq_add_u64(0, 0, &out));
    assert_int_equal(out, 0);
}

static void totals_stop_at_the_greatest_number(void **state)
{
    (void)state;
    assert_true(dq_add_sat_u64(3, 4) == 7);
    assert_true(dq_add_sat_u64(UINT64_MAX - 4, 4) == UINT64_MAX);
    assert_true(dq_add_sat_u64(UINT64_MAX - 4, 5) == UINT64_MAX);
    assert_true(dq_add_sat_u64(5, UINT64_MAX - 4) == UINT64_MAX);
    assert_true(dq_add_sat_u64(UINT64_MAX, UINT64_MAX) == UINT64_MAX);
}

static void products_are_exact_or_refused(void **state)
{
    uint64_t out = 7;
    (void)state;
    assert_true(dq_mul_u64(UINT32_MAX, UINT32_MAX, &out));
    assert_true(out == 0xfffffffe00000001u);
    assert_true(dq_mul_u64(UINT64_MAX, 1, &out));
    assert_true(out == UINT64_MAX);
    assert_true(dq_mul_u64(UINT64_MAX / 3, 3, &out));
    assert_true(out == UINT64_MAX);
    out = 7;
    assert_false(dq_mul_u64(UINT64_MAX / 3 + 1, 3, &out));
    assert_false(dq_mul_u64(3, UINT64_MAX / 3 + 1, &out));
    assert_false(dq_mul_u64(1ull << 32, 1ull << 32, &out));
    assert_int_equal(out, 7);
    assert_true(dq_mul_u64(0, UINT64_MAX, &out));
    assert_int_equal(out, 0);
    out = 7;
    assert_true(dq_mul_u64(UINT64_MAX, 0, &out));
    assert_int_equal(out, 0);
}

static void alignment_rounds_up_or_is_refused(void **state)
{
    uint64_t out = 7;
    (void)state;
    for (uint64_t a = 0; a < 100; a++) {
        for (uint64_t alignment = 1; alignment <= 64; alignment *= 2) {
            assert_true(dq_align_u64(a, alignment, &out));
            assert_true(out % alignment == 0 && out >= a && out - a < alignment);
        }
    }
    assert_true(dq_align_u64(UINT64_MAX - 31, 32, &out));
    assert_true(out == UINT64_MAX - 31);
    out = 7;
    assert_false(dq_align_u64(UINT64_MAX - 30, 32, &out));
    assert_int_equal(out, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_exact_or_refused),
        cmocka_unit_test(totals_stop_at_the_greatest_number),
        cmocka_unit_test(products_are_exact_or_refused),
        cmocka_unit_test(alignment_rounds_up_or_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
