/* Rounding of wide integers: to the nearest double, ties to even, whatever is below. */
#include "dq_test.h"
#include "reduce/wide.h"

#include <math.h>

enum { SHIFT_MAX = 600 };

static const uint64_t values[] = {0, 1, 3, UINT64_C(1) << 31, (UINT64_C(1) << 53) - 1,
    (UINT64_C(1) << 53) + 1, (UINT64_C(1) << 53) + 3, (UINT64_C(1) << 54) + 2,
    (UINT64_C(1) << 54) + 6, (UINT64_C(1) << 63) + 1024, (UINT64_C(1) << 63) + 3072,
    UINT64_MAX - 1024, UINT64_MAX};

enum { N_VALUES = sizeof values / sizeof values[0] };

static void check(uint64_t value, unsigned shift, bool is_negative, uint64_t below)
{
    struct dq_wide w = {{0}};
    /* What is below only tells on which side of a tie the value is. */
    const double wanted = ldexp((double)(value | (below > 0)), (int)shift - 298);
    dq_wide_add_shifted(&w, value, is_negative, shift);
    dq_wide_add_shifted(&w, below, is_negative, 0);
    assert_true(dq_wide_round(&w, -298) == (is_negative ? -wanted : wanted));
}

/* The conversion of 64-bit integers rounds in the same way. */
static void values_are_rounded_to_the_nearest(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_VALUES; i++) {
        for (unsigned shift = 0; shift <= SHIFT_MAX; shift++) {
            check(values[i], shift, false, 0);
            check(values[i], shift, true, 0);
            if (shift > 0 && values[i] >= UINT64_C(1) << 54) {
                check(values[i], shift, false, 1);
                check(values[i], shift, true, 1);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_rounded_to_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
