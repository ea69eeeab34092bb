/* JSON piece by piece: what is written is what jansson reads back. */
#include "base/json.h"
#include "dq_test.h"
#include "scratch.h"

#include <stdlib.h>

static struct dq_json json_at(const char *path)
{
    struct dq_json j = {.file = fopen(path, "w")};
    assert_non_null(j.file);
    return j;
}

/* Ends the writer and compares the file with text. */
static void check_text(struct dq_json *j, const char *path, const char *text)
{
    struct dq_error e;
    size_t len;
    check_ok(dq_json_finish(j, &e), &e);
    fclose(j->file);
    char *written = scratch_read(path, &len);
    assert_string_equal(written, text);
    free(written);
}

static void objects_and_lists_are_laid_out(void **state)
{
    const char *path = scratch_path(*state, "json");
    struct dq_json j = json_at(path);
    dq_json_begin_object(&j, NULL);
    dq_json_put(&j, "one", json_integer(1));
    dq_json_begin_list(&j, "list");
    dq_json_put(&j, NULL, json_string("a"));
    dq_json_begin_object(&j, NULL);
    dq_json_put(&j, "k", json_true());
    dq_json_end(&j);
    dq_json_end(&j);
    dq_json_put(&j, "last", json_null());
    dq_json_end(&j);
    check_text(&j, path,
        "{\n  \"one\": 1,\n  \"list\": [\n    \"a\",\n    {\n      \"k\": true\n    }\n  ],\n"
        "  \"last\": null\n}\n");
}

static void rows_stay_on_one_line(void **state)
{
    const char *path = scratch_path(*state, "json");
    struct dq_json j = json_at(path);
    dq_json_begin_object(&j, NULL);
    dq_json_begin_row(&j, "row");
    dq_json_put(&j, NULL, json_integer(1));
    dq_json_put(&j, NULL, json_integer(2));
    dq_json_begin_row(&j, NULL);
    dq_json_put(&j, NULL, json_integer(3));
    dq_json_end(&j);
    dq_json_end(&j);
    dq_json_end(&j);
    check_text(&j, path, "{\n  \"row\": [1, 2, [3]]\n}\n");
}

static void what_is_empty_has_no_lines(void **state)
{
    const char *path = scratch_path(*state, "json");
    struct dq_json j = json_at(path);
    dq_json_begin_object(&j, NULL);
    dq_json_begin_list(&j, "list");
    dq_json_end(&j);
    dq_json_begin_row(&j, "row");
    dq_json_end(&j);
    dq_json_begin_object(&j, "object");
    dq_json_end(&j);
    dq_json_end(&j);
    dq_json_begin_object(&j, NULL);
    dq_json_end(&j);
    check_text(&j, path, "{\n  \"list\": [],\n  \"row\": [],\n  \"object\": {}\n}\n{}\n");
}

static void values_at_the_top_end_their_lines(void **state)
{
    const char *path = scratch_path(*state, "json");
    struct dq_json j = json_at(path);
    dq_json_put(&j, NULL, json_pack("{s:i}", "a", 1));
    dq_json_put(&j, NULL, json_string("x"));
    check_text(&j, path, "{\"a\": 1}\n\"x\"\n");
}

static void keys_and_texts_are_escaped_to_ascii(void **state)
{
    const char *path = scratch_path(*state, "json");
    struct dq_json j = json_at(path);
    dq_json_begin_object(&j, NULL);
    dq_json_put(&j, "a\"b\n\xc3\xbc", dq_json_text("\\\x01\0\x7f\xf0\x9f\x98\x80\x7f", 9));
    dq_json_end(&j);
    check_text(&j, path,
        "{\n  \"a\\\"b\\n\\u00FC\": \"\\\\\\u0001\\u0000\\u007f\\uD83D\\uDE00\\u007f\"\n}\n");
}

static void text_that_is_not_utf8_is_spelled(void **state)
{
    json_t *text = dq_json_text("a\xff\n", 3);
    (void)state;
    assert_non_null(text);
    assert_string_equal(json_string_value(text), "a\\xff\\n");
    json_decref(text);
}

static void numbers_beyond_63_bits_are_strings(void **state)
{
    const uint64_t values[] = {0, INT64_MAX, 1ull << 63, UINT64_MAX};
    (void)state;
    json_t *list = dq_json_u64s(values, 4);
    char *text = json_dumps(list, JSON_COMPACT);
    assert_non_null(text);
    assert_string_equal(
        text, "[0,9223372036854775807,\"9223372036854775808\",\"18446744073709551615\"]");
    free(text);
    json_decref(list);
    list = dq_json_u64s(NULL, 0);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

static void floats_have_the_digits_that_are_asked_for(void **state)
{
    const char *path = scratch_path(*state, "json");
    struct dq_json j = json_at(path);
    dq_json_put(&j, NULL, json_real(0.1));
    dq_json_put_digits(&j, NULL, json_real((double)0.1f), 9);
    dq_json_put_digits(&j, NULL, json_real((double)0.1f), 3);
    check_text(&j, path, "0.10000000000000001\n0.100000001\n0.1\n");
}

static void deep_nesting_is_read_back(void **state)
{
    struct dq_error e;
    json_error_t wrong;
    const char *path = scratch_path(*state, "json");
    struct dq_json j = json_at(path);
    for (int i = 0; i < DQ_JSON_DEPTH; i++)
        dq_json_begin_list(&j, NULL);
    for (int i = 0; i < DQ_JSON_DEPTH; i++)
        dq_json_end(&j);
    check_ok(dq_json_finish(&j, &e), &e);
    fclose(j.file);
    json_t *root = json_load_file(path, 0, &wrong);
    const json_t *list = root;
    for (int i = 1; i < DQ_JSON_DEPTH; i++) {
        assert_true(json_is_array(list));
        assert_int_equal(json_array_size(list), 1);
        list = json_array_get(list, 0);
    }
    assert_int_equal(json_array_size(list), 0);
    json_decref(root);
}

static void nesting_too_deep_is_an_error(void **state)
{
    struct dq_error e;
    struct dq_json j = json_at(scratch_path(*state, "json"));
    for (int i = 0; i < DQ_JSON_DEPTH + 1; i++)
        dq_json_begin_list(&j, NULL);
    assert_int_not_equal(dq_json_finish(&j, &e), 0);
    for (int i = 0; i < DQ_JSON_DEPTH + 1; i++)
        dq_json_end(&j);
    assert_int_not_equal(dq_json_finish(&j, &e), 0);
    fclose(j.file);
}

static void a_missing_value_is_an_error(void **state)
{
    struct dq_error e;
    struct dq_json j = json_at(scratch_path(*state, "json"));
    dq_json_put(&j, NULL, NULL); /* what jansson gives when memory is short */
    check_error(dq_json_finish(&j, &e), &e, DQ_ERR_MEMORY, "out of memory");
    fclose(j.file);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    for (int n = 1; n <= 100000; n *= 1000) { /* less and more than stdio's buffer */
        struct dq_error e;
        struct dq_json j = json_at("/dev/full");
        for (int i = 0; i < n; i++)
            dq_json_put(&j, NULL, json_string("x"));
        check_error(dq_json_finish(&j, &e), &e, DQ_ERR_IO, "write: ");
        fclose(j.file);
    }
}

static void files_are_read_as_objects(void **state)
{
    static const char text[] = "{\"a\": [1, 2]}";
    static const char special[] = "{\"NaN\": [0.0, Infinity, -Infinity, NaN, \"\\\"NaN\"]}";
    const char *path = scratch_write(*state, "object", text, sizeof text - 1);
    struct dq_error e;
    json_t *root = NULL;
    check_ok(dq_json_read(path, sizeof text - 1, &root, &e), &e);
    assert_int_equal(json_array_size(json_object_get(root, "a")), 2);
    json_decref(root);
    const char *python = scratch_write(*state, "python", special, sizeof special - 1);
    check_ok(dq_json_read(python, 99, &root, &e), &e);
    const json_t *numbers = json_object_get(root, "NaN");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(json_is_number(json_array_get(numbers, i)), i == 0);
    assert_string_equal(json_string_value(json_array_get(numbers, 4)), "\"NaN");
    json_decref(root);
    check_error(dq_json_read(path, sizeof text - 2, &root, &e), &e, DQ_ERR_MALFORMED, "too large");
    path = scratch_write(*state, "list", "[]", 2);
    check_error(dq_json_read(path, 99, &root, &e), &e, DQ_ERR_MALFORMED, "is not an object");
    path = scratch_write(*state, "other", "{\n}}", 4);
    check_error(dq_json_read(path, 99, &root, &e), &e, DQ_ERR_MALFORMED, "line 2");
    path = scratch_path(*state, "missing");
    check_error(dq_json_read(path, 99, &root, &e), &e, DQ_ERR_IO, "missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(objects_and_lists_are_laid_out),
        scratch_test(rows_stay_on_one_line),
        scratch_test(what_is_empty_has_no_lines),
        scratch_test(values_at_the_top_end_their_lines),
        scratch_test(keys_and_texts_are_escaped_to_ascii),
        cmocka_unit_test(text_that_is_not_utf8_is_spelled),
        cmocka_unit_test(numbers_beyond_63_bits_are_strings),
        scratch_test(floats_have_the_digits_that_are_asked_for),
        scratch_test(deep_nesting_is_read_back),
        scratch_test(nesting_too_deep_is_an_error),
        scratch_test(a_missing_value_is_an_error),
        cmocka_unit_test(a_full_disk_is_an_error),
        scratch_test(files_are_read_as_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
