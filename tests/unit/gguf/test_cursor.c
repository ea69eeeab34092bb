/* The cursor never passes the end of its file. */
#include "base/mem.h"
#include "dq_test.h"
#include "memory_cursor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void numbers_are_read_in_both_orders(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const struct {
        size_t len;
        uint64_t little;
        uint64_t big;
    } rows[] = {{1, 0x01, 0x01}, {2, 0x0201, 0x0102}, {4, 0x04030201, 0x01020304},
        {8, 0x0807060504030201, 0x0102030405060708}};
    for (size_t i = 0; i < 4; i++) {
        for (int big = 0; big < 2; big++) {
            struct dq_error e;
            uint64_t value = 0;
            struct dq_cursor c = cursor_on(bytes, sizeof bytes);
            c.big_endian = big;
            check_ok(dq_cursor_number(&c, rows[i].len, "number", &value, &e), &e);
            assert_true(value == (big ? rows[i].big : rows[i].little));
            assert_int_equal(c.pos, rows[i].len);
            assert_int_equal(dq_cursor_left(&c), 8 - rows[i].len);
            cursor_close(&c);
        }
    }
}

/* A file is read through a window; a number may cross the end of the window or end the file. */
static void numbers_are_read_at_every_offset(void **state)
{
    (void)state;
    enum { WINDOW = 65536, SIZE = 2 * WINDOW + 77, AROUND = 12 };
    static const size_t ends[] = {WINDOW, 2 * WINDOW, SIZE};
    static uint8_t bytes[SIZE];
    struct dq_error e;
    uint64_t value;
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(1 + i * 7 + (i >> 8));
    struct dq_cursor c = cursor_on(bytes, SIZE);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        for (size_t at = ends[i] - AROUND; at < ends[i] + AROUND; at++) {
            for (size_t len = 1; len <= 8 && at + len <= SIZE; len *= 2) {
                uint64_t wanted = 0;
                for (size_t k = len; k-- > 0;)
                    wanted = wanted << 8 | bytes[at + k];
                c.pos = ends[i] - WINDOW; /* where the window will begin */
                check_ok(dq_cursor_number(&c, 1, "first", &value, &e), &e);
                c.pos = at;
                check_ok(dq_cursor_number(&c, len, "number", &value, &e), &e);
                if (value != wanted || c.pos != at + len)
                    fail_msg("%zu bytes at %zu", len, at);
            }
        }
    }
    cursor_close(&c);
}

static void counts_are_narrow_in_version_1(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
    struct dq_error e;
    uint64_t count = 0;
    struct dq_cursor c = cursor_on(bytes, sizeof bytes);
    c.narrow = true;
    check_ok(dq_cursor_count(&c, "count", &count, &e), &e);
    assert_int_equal(count, 1);
    c.narrow = false;
    check_ok(dq_cursor_count(&c, "count", &count, &e), &e);
    assert_true(count == 0x300000002);
    cursor_close(&c);
}

static void a_number_past_the_end_is_refused(void **state)
{
    (void)state;
    struct dq_error e;
    uint64_t value = 77;
    uint32_t narrow = 77;
    struct dq_cursor c = cursor_on("1234567", 7);
    check_error(dq_cursor_u64(&c, "thing", &value, &e), &e, DQ_ERR_MALFORMED,
        "file: metadata ends past the end of the file: expected 8 bytes for the thing, found 7 "
        "(offset 0); is the file cut short?");
    assert_int_equal(c.pos, 0);
    check_ok(dq_cursor_skip(&c, "gap", 4, &e), &e);
    check_error(dq_cursor_u32(&c, "thing", &narrow, &e), &e, DQ_ERR_MALFORMED,
        "expected 4 bytes for the thing, found 3 (offset 4)");
    assert_int_equal(value, 77);
    assert_int_equal(narrow, 77);
    assert_int_equal(c.pos, 4);
    cursor_close(&c);
}

static void skips_end_at_the_end(void **state)
{
    (void)state;
    struct dq_error e;
    struct dq_cursor c = cursor_on("12345", 5);
    check_error(dq_cursor_skip(&c, "gap", 6, &e), &e, DQ_ERR_MALFORMED,
        "expected 6 bytes for the gap, found 5");
    check_error(dq_cursor_skip(&c, "gap", UINT64_MAX, &e), &e, DQ_ERR_MALFORMED,
        "expected 18446744073709551615 bytes for the ");
    check_ok(dq_cursor_skip(&c, "gap", 5, &e), &e);
    assert_int_equal(dq_cursor_left(&c), 0);
    check_ok(dq_cursor_skip(&c, "gap", 0, &e), &e);
    check_error(dq_cursor_skip(&c, "gap", 1, &e), &e, DQ_ERR_MALFORMED,
        "expected 1 byte for the gap, found 0");
    cursor_close(&c);
}

/* Reads a string of that claimed length in a file of 8 + 3 bytes. */
static void check_string(uint64_t claimed, uint64_t max, const char *words)
{
    uint8_t bytes[11] = {0, 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 'c'};
    struct dq_error e;
    struct dq_pool *pool = dq_pool_new();
    const char *text = NULL;
    size_t len = 0;
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(claimed >> 8 * i);
    struct dq_cursor c = cursor_on(bytes, sizeof bytes);
    const int rc = dq_cursor_string(&c, "name", max, pool, &text, &len, &e);
    if (words) {
        check_error(rc, &e, DQ_ERR_MALFORMED, words);
        assert_null(text);
    } else {
        check_ok(rc, &e);
        assert_int_equal(len, claimed);
        assert_int_equal(strlen(text), claimed);
        assert_memory_equal(text, "abc", len);
    }
    dq_pool_free(pool);
    cursor_close(&c);
}

static void strings_are_checked_against_the_file_and_the_maximum(void **state)
{
    (void)state;
    check_string(3, 3, NULL);
    check_string(0, 0, NULL);
    check_string(2, 100, NULL);
    check_string(3, 2, "key or name too long: expected at most 2 bytes for the name, found 3");
    check_string(4, 100, "expected 4 bytes for the name, found 3");
    check_string(UINT64_MAX, UINT64_MAX, "expected 18446744073709551615 bytes for the ");
    check_string(1ull << 63, UINT64_MAX, " bytes for the name, found 3");
}

static void long_files_are_read_through_the_window(void **state)
{
    (void)state;
    enum { LEN = 200000, PIECE = 70001 };
    struct dq_error e;
    uint8_t *bytes = malloc(LEN);
    uint8_t *piece = malloc(PIECE);
    assert_true(bytes && piece);
    for (size_t i = 0; i < LEN; i++)
        bytes[i] = (uint8_t)(i % 251);
    struct dq_cursor c = cursor_on(bytes, LEN);
    check_ok(dq_cursor_bytes(&c, "piece", piece, 7, &e), &e);
    assert_memory_equal(piece, bytes, 7);
    check_ok(dq_cursor_bytes(&c, "piece", piece, PIECE, &e), &e);
    assert_memory_equal(piece, bytes + 7, PIECE);
    check_ok(dq_cursor_skip(&c, "gap", 100000, &e), &e);
    check_ok(dq_cursor_bytes(&c, "piece", piece, LEN - 7 - PIECE - 100000, &e), &e);
    assert_memory_equal(piece, bytes + 7 + PIECE + 100000, LEN - 7 - PIECE - 100000);
    assert_int_equal(dq_cursor_left(&c), 0);
    c.pos = 3; /* backwards too, as the cursors of dq_kv_open may */
    check_ok(dq_cursor_bytes(&c, "piece", piece, 9, &e), &e);
    assert_memory_equal(piece, bytes + 3, 9);
    cursor_close(&c);
    free(piece);
    free(bytes);
}

static void a_file_that_shrank_is_an_error(void **state)
{
    struct dq_error e;
    uint64_t value;
    struct dq_source *source;
    struct dq_cursor c;
    const char *path = scratch_write(*state, "file", "123456789", 9);
    check_ok(dq_file_store.open(&dq_file_store, path, &source, &e), &e);
    check_ok(dq_cursor_init(&c, source, 0, &e), &e);
    assert_int_equal(truncate(path, 4), 0);
    check_error(dq_cursor_u64(&c, "thing", &value, &e), &e, DQ_ERR_IO, "longer when it was opened");
    dq_cursor_finish(&c);
    dq_source_close(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_in_both_orders),
        cmocka_unit_test(numbers_are_read_at_every_offset),
        cmocka_unit_test(counts_are_narrow_in_version_1),
        cmocka_unit_test(a_number_past_the_end_is_refused),
        cmocka_unit_test(skips_end_at_the_end),
        cmocka_unit_test(strings_are_checked_against_the_file_and_the_maximum),
        cmocka_unit_test(long_files_are_read_through_the_window),
        scratch_test(a_file_that_shrank_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
