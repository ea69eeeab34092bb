/* Metadata values: every type, in both byte orders and in version 1. */
#include "build_gguf.h"
#include "dq_test.h"
#include "gguf/value.h"
#include "memory_cursor.h"

/* The three variants of the format. */
static const struct {
    unsigned version;
    bool big_endian;
} kinds[] = {{3, false}, {3, true}, {1, false}};

enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

/* An empty piece of a file of that kind. */
static struct build piece_of(size_t kind)
{
    return (struct build){.version = kinds[kind].version, .big_endian = kinds[kind].big_endian};
}

/* Frees the piece and puts a cursor on a copy. */
static struct dq_cursor cursor_on_piece(struct build *b)
{
    struct dq_cursor c = cursor_on(b->bytes, b->len);
    c.big_endian = b->big_endian;
    c.narrow = b->version == 1;
    build_free(b);
    return c;
}

static void scalars_of_every_type_are_read(void **state)
{
    (void)state;
    static const struct {
        enum dq_value_type type;
        uint64_t bits;
        uint64_t u;
        int64_t i;
        double f;
    } rows[] = {
        {DQ_VALUE_u8, 0xfe, 0xfe, 0, 0},
        {DQ_VALUE_i8, 0xfe, 0, -2, 0},
        {DQ_VALUE_i8, 0x7f, 0, 127, 0},
        {DQ_VALUE_u16, 0xfedc, 0xfedc, 0, 0},
        {DQ_VALUE_i16, 0x8000, 0, -32768, 0},
        {DQ_VALUE_u32, 0xfedcba98, 0xfedcba98, 0, 0},
        {DQ_VALUE_i32, 0x80000000, 0, INT32_MIN, 0},
        {DQ_VALUE_u64, 0xfedcba9876543210, 0xfedcba9876543210, 0, 0},
        {DQ_VALUE_i64, 0x8000000000000000, 0, INT64_MIN, 0},
        {DQ_VALUE_i64, 0x7fffffffffffffff, 0, INT64_MAX, 0},
        {DQ_VALUE_f32, 0xc0490fdb, 0, 0, (double)-3.14159274f},
        {DQ_VALUE_f64, 0x400921fb54442d18, 0, 0, 3.141592653589793},
        {DQ_VALUE_bool, 0, 0, 0, 0},
        {DQ_VALUE_bool, 1, 1, 0, 0},
        {DQ_VALUE_bool, 2, 1, 0, 0},
    };
    for (size_t n = 0; n < N_KINDS * sizeof rows / sizeof rows[0]; n++) {
        const size_t i = n / N_KINDS;
        const enum dq_value_kind kind = dq_value_types[rows[i].type].kind;
        const size_t len = dq_value_types[rows[i].type].len;
        struct build b = piece_of(n % N_KINDS);
        struct dq_error e;
        struct dq_value v;
        build_number(&b, rows[i].bits, len);
        struct dq_cursor c = cursor_on_piece(&b);
        check_ok(dq_value_read(&c, rows[i].type, 0, &v, &e), &e);
        assert_int_equal(v.type, rows[i].type);
        assert_int_equal(c.pos, len);
        if (kind == DQ_KIND_SIGNED)
            assert_true(v.i == rows[i].i);
        else if (kind == DQ_KIND_FLOAT)
            assert_true(v.f == rows[i].f);
        else
            assert_true(v.u == rows[i].u);
        assert_null(v.text);
        c.pos = 0;
        check_ok(dq_value_skip(&c, rows[i].type, 0, &e), &e);
        assert_int_equal(c.pos, len);
        cursor_close(&c);
    }
}

static void scalars_cut_short_are_refused(void **state)
{
    (void)state;
    for (int type = 0; type < DQ_VALUE_COUNT; type++) {
        struct build b = piece_of(0);
        struct dq_error e;
        struct dq_value v = {.u = 77};
        for (size_t len = 1; len < dq_value_types[type].len; len++)
            build_number(&b, 0, 1);
        build_bytes(&b, "", 0);
        struct dq_cursor c = cursor_on_piece(&b);
        check_error(dq_value_read(&c, (enum dq_value_type)type, 9, &v, &e), &e, DQ_ERR_MALFORMED,
            "metadata ends past the end of the file: expected ");
        assert_int_equal(v.u, 77);
        c.pos = 0;
        check_error(dq_value_skip(&c, (enum dq_value_type)type, 0, &e), &e, DQ_ERR_MALFORMED,
            "metadata ends past the end of the file: expected ");
        cursor_close(&c);
    }
}

static void strings_are_kept_up_to_a_maximum(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        for (size_t max = 0; max <= 7; max++) {
            struct build b = piece_of(kind);
            struct dq_error e;
            struct dq_value v;
            build_string_len(&b, "ab\0de", 5);
            build_number(&b, 9, 1);
            struct dq_cursor c = cursor_on_piece(&b);
            check_ok(dq_value_read(&c, DQ_VALUE_string, max, &v, &e), &e);
            assert_int_equal(v.u, 5);
            assert_int_equal(v.text_len, max < 5 ? max : 5);
            assert_memory_equal(v.text, "ab\0de", v.text_len);
            assert_int_equal(v.text[v.text_len], '\0');
            assert_int_equal(dq_cursor_left(&c), 1); /* the whole string is skipped */
            dq_value_finish(&v);
            assert_null(v.text);
            cursor_close(&c);
        }
    }
}

static void string_lengths_beyond_the_file_are_refused(void **state)
{
    (void)state;
    static const uint64_t lens[] = {
        4, 1u << 30, UINT32_MAX, 1ull << 63, UINT64_MAX - 7, UINT64_MAX};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct build b = piece_of(lens[i] <= UINT32_MAX ? 2 : 0);
        struct dq_error e;
        struct dq_value v;
        build_count(&b, lens[i]);
        build_bytes(&b, "abc", 3);
        struct dq_cursor c = cursor_on_piece(&b);
        check_error(dq_value_read(&c, DQ_VALUE_string, SIZE_MAX, &v, &e), &e, DQ_ERR_MALFORMED,
            " bytes for the string, found 3 (offset ");
        c.pos = 0;
        check_error(dq_value_skip(&c, DQ_VALUE_string, 0, &e), &e, DQ_ERR_MALFORMED,
            " bytes for the string, found 3 (offset ");
        cursor_close(&c);
    }
}

static void array_heads_are_read(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        struct build b = piece_of(kind);
        struct dq_error e;
        struct dq_value v;
        build_number(&b, DQ_VALUE_i16, 4);
        build_count(&b, 2);
        build_number(&b, 0xffff, 2);
        build_number(&b, 7, 2);
        struct dq_cursor c = cursor_on_piece(&b);
        check_ok(dq_value_read(&c, DQ_VALUE_array, 0, &v, &e), &e);
        assert_int_equal(v.u, 2);
        assert_int_equal(v.element, DQ_VALUE_i16);
        check_ok(dq_value_read(&c, v.element, 0, &v, &e), &e);
        assert_int_equal(v.i, -1);
        assert_int_equal(dq_cursor_left(&c), 2);
        c.pos = 0;
        check_ok(dq_value_skip(&c, DQ_VALUE_array, 0, &e), &e);
        assert_int_equal(dq_cursor_left(&c), 0);
        cursor_close(&c);
    }
}

static void arrays_of_strings_and_empty_arrays_are_skipped(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        struct build b = piece_of(kind);
        struct dq_error e;
        build_number(&b, DQ_VALUE_string, 4);
        build_count(&b, 3);
        build_string(&b, "a");
        build_string(&b, "");
        build_string(&b, "bcd");
        const size_t end = b.len;
        build_number(&b, DQ_VALUE_f64, 4);
        build_count(&b, 0);
        struct dq_cursor c = cursor_on_piece(&b);
        check_ok(dq_value_skip(&c, DQ_VALUE_array, 0, &e), &e);
        assert_int_equal(c.pos, end);
        check_ok(dq_value_skip(&c, DQ_VALUE_array, 0, &e), &e);
        assert_int_equal(dq_cursor_left(&c), 0);
        cursor_close(&c);
    }
}

static void an_array_of_one_element_more_is_refused(void **state)
{
    (void)state;
    for (int element = 0; element < DQ_VALUE_COUNT; element++) {
        struct build b = piece_of(0);
        struct dq_error e;
        struct dq_value v;
        size_t least = dq_value_types[element].len;
        if (element == DQ_VALUE_string)
            least = 8;
        if (element == DQ_VALUE_array)
            least = 12;
        build_number(&b, (uint32_t)element, 4);
        build_count(&b, 4);
        for (size_t i = 0; i < 4 * least - 1; i++)
            build_number(&b, 0, 1);
        struct dq_cursor c = cursor_on_piece(&b);
        check_error(dq_value_read(&c, DQ_VALUE_array, 0, &v, &e), &e, DQ_ERR_MALFORMED,
            ", found 4 (offset ");
        c.pos = 0;
        check_error(dq_value_skip(&c, DQ_VALUE_array, 0, &e), &e, DQ_ERR_MALFORMED,
            dq_value_types[element].name);
        cursor_close(&c);
    }
}

static void array_lengths_that_overflow_are_refused(void **state)
{
    (void)state;
    static const uint64_t lens[] = {1ull << 61, 1ull << 62, 1ull << 63, UINT64_MAX};
    for (size_t i = 0; i < 4; i++) {
        for (int element = 0; element < DQ_VALUE_COUNT; element++) {
            struct build b = piece_of(0);
            struct dq_error e;
            build_number(&b, (uint32_t)element, 4);
            build_count(&b, lens[i]);
            build_bytes(&b, "0123456789abcdef", 16);
            struct dq_cursor c = cursor_on_piece(&b);
            check_error(dq_value_skip(&c, DQ_VALUE_array, 0, &e), &e, DQ_ERR_MALFORMED,
                " in the 16 bytes left, found ");
            cursor_close(&c);
        }
    }
}

/* `depth` arrays of one element, nested, around a u8. */
static struct dq_cursor nested(size_t kind, int depth)
{
    struct build b = piece_of(kind);
    for (int i = 0; i < depth; i++) {
        build_number(&b, i + 1 == depth ? DQ_VALUE_u8 : DQ_VALUE_array, 4);
        build_count(&b, 1);
    }
    build_number(&b, 7, 1);
    return cursor_on_piece(&b);
}

static void arrays_nest_16_deep(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        for (int depth = 1; depth <= 20; depth++) {
            struct dq_error e;
            struct dq_cursor c = nested(kind, depth);
            const int rc = dq_value_skip(&c, DQ_VALUE_array, 0, &e);
            if (depth <= 16) {
                check_ok(rc, &e);
                assert_int_equal(dq_cursor_left(&c), 0);
            } else {
                check_error(rc, &e, DQ_ERR_MALFORMED,
                    "arrays nested too deeply: expected at most 16 levels");
            }
            cursor_close(&c);
        }
    }
}

static void unknown_types_are_refused(void **state)
{
    (void)state;
    static const uint32_t types[] = {DQ_VALUE_COUNT, 255, UINT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        struct build b = piece_of(1);
        struct dq_error e;
        enum dq_value_type type = DQ_VALUE_bool;
        build_number(&b, types[i], 4);
        build_count(&b, 0);
        struct dq_cursor c = cursor_on_piece(&b);
        check_error(dq_value_read_type(&c, &type, &e), &e, DQ_ERR_MALFORMED,
            "unknown value type: expected 0 to 12, found ");
        assert_int_equal(type, DQ_VALUE_bool);
        c.pos = 0;
        check_error(dq_value_skip(&c, DQ_VALUE_array, 0, &e), &e, DQ_ERR_MALFORMED,
            "unknown value type: expected 0 to 12, found ");
        cursor_close(&c);
    }
}

static void every_type_has_a_row(void **state)
{
    static const char *const names[] = {"u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool",
        "string", "array", "u64", "i64", "f64"}; /* in the order of GGUF's type numbers */
    static const size_t lens[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    (void)state;
    assert_int_equal(DQ_VALUE_COUNT, 13);
    for (size_t i = 0; i < DQ_VALUE_COUNT; i++) {
        assert_string_equal(dq_value_types[i].name, names[i]);
        assert_int_equal(dq_value_types[i].len, lens[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_of_every_type_are_read),
        cmocka_unit_test(scalars_cut_short_are_refused),
        cmocka_unit_test(strings_are_kept_up_to_a_maximum),
        cmocka_unit_test(string_lengths_beyond_the_file_are_refused),
        cmocka_unit_test(array_heads_are_read),
        cmocka_unit_test(arrays_of_strings_and_empty_arrays_are_skipped),
        cmocka_unit_test(an_array_of_one_element_more_is_refused),
        cmocka_unit_test(array_lengths_that_overflow_are_refused),
        cmocka_unit_test(arrays_nest_16_deep),
        cmocka_unit_test(unknown_types_are_refused),
        cmocka_unit_test(every_type_has_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
