/* Texts of a pool stay as they are until all of it is freed. */
#include "base/mem.h"
#include "base/pool.h"
#include "dq_test.h"

#include <stdint.h>
#include <string.h>

enum { MANY = 3000, LONGEST = 100000 };

/* Short ones fill blocks; each hundredth is longer than a block or than what is left of it. */
static size_t len_of(size_t i)
{
    return i % 100 == 99 ? i * (LONGEST / MANY) + 1 : i % 61 + 1;
}

static void texts_do_not_overlap(void **state)
{
    static char *texts[MANY];
    const size_t left = dq_mem_left();
    struct dq_pool *p = dq_pool_new();
    assert_non_null(p);
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        texts[i] = dq_pool_alloc(p, len_of(i));
        assert_non_null(texts[i]);
        memset(texts[i], (int)(i % 251), len_of(i));
    }
    for (size_t i = 0; i < MANY; i++) {
        for (size_t k = 0; k < len_of(i); k++) {
            if ((unsigned char)texts[i][k] != i % 251)
                fail_msg("byte %zu of text %zu was overwritten", k, i);
        }
    }
    assert_true(dq_mem_left() < left);
    dq_pool_free(p);
    assert_true(dq_mem_left() == left);
}

static void copies_end_in_nul(void **state)
{
    struct dq_pool *p = dq_pool_new();
    (void)state;
    assert_non_null(p);
    const char *empty = dq_pool_strdup(p, "");
    const char *whole = dq_pool_strdup(p, "blk.0.attn_q");
    const char *part = dq_pool_strndup(p, "blk.0.attn_q", 3);
    const char *with_nul = dq_pool_strndup(p, "a\0b", 3);
    assert_string_equal(empty, "");
    assert_string_equal(whole, "blk.0.attn_q");
    assert_string_equal(part, "blk");
    assert_memory_equal(with_nul, "a\0b", 4);
    dq_pool_free(p);
    dq_pool_free(NULL);
}

/* What was allocated before can still be read and freed. */
static void short_memory_fails(void **state)
{
    struct dq_pool *p = dq_pool_new();
    (void)state;
    assert_non_null(p);
    const char *text = dq_pool_strdup(p, "text");
    assert_non_null(text);
    assert_null(dq_pool_alloc(p, SIZE_MAX));
    dq_mem_limit(1);
    assert_null(dq_pool_alloc(p, 100000));
    while (dq_pool_alloc(p, 100)) /* until its block is full */
        continue;
    dq_mem_limit(SIZE_MAX);
    assert_string_equal(text, "text");
    dq_pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_do_not_overlap),
        cmocka_unit_test(copies_end_in_nul),
        cmocka_unit_test(short_memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
