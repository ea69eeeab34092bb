/* Total sizes of outputs. */
#include "dq_test.h"
#include "extract/output.h"

static void totals_count_one_status_and_do_not_wrap(void **state)
{
    enum { EACH = 5 };
    struct dq_output items[EACH + 2] = {
        {.n_bytes = 100, .status = DQ_WRITTEN},
        {.n_bytes = 7, .status = DQ_WRITTEN},
    };
    struct dq_file_plan plans[EACH + 2] = {{.len = 228}, {.len = 7}};
    struct dq_output_file files[EACH + 2] = {{.status = DQ_WRITTEN}, {.status = DQ_WRITTEN}};
    const struct dq_outputs o = {.items = items,
        .n = EACH + 2,
        .set = {.files = plans, .n_files = EACH + 2},
        .files = files};
    (void)state;
    for (int i = 2; i < EACH + 2; i++) {
        items[i] = (struct dq_output){.n_bytes = ((uint64_t)1 << 62) - 256, .status = DQ_PLANNED};
        plans[i].len = ((uint64_t)1 << 62) - 128;
        files[i].status = DQ_PLANNED;
    }
    assert_true(dq_outputs_bytes(&o, DQ_WRITTEN, true) == 235);
    assert_true(dq_outputs_bytes(&o, DQ_WRITTEN, false) == 107);
    assert_true(dq_outputs_bytes(&o, DQ_PLANNED, true) == UINT64_MAX);
    assert_true(dq_outputs_bytes(&o, DQ_PLANNED, false) == UINT64_MAX);
    assert_true(dq_outputs_bytes(&o, DQ_SKIPPED, true) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_count_one_status_and_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
