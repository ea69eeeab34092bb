/* Lists of strings. */
#include "base/strvec.h"
#include "dq_test.h"
#include "scratch.h"

#include <stdio.h>
#include <string.h>

static void strings_are_copied_and_ended(void **state)
{
    char text[] = "hello";
    struct dq_strvec list = {0};
    struct dq_error e;
    (void)state;
    check_ok(dq_strvec_add(&list, text, 4, &e), &e);
    check_ok(dq_strvec_add(&list, text, 0, &e), &e);
    memset(text, '#', sizeof text - 1);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.items[0], "hell");
    assert_string_equal(list.items[1], "");
    dq_strvec_finish(&list);
}

static void many_strings_keep_their_order(void **state)
{
    struct dq_strvec list = {0};
    struct dq_error e;
    char text[16];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "%d", i);
        check_ok(dq_strvec_add(&list, text, strlen(text), &e), &e);
    }
    assert_int_equal(list.n, 1000);
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "%d", i);
        assert_string_equal(list.items[i], text);
    }
    dq_strvec_finish(&list);
}

static void a_finished_list_is_empty_and_can_grow_again(void **state)
{
    struct dq_strvec list = {0};
    struct dq_error e;
    (void)state;
    dq_strvec_finish(&list);
    check_ok(dq_strvec_add(&list, "x", 1, &e), &e);
    dq_strvec_finish(&list);
    assert_int_equal(list.n, 0);
    assert_null(list.items);
    check_ok(dq_strvec_add(&list, "y", 1, &e), &e);
    assert_string_equal(list.items[0], "y");
    dq_strvec_finish(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_copied_and_ended),
        cmocka_unit_test(many_strings_keep_their_order),
        cmocka_unit_test(a_finished_list_is_empty_and_can_grow_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
