/* Sizes and places of tensors: which are refused, and where those of unknown types end. */
#include "build_gguf.h"
#include "dq_test.h"

#include <string.h>

enum { F32 = 0, Q4_0 = 2, Q8_K = 15, I8 = 24, F64 = 28, UNKNOWN = 153 };

struct place {
    const char *name;
    uint32_t type;
    uint64_t offset;
    uint64_t n_weights;
};

/* A model of one-dimensional tensors with data_len bytes of data. */
static void build_places(struct build *b, const struct place *places, size_t n, size_t data_len)
{
    build_begin(b, 3, false, n, 0);
    for (size_t i = 0; i < n; i++)
        build_tensor1(b, places[i].name, places[i].type, places[i].offset, places[i].n_weights);
    build_data(b, 32, data_len);
}

/* Opens a model of two tensors and checks the problem of each; NULL: none. */
static void check_two(struct scratch *s, struct place x, struct place y, size_t data_len,
    const char *x_words, const char *y_words)
{
    const struct place places[] = {x, y};
    struct build b;
    build_places(&b, places, 2, data_len);
    build_tensor_refused(&b, s, x.name, x_words);
    build_places(&b, places, 2, data_len);
    build_tensor_refused(&b, s, y.name, y_words);
}

static void adjacent_tensors_are_sound(void **state)
{
    check_two(
        *state, (struct place){"x", I8, 0, 32}, (struct place){"y", I8, 32, 1}, 33, NULL, NULL);
}

static void gaps_are_sound(void **state)
{
    check_two(*state, (struct place){"x", I8, 64, 32}, (struct place){"y", I8, 1024, 1}, 1025, NULL,
        NULL);
}

static void any_order_of_offsets_is_sound(void **state)
{
    check_two(
        *state, (struct place){"x", I8, 32, 1}, (struct place){"y", I8, 0, 32}, 33, NULL, NULL);
}

static void tensors_that_share_a_byte_are_both_refused(void **state)
{
    check_two(*state, (struct place){"x", I8, 0, 33}, (struct place){"y", I8, 32, 1}, 64,
        "bytes of tensor 'y' at offset ", "bytes of tensor 'x' at offset ");
    check_two(*state, (struct place){"x", I8, 32, 1}, (struct place){"y", I8, 0, 33}, 64,
        "bytes of tensor 'y' at offset ", "bytes of tensor 'x' at offset ");
    check_two(*state, (struct place){"x", I8, 0, 8}, (struct place){"y", I8, 0, 8}, 64,
        "bytes of tensor 'y' at offset ", "bytes of tensor 'x' at offset ");
}

/* A large tensor overlaps one that is not next to it. */
static void an_overlap_beyond_the_next_tensor_is_found(void **state)
{
    static const struct place places[] = {
        {"wide", I8, 0, 100}, {"inside", I8, 32, 1}, {"later", I8, 96, 1}, {"apart", I8, 128, 1}};
    static const char *const words[] = {
        "data overlaps that of another tensor: expected 100 bytes of its own",
        "bytes of tensor 'wide' at offset ", "bytes of tensor 'wide' at offset ", NULL};
    for (size_t i = 0; i < 4; i++) {
        struct build b;
        build_places(&b, places, 4, 160);
        build_tensor_refused(&b, *state, places[i].name, words[i]);
    }
}

static void a_misaligned_tensor_is_refused(void **state)
{
    check_two(*state, (struct place){"x", I8, 0, 1}, (struct place){"y", I8, 48, 1}, 64, NULL,
        "offset in the data section is not aligned: expected a multiple of 32, found 48");
}

static void a_tensor_past_the_end_is_refused(void **state)
{
    check_two(*state, (struct place){"x", I8, 0, 32}, (struct place){"y", I8, 32, 32}, 63, NULL,
        "the file ends before its data");
    check_two(*state, (struct place){"x", I8, 0, 32}, (struct place){"y", I8, 1 << 20, 1}, 63, NULL,
        "the file ends before its data");
}

/* Takes the only diagnostic of a model. */
static void take_text(void *arg, const struct dq_diagnostic *d)
{
    char *text = arg;
    assert_string_equal(text, "");
    assert_null(d->tensor);
    dq_diagnostic_text(d, text);
}

/* Builds a file of three tensors whose data, at 160, has len of its 32 + 96 + 32 bytes. */
static struct dq_model *open_cut(struct scratch *s, size_t len, char text[DQ_DIAGNOSTIC_TEXT])
{
    const struct dq_diagnostic_sink diag = {take_text, text};
    struct dq_model *m = NULL;
    struct dq_error e;
    struct build b;
    build_begin(&b, 3, false, 3, 0);
    build_tensor1(&b, "x", I8, 0, 32);
    build_tensor(&b, "y", I8, 32, 2, (const uint64_t[]){24, 4});
    build_tensor1(&b, "z", I8, 128, 32);
    build_data(&b, 32, len);
    *text = '\0';
    check_ok(dq_model_examine(&dq_file_store, build_write(&b, s, "cut.gguf"), &diag, &m, &e), &e);
    build_free(&b);
    return m;
}

static void a_cut_file_is_one_diagnostic(void **state)
{
    char text[DQ_DIAGNOSTIC_TEXT];
    struct dq_error e;
    struct dq_model *m = open_cut(*state, 90, text);
    assert_string_equal(text, "file ends before the data of its tensors: expected 320 bytes, found "
                              "250: 2 of 3 tensors lie beyond, "
                              "from 'y' on (offset 192); is the file cut short?");
    assert_non_null(strstr(m->shards[0].problem, text));
    assert_null(m->tensors[0].problem);
    assert_string_equal(m->tensors[1].problem,
        "the file ends before its data: 58 of 96 bytes are there; 'y[:2]' can be taken");
    assert_string_equal(
        m->tensors[2].problem, "the file ends before its data: 0 of 32 bytes are there");
    check_ok(dq_tensor_part_usable(m, &m->tensors[1], 58, true, &e), &e);
    check_error(dq_tensor_part_usable(m, &m->tensors[1], 59, true, &e), &e, DQ_ERR_MALFORMED,
        "58 of 96 bytes are there");
    check_error(
        dq_tensor_usable(m, &m->tensors[2], true, &e), &e, DQ_ERR_MALFORMED, "0 of 32 bytes");
    assert_null(dq_tensor_file_problem(m, &m->tensors[0]));
    assert_ptr_equal(dq_tensor_file_problem(m, &m->tensors[2]), m->shards[0].problem);
    dq_model_free(m);
    m = open_cut(*state, 160, text);
    assert_string_equal(text, "");
    assert_null(m->shards[0].problem);
    dq_model_free(m);
}

/* Nothing can be taken of a cut tensor that another overlaps, on either side; nor does it make that one
 * unusable, since its own size is in doubt. */
static void nothing_of_a_cut_tensor_that_overlaps_is_there(void **state)
{
    static const struct place rows[][2] = {
        {{"cut", I8, 0, 1 << 20}, {"sound", I8, 32, 32}},
        {{"cut", I8, 32, 1 << 20}, {"sound", I8, 0, 33}},
    };
    for (size_t i = 0; i < 2; i++) {
        struct build b;
        struct dq_error e;
        build_places(&b, rows[i], 2, 64);
        struct dq_model *m = build_open(&b, *state);
        assert_int_equal(m->tensors[0].n_there, 0);
        check_error(
            dq_tensor_part_usable(m, &m->tensors[0], 1, true, &e), &e, DQ_ERR_MALFORMED, "");
        assert_null(m->tensors[1].problem);
        dq_model_free(m);
    }
}

static void offsets_that_wrap_are_refused(void **state)
{
    static const uint64_t offsets[] = {1ull << 63, UINT64_MAX - 31, INT64_MAX - 31};
    for (size_t i = 0; i < 3; i++)
        check_two(*state, (struct place){"x", I8, 0, 1}, (struct place){"y", I8, offsets[i], 64},
            64, NULL, "offset past 2^63");
}

static void sizes_that_overflow_are_refused(void **state)
{
    static const struct {
        uint32_t type;
        uint64_t dims[4];
    } rows[] = {
        {I8, {1ull << 63, 1, 1, 1}},
        {I8, {UINT64_MAX, 1, 1, 1}},
        {I8, {1ull << 32, 1ull << 32, 1, 1}},
        {I8, {1ull << 21, 1ull << 21, 1ull << 21, 1}},
        {I8, {1ull << 21, 1ull << 21, 1ull << 21, 2}},
        /* the product wraps to 1, and to 0 */
        {I8, {3, 0xaaaaaaaaaaaaaaabull, 1, 1}},
        {F32, {1ull << 62, 4, 1, 1}},
        /* the bytes alone do not fit */
        {F64, {1ull << 60, 1, 1, 1}},
        {Q8_K, {INT64_MAX - 255, 1, 1, 1}},
        /* the weights alone do not fit */
        {Q4_0, {1ull << 63, 1, 1, 1}},
        {Q4_0, {1ull << 62, 2, 1, 1}},
        /* the bytes of the output do not fit */
        {I8, {1ull << 60, 1, 1, 1}},
        {Q4_0, {1ull << 32, 1ull << 28, 1, 1}},
        {UNKNOWN, {1ull << 60, 1, 1, 1}},
        {UNKNOWN, {INT64_MAX, 1, 1, 1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct build b;
        build_begin(&b, 3, false, 1, 0);
        build_tensor(&b, "x", rows[i].type, 0, 4, rows[i].dims);
        build_data(&b, 32, 64);
        build_tensor_refused(&b, *state, "x", "size does not fit 63 bits");
    }
}

/* The largest possible size (8 bytes a weight fit 63 bits) is refused for another reason. */
static void the_largest_size_is_checked_against_the_file(void **state)
{
    struct build b;
    build_begin(&b, 3, false, 1, 0);
    build_tensor1(&b, "x", I8, 0, INT64_MAX / 8);
    build_data(&b, 32, 64);
    build_tensor_refused(&b, *state, "x", "the file ends before its data");
}

static void rows_of_partial_blocks_are_refused(void **state)
{
    const uint64_t dims[] = {16, 2}; /* 32 weights, but no row is a block */
    struct build b;
    check_two(*state, (struct place){"x", Q4_0, 0, 33}, (struct place){"y", Q4_0, 64, 32}, 128,
        "rows are not whole blocks: expected a multiple of 32 weights (Q4_0), found rows of 33",
        NULL);
    build_begin(&b, 3, false, 1, 0);
    build_tensor(&b, "x", Q4_0, 0, 2, dims);
    build_data(&b, 32, 64);
    build_tensor_refused(&b, *state, "x", "found rows of 16");
}

static void a_scalar_is_one_weight(void **state)
{
    struct build b;
    build_begin(&b, 3, false, 2, 0);
    build_tensor(&b, "x", F32, 0, 0, NULL);
    build_tensor(&b, "q", Q4_0, 32, 0, NULL);
    build_data(&b, 32, 64);
    struct dq_model *m = build_open(&b, *state);
    assert_int_equal(m->tensors[0].n_dims, 0);
    assert_int_equal(m->tensors[0].n_weights, 1);
    assert_int_equal(m->tensors[0].n_bytes, 4);
    assert_null(m->tensors[0].problem);
    assert_non_null(strstr(m->tensors[1].problem, "found rows of 1 ("));
    dq_model_free(m);
}

static void a_zero_dimension_means_no_data(void **state)
{
    static const uint64_t rows[][4] = {
        {0, 1, 1, 1}, {32, 0, 1, 1}, {1ull << 40, 1ull << 40, 0, 1}, {0, INT64_MAX, 5, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct build b;
        build_begin(&b, 3, false, 2, 0);
        build_tensor(&b, "x", Q4_0, 0, 4, rows[i]);
        build_tensor1(&b, "y", I8, 0, 1);
        build_data(&b, 32, 1);
        struct dq_model *m = build_open(&b, *state);
        assert_null(m->tensors[0].problem);
        assert_null(m->tensors[1].problem); /* the same offset, but no overlap */
        assert_int_equal(m->tensors[0].n_weights, 0);
        assert_int_equal(m->tensors[0].n_bytes, 0);
        dq_model_free(m);
    }
}

/* Code that computes with 63 bits would overflow. */
static void a_dimension_past_63_bits_is_refused_despite_a_zero(void **state)
{
    const uint64_t dims[] = {0, 1ull << 63};
    struct build b;
    build_begin(&b, 3, false, 1, 0);
    build_tensor(&b, "x", I8, 0, 2, dims);
    build_data(&b, 32, 0);
    build_tensor_refused(&b, *state, "x", "does not fit 63 bits");
}

static void unknown_types_end_at_the_next_tensor(void **state)
{
    static const struct place places[] = {
        {"last", UNKNOWN, 128, 7}, {"first", UNKNOWN, 0, 1}, {"middle", I8, 96, 32}};
    struct build b;
    struct dq_error e;
    build_places(&b, places, 3, 200);
    struct dq_model *m = build_open(&b, *state);
    assert_null(m->tensors[0].type);
    assert_int_equal(m->tensors[0].type_id, UNKNOWN);
    assert_int_equal(m->tensors[0].n_bytes, 72); /* to the end of the file */
    assert_int_equal(m->tensors[0].n_weights, 7);
    assert_int_equal(m->tensors[1].n_bytes, 96);
    assert_int_equal(m->tensors[2].n_bytes, 32);
    for (size_t i = 0; i < 3; i++)
        check_ok(dq_tensor_usable(m, &m->tensors[i], false, &e), &e);
    check_error(dq_tensor_usable(m, &m->tensors[1], true, &e), &e, DQ_ERR_TYPE,
        "tensor 'first': unknown type: expected a type that `gguf-dq types` lists, found type 153");
    check_ok(dq_tensor_usable(m, &m->tensors[2], true, &e), &e);
    dq_model_free(m);
}

/* The bytes of a refused tensor do not become part of one of unknown type. */
static void unknown_types_end_before_a_refused_tensor(void **state)
{
    static const struct place refused[] = {
        {"part", Q4_0, 64, 33},       /* its rows are not whole blocks */
        {"huge", I8, 64, UINT64_MAX}, /* its size does not fit */
        {"misplaced", I8, 70, 1},     /* its offset is not aligned */
        {"past", I8, 64, 1 << 20},    /* it ends past the end */
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const struct place places[] = {{"x", UNKNOWN, 0, 1}, refused[i], {"y", I8, 160, 32}};
        struct build b;
        build_places(&b, places, 3, 192);
        struct dq_model *m = build_open(&b, *state);
        assert_null(m->tensors[0].problem);
        assert_int_equal(m->tensors[0].n_bytes, refused[i].offset);
        assert_non_null(m->tensors[1].problem);
        assert_null(m->tensors[2].problem);
        dq_model_free(m);
    }
}

/* A tensor without data may lie past the end, but no other extends that far. */
static void unknown_types_end_with_the_file(void **state)
{
    static const struct place places[] = {{"x", UNKNOWN, 0, 1}, {"z", I8, 1 << 20, 0}};
    struct build b;
    build_places(&b, places, 2, 40);
    struct dq_model *m = build_open(&b, *state);
    assert_null(m->tensors[0].problem);
    assert_int_equal(m->tensors[0].n_bytes, 40);
    dq_model_free(m);
}

static void an_unknown_type_past_the_end_is_refused(void **state)
{
    const struct place places[] = {{"x", I8, 0, 1}, {"y", UNKNOWN, 96, 1}};
    struct build b;
    check_two(*state, places[0], places[1], 64, NULL, "the file ends before its data");
    build_places(&b, places, 2, 64);
    struct dq_model *m = build_open(&b, *state);
    assert_true(m->tensors[1].n_bytes == 0); /* none of its data is in the file */
    dq_model_free(m);
    build_begin(&b, 3, false, 1, 0);
    build_tensor(&b, "y", UNKNOWN, 96, 2, (const uint64_t[]){1, 2}); /* of no size that has rows */
    build_data(&b, 32, 64);
    build_tensor_refused(&b, *state, "y", "the file ends before its data");
}

static void an_unknown_type_inside_a_tensor_is_refused(void **state)
{
    check_two(*state, (struct place){"x", I8, 0, 64}, (struct place){"y", UNKNOWN, 32, 1}, 128,
        "bytes of tensor 'y' at offset ", "bytes of tensor 'x' at offset ");
}

/* The size of an unknown type is unknown, so it cannot share the offset of a tensor with data. */
static void an_unknown_type_at_the_place_of_a_tensor_is_refused(void **state)
{
    check_two(*state, (struct place){"x", I8, 0, 64}, (struct place){"y", UNKNOWN, 0, 1}, 128,
        "bytes of tensor 'y' at offset ", "bytes of tensor 'x' at offset ");
    check_two(*state, (struct place){"y", UNKNOWN, 0, 1}, (struct place){"x", I8, 0, 64}, 128,
        "bytes of tensor 'x' at offset ", "bytes of tensor 'y' at offset ");
}

/* Whatever is wrong with a tensor, its offset is that of the file. */
static void a_refused_tensor_keeps_its_offset(void **state)
{
    static const struct place places[] = {
        {"part", Q4_0, 64, 33}, {"huge", I8, 96, UINT64_MAX}, {"odd", I8, 33, 1}};
    struct build b;
    build_places(&b, places, 3, 128);
    const uint64_t data_off = b.data_off;
    struct dq_model *m = build_open(&b, *state);
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(m->tensors[i].problem);
        assert_int_equal(m->tensors[i].offset, data_off + places[i].offset);
    }
    dq_model_free(m);
}

static void data_is_read_from_its_offset(void **state)
{
    static const struct place places[] = {{"x", I8, 0, 32}, {"y", I8, 64, 50}};
    uint8_t bytes[8];
    struct build b;
    struct dq_error e;
    build_places(&b, places, 2, 114);
    struct dq_model *m = build_open(&b, *state);
    check_ok(dq_tensor_read(m, &m->tensors[1], 42, bytes, sizeof bytes, &e), &e);
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], 64 + 42 + i);
    check_error(dq_tensor_read(m, &m->tensors[1], 43, bytes, sizeof bytes, &e), &e, DQ_ERR_IO,
        "the file ends at offset");
    dq_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(adjacent_tensors_are_sound),
        scratch_test(gaps_are_sound),
        scratch_test(any_order_of_offsets_is_sound),
        scratch_test(tensors_that_share_a_byte_are_both_refused),
        scratch_test(an_overlap_beyond_the_next_tensor_is_found),
        scratch_test(a_misaligned_tensor_is_refused),
        scratch_test(a_tensor_past_the_end_is_refused),
        scratch_test(a_cut_file_is_one_diagnostic),
        scratch_test(nothing_of_a_cut_tensor_that_overlaps_is_there),
        scratch_test(offsets_that_wrap_are_refused),
        scratch_test(sizes_that_overflow_are_refused),
        scratch_test(the_largest_size_is_checked_against_the_file),
        scratch_test(rows_of_partial_blocks_are_refused),
        scratch_test(a_scalar_is_one_weight),
        scratch_test(a_zero_dimension_means_no_data),
        scratch_test(a_dimension_past_63_bits_is_refused_despite_a_zero),
        scratch_test(unknown_types_end_at_the_next_tensor),
        scratch_test(unknown_types_end_before_a_refused_tensor),
        scratch_test(unknown_types_end_with_the_file),
        scratch_test(an_unknown_type_past_the_end_is_refused),
        scratch_test(an_unknown_type_inside_a_tensor_is_refused),
        scratch_test(an_unknown_type_at_the_place_of_a_tensor_is_refused),
        scratch_test(a_refused_tensor_keeps_its_offset),
        scratch_test(data_is_read_from_its_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
