/* Memory is counted, and a limit holds. */
#include "base/mem.h"
#include "dq_test.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

static int no_limit(void **state)
{
    (void)state;
    dq_mem_limit(SIZE_MAX);
    return 0;
}

static size_t taken(void)
{
    return SIZE_MAX - dq_mem_left();
}

static void what_is_taken_is_counted_until_it_is_freed(void **state)
{
    const size_t before = taken();
    (void)state;
    char *a = dq_mem_alloc(1000);
    uint8_t *b = dq_mem_calloc(100, 30);
    char *c = dq_mem_strdup("word");
    char *d = dq_mem_strndup("wording", 4);
    assert_non_null(a);
    assert_non_null(b);
    for (size_t i = 0; i < 3000; i++)
        assert_int_equal(b[i], 0);
    assert_string_equal(c, "word");
    assert_string_equal(d, "word");
    const size_t all = taken() - before;
    assert_true(all >= 1000 + 3000 + 5 + 5);
    assert_true(all <= 1000 + 3000 + 5 + 5 + 4 * 64); /* what the allocator adds */
    memset(a, 'a', 1000);
    a = dq_mem_realloc(a, 50000);
    assert_non_null(a);
    assert_int_equal(a[999], 'a');
    assert_true(taken() - before >= all + 49000);
    assert_true(taken() - before <= all + 49000 + 8192);
    dq_mem_free(a);
    dq_mem_free(b);
    dq_mem_free(c);
    dq_mem_free(d);
    dq_mem_free(NULL);
    assert_int_equal(taken(), before);
}

static void the_limit_holds(void **state)
{
    const size_t before = taken();
    (void)state;
    dq_mem_limit(before + 10000);
    assert_int_equal(dq_mem_left(), 10000);
    char *a = dq_mem_alloc(6000);
    assert_non_null(a);
    errno = 0;
    assert_null(dq_mem_alloc(5000));
    assert_int_equal(errno, ENOMEM);
    assert_true(dq_mem_refused() >= before + 11000);
    assert_true(dq_mem_refused() < before + 11100);
    assert_null(dq_mem_calloc(50, 100));
    assert_null(dq_mem_realloc(a, 6100)); /* for a time there may be both */
    char *b = dq_mem_alloc(2000);
    assert_non_null(b);
    dq_mem_free(b);
    assert_non_null(a = dq_mem_realloc(a, 3000));
    dq_mem_free(a);
    assert_int_equal(dq_mem_left(), 10000);
}

static void sizes_do_not_wrap_round(void **state)
{
    const size_t before = taken();
    (void)state;
    char *a = dq_mem_alloc(1);
    assert_null(dq_mem_calloc(SIZE_MAX / 2, 3));
    assert_null(dq_mem_calloc(3, SIZE_MAX / 2));
    dq_mem_limit(before + 1000000);
    assert_null(dq_mem_alloc(SIZE_MAX - 5));
    assert_int_equal(dq_mem_refused(), SIZE_MAX);
    dq_mem_limit(0); /* less than is taken already */
    assert_int_equal(dq_mem_left(), 0);
    assert_null(dq_mem_alloc(1));
    assert_false(dq_mem_charge(0));
    dq_mem_free(a);
    dq_mem_limit(SIZE_MAX);
    assert_int_equal(taken(), before);
}

static void memory_from_elsewhere_counts(void **state)
{
    const size_t before = taken();
    (void)state;
    dq_mem_limit(before + 5000);
    assert_true(dq_mem_charge(4000));
    assert_false(dq_mem_charge(1001));
    assert_true(dq_mem_charge(1000));
    assert_null(dq_mem_alloc(1));
    dq_mem_uncharge(5000);
    assert_int_equal(dq_mem_left(), 5000);
}

enum { N_THREADS = 4, TIMES = 2000 };

static void *take_and_give(void *arg)
{
    for (int i = 0; i < TIMES; i++) {
        void *p = dq_mem_alloc((size_t)i);
        if (dq_mem_left() > SIZE_MAX / 2) /* the limit is far below */
            return NULL;
        dq_mem_free(p);
    }
    return arg;
}

static void threads_count_together(void **state)
{
    const size_t before = taken();
    pthread_t threads[N_THREADS];
    int token;
    (void)state;
    dq_mem_limit(before + 4000);
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &token), 0);
    for (int i = 0; i < N_THREADS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &token);
    }
    assert_int_equal(dq_mem_left(), 4000);
}

static void formatted_text_is_counted(void **state)
{
    const size_t before = taken();
    (void)state;
    char *text = dq_mem_printf("%s/%d%.*s", "a", -7, 2, "bcd");
    assert_non_null(text);
    assert_string_equal(text, "a/-7bc");
    assert_true(taken() > before);
    dq_mem_free(text);
    text = dq_mem_printf("%300s", "x");
    assert_non_null(text);
    assert_int_equal(strlen(text), 300);
    dq_mem_free(text);
    assert_int_equal(taken(), before);
    dq_mem_limit(before + 100);
    assert_null(dq_mem_printf("%300s", "x"));
}

#define limited_test(f) cmocka_unit_test_teardown(f, no_limit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        limited_test(what_is_taken_is_counted_until_it_is_freed),
        limited_test(the_limit_holds),
        limited_test(sizes_do_not_wrap_round),
        limited_test(memory_from_elsewhere_counts),
        limited_test(threads_count_together),
        limited_test(formatted_text_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
