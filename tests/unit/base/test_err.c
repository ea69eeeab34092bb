/* Error codes, texts and exit statuses. */
#include "base/err.h"
#include "dq_test.h"

#include <errno.h>
#include <string.h>

static void failing_writes_the_text_and_returns_the_code(void **state)
{
    struct dq_error e;
    (void)state;
    assert_int_equal(dq_fail(&e, DQ_ERR_USAGE, "no %s, %d", "tea", 2), DQ_ERR_USAGE);
    assert_string_equal(e.text, "no tea, 2");
}

static void nobody_need_listen(void **state)
{
    (void)state;
    errno = EPIPE;
    assert_int_equal(dq_fail(NULL, DQ_ERR_TYPE, "unheard"), DQ_ERR_TYPE);
    assert_int_equal(dq_fail_errno(NULL, "unheard"), DQ_ERR_CLOSED);
    assert_int_equal(dq_fail_nomem(NULL), DQ_ERR_MEMORY);
}

static void long_texts_are_cut(void **state)
{
    static char text[3000];
    struct dq_error e;
    (void)state;
    memset(text, 'x', sizeof text - 1);
    dq_fail(&e, DQ_ERR_IO, "%s", text);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    errno = ENOENT;
    assert_int_equal(dq_fail_errno(&e, "%s", text), DQ_ERR_IO);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void errno_gives_words_and_code(void **state)
{
    static const struct {
        int number;
        int code;
    } rows[] = {{ENOENT, DQ_ERR_IO}, {ENOSPC, DQ_ERR_IO}, {EACCES, DQ_ERR_IO},
        {ENOMEM, DQ_ERR_MEMORY}, {EPIPE, DQ_ERR_CLOSED}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_error e;
        errno = rows[i].number;
        assert_int_equal(dq_fail_errno(&e, "%s: %s", "file", "open"), rows[i].code);
        assert_memory_equal(e.text, "file: open: ", 12);
        assert_string_equal(e.text + 12, strerror(rows[i].number));
    }
}

static void exit_statuses_are_stable(void **state)
{
    (void)state;
    assert_int_equal(dq_exit_status(0), 0);
    assert_int_equal(dq_exit_status(DQ_ERR_MISMATCH), 1);
    assert_int_equal(dq_exit_status(DQ_ERR_USAGE), 2);
    assert_int_equal(dq_exit_status(DQ_ERR_MALFORMED), 3);
    assert_int_equal(dq_exit_status(DQ_ERR_NO_TENSOR), 4);
    assert_int_equal(dq_exit_status(DQ_ERR_TYPE), 5);
    assert_int_equal(dq_exit_status(DQ_ERR_IO), 6);
    assert_int_equal(dq_exit_status(DQ_ERR_GPU), 7);
    assert_int_equal(dq_exit_status(DQ_ERR_MEMORY), 8);
    assert_int_equal(dq_exit_status(DQ_ERR_CLOSED), 0);
}

static void codes_are_negative_and_differ(void **state)
{
    static const int codes[] = {
#define DQ_ERROR(name, status, meaning) DQ_ERR_##name,
#include "base/errors.def"
#undef DQ_ERROR
    };
    const size_t n = sizeof codes / sizeof codes[0];
    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_true(codes[i] < 0);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(codes[i], codes[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_writes_the_text_and_returns_the_code),
        cmocka_unit_test(nobody_need_listen),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(errno_gives_words_and_code),
        cmocka_unit_test(exit_statuses_are_stable),
        cmocka_unit_test(codes_are_negative_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
