/* Where a cache is looked for. What is found in it: tests/cli/model/. */
#include "cli/cache.h"

#include "base/mem.h"
#include "dq_test.h"
#include "scratch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void check_folder(const struct dq_cache *c, const char *expected)
{
    struct dq_error e;
    char *folder = NULL;
    check_ok(dq_cache_folder(c, &folder, &e), &e);
    assert_string_equal(folder, expected);
    dq_mem_free(folder);
}

static void the_first_variable_wins(void **state)
{
    static const struct dq_cache_place places[] = {
        {"DQ_TEST_CACHE", "", false}, {"DQ_TEST_HOME", "/hub", false}};
    const struct dq_cache c = {.prefix = "test:", .places = places, .n_places = 2};
    struct dq_error e;
    char *folder = NULL;
    (void)state;
    unsetenv("DQ_TEST_CACHE");
    unsetenv("DQ_TEST_HOME");
    check_error(dq_cache_folder(&c, &folder, &e), &e, DQ_ERR_USAGE, "set DQ_TEST_CACHE");
    setenv("DQ_TEST_HOME", "b", 1);
    check_folder(&c, "b/hub");
    setenv("DQ_TEST_CACHE", "", 1); /* as good as not set */
    check_folder(&c, "b/hub");
    setenv("DQ_TEST_CACHE", "a", 1); /* even if it does not exist */
    check_folder(&c, "a");
    setenv("HOME", "h", 1);
    setenv("DQ_TEST_CACHE", "~/a", 1);
    check_folder(&c, "h/a");
    setenv("DQ_TEST_CACHE", "~a", 1);
    check_folder(&c, "~a");
}

static void of_the_defaults_the_one_that_exists_wins(void **state)
{
    char *first = dq_mem_printf("%s/first", scratch_path(*state, ""));
    char *second = dq_mem_printf("%s/second", scratch_path(*state, ""));
    const struct dq_cache_place places[] = {
        {"DQ_TEST_CACHE", "", false}, {NULL, first, true}, {NULL, second, true}};
    const struct dq_cache c = {.prefix = "test:", .places = places, .n_places = 3};
    unsetenv("DQ_TEST_CACHE");
    check_folder(&c, first);
    assert_int_equal(mkdir(second, 0777), 0);
    check_folder(&c, second);
    assert_int_equal(mkdir(first, 0777), 0);
    check_folder(&c, first);
    setenv("DQ_TEST_CACHE", "nowhere", 1);
    check_folder(&c, "nowhere");
    dq_mem_free(first);
    dq_mem_free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(the_first_variable_wins),
        scratch_test(of_the_defaults_the_one_that_exists_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
