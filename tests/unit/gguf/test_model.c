/* Opening models: headers, metadata, tensor infos and the regions of their data. */
#include "build_gguf.h"
#include "dq_test.h"

#include <string.h>
#include <unistd.h>

enum { F32 = 0, Q4_0 = 2, I8 = 24, F64 = 28, UNKNOWN = 153 };

/* A model with two pairs and two tensors of F32: "a" of 3 x 2 weights and "b" of 5. */
static void build_small(struct build *b, unsigned version, bool big_endian)
{
    const uint64_t dims[] = {3, 2};
    build_begin(b, version, big_endian, 2, 2);
    build_kv_string(b, "general.name", "small");
    build_kv_u32(b, "answer", 42);
    build_tensor(b, "a", F32, 0, 2, dims);
    build_tensor1(b, "b", F32, 32, 5);
    build_data(b, 32, 52);
}

static void check_small(struct scratch *s, unsigned version, bool big_endian)
{
    struct build b;
    struct dq_error e;
    int64_t answer;
    build_small(&b, version, big_endian);
    const uint64_t data_off = b.data_off;
    struct dq_model *m = build_open(&b, s);
    assert_int_equal(m->n_shards, 1);
    assert_int_equal(m->shards[0].version, version);
    assert_int_equal(m->shards[0].big_endian, big_endian);
    assert_int_equal(m->shards[0].alignment, 32);
    assert_int_equal(m->shards[0].data_off, data_off);
    assert_int_equal(m->shards[0].n_kvs, 2);
    assert_int_equal(m->n_tensors, 2);
    const struct dq_kv *kv = dq_shard_kv(&m->shards[0], "answer");
    assert_non_null(kv);
    check_ok(dq_kv_integer(&m->shards[0], kv, DQ_RULE_split_type, NULL, &answer, &e), &e);
    assert_int_equal(answer, 42);
    const struct dq_tensor *t = dq_model_find(m, "a", 1);
    assert_ptr_equal(t, &m->tensors[0]);
    assert_int_equal(t->n_dims, 2);
    assert_int_equal(t->dims[0], 3);
    assert_int_equal(t->dims[1], 2);
    assert_int_equal(t->dims[2], 1);
    assert_int_equal(t->dims[3], 1);
    assert_int_equal(t->n_weights, 6);
    assert_int_equal(t->n_bytes, 24);
    assert_int_equal(t->offset, data_off);
    assert_int_equal(t->type->type, DQ_TYPE_f32);
    assert_null(t->problem);
    assert_int_equal(dq_model_find(m, "b", 1)->offset, data_off + 32);
    dq_model_free(m);
}

static void version_1_is_read(void **state)
{
    check_small(*state, 1, false);
}

static void version_2_is_read(void **state)
{
    check_small(*state, 2, false);
}

static void version_3_is_read(void **state)
{
    check_small(*state, 3, false);
}

static void big_endian_version_3_is_read(void **state)
{
    check_small(*state, 3, true);
}

static void unknown_versions_are_refused(void **state)
{
    static const unsigned versions[] = {0, 4, 5, 0xffff, 0x10003, UINT32_MAX};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct build b;
        build_begin(&b, versions[i], false, 0, 0);
        build_refused(
            &b, *state, "unsupported GGUF version: expected 1, 2, 3 or big-endian 3, found ");
    }
}

static void another_magic_is_refused(void **state)
{
    struct build b;
    build_small(&b, 3, false);
    b.bytes[3] = 'f';
    build_refused(&b, *state, "not a GGUF file: expected 47 47 55 46 (GGUF), found ");
}

/* Every shorter file ends inside the metadata or the tensor infos, or has no data for a tensor. */
static void files_cut_anywhere_are_refused(void **state)
{
    for (unsigned version = 1; version <= 3; version++) {
        struct build whole;
        build_small(&whole, version, false);
        for (size_t len = 0; len < whole.len; len++) {
            struct build b;
            build_small(&b, version, false);
            b.len = len;
            if (len < whole.data_off - 31) /* at most 31 bytes of padding follow the infos */
                build_refused(&b, *state, "");
            else if (len >= whole.data_off)
                build_tensor_refused(&b, *state, "b", "the file ends before its data: ");
            else
                build_free(&b);
        }
        build_free(&whole);
    }
}

static void an_empty_model_is_read(void **state)
{
    struct build b;
    build_begin(&b, 3, false, 0, 0);
    struct dq_model *m = build_open(&b, *state);
    assert_int_equal(m->n_tensors, 0);
    assert_int_equal(m->shards[0].n_kvs, 0);
    assert_null(dq_model_find(m, "", 0));
    assert_null(dq_shard_kv(&m->shards[0], ""));
    dq_model_free(m);
}

static void counts_beyond_the_file_are_refused(void **state)
{
    static const uint64_t counts[] = {1, 100, 1ull << 32, 1ull << 58, 1ull << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct build b;
        build_begin(&b, 3, false, counts[i], 0);
        build_refused(&b, *state,
            "more metadata pairs or tensors than fit the file: expected at most 0 pairs and 0 "
            "tensors, found 0 and ");
        build_begin(&b, 3, false, 0, counts[i]);
        build_refused(&b, *state, " and 0 (offset 16); is the file cut short?");
    }
}

static void the_smallest_tensor_info_and_pair_fit(void **state)
{
    struct build b;
    build_begin(&b, 1, false, 1, 1);
    build_key(&b, "k", DQ_VALUE_u8);
    build_number(&b, 7, 1);
    build_tensor(&b, "", I8, 0, 0, NULL);
    build_data(&b, 32, 1);
    struct dq_model *m = build_open(&b, *state);
    assert_non_null(dq_model_find(m, "", 0));
    assert_non_null(dq_shard_kv(&m->shards[0], "k"));
    dq_model_free(m);
}

static void a_duplicate_key_is_refused(void **state)
{
    struct build b;
    build_begin(&b, 3, false, 0, 3);
    build_kv_u32(&b, "k", 1);
    build_kv_u32(&b, "other", 1);
    build_kv_string(&b, "k", "x");
    build_refused(&b, *state, "key 'k': duplicate key: ");
}

static void an_empty_key_is_refused(void **state)
{
    struct build b;
    build_begin(&b, 3, false, 0, 1);
    build_kv_u32(&b, "", 1);
    build_refused(&b, *state, "key '\\&': empty key: expected a key for metadata pair 1");
}

static void a_duplicate_tensor_name_is_refused(void **state)
{
    struct build b;
    build_begin(&b, 3, false, 2, 0);
    build_tensor1(&b, "x\n", I8, 0, 1);
    build_tensor1(&b, "x\n", I8, 32, 1);
    build_data(&b, 32, 64);
    build_refused(&b, *state, "tensor 'x\\n': duplicate tensor name: ");
}

static void names_that_differ_after_a_nul_are_different(void **state)
{
    struct build b;
    build_begin(&b, 3, false, 2, 0);
    for (unsigned i = 0; i < 2; i++) {
        build_string_len(&b, i ? "x\0b" : "x\0a", 3);
        build_number(&b, 0, 4);
        build_number(&b, I8, 4);
        build_number(&b, 32 * i, 8);
    }
    build_data(&b, 32, 64);
    struct dq_model *m = build_open(&b, *state);
    assert_null(dq_model_find(m, "x", 1));
    assert_ptr_equal(dq_model_find(m, "x\0a", 3), &m->tensors[0]);
    assert_ptr_equal(dq_model_find(m, "x\0b", 3), &m->tensors[1]);
    assert_string_equal(m->tensors[1].display_name, "x\\x00b");
    dq_model_free(m);
}

static void names_and_keys_have_a_maximum_length(void **state)
{
    static char text[DQ_KEY_MAX + 1];
    struct build b;
    memset(text, 'k', sizeof text);
    build_begin(&b, 3, false, 1, 1);
    build_string_len(&b, text, DQ_KEY_MAX);
    build_number(&b, DQ_VALUE_u8, 4);
    build_number(&b, 0, 1);
    build_string_len(&b, text, DQ_NAME_MAX);
    build_number(&b, 0, 4);
    build_number(&b, I8, 4);
    build_number(&b, 0, 8);
    build_data(&b, 32, 1);
    struct dq_model *m = build_open(&b, *state);
    assert_non_null(dq_model_find(m, text, DQ_NAME_MAX));
    dq_model_free(m);

    build_begin(&b, 3, false, 0, 1);
    build_string_len(&b, text, DQ_KEY_MAX + 1);
    build_number(&b, DQ_VALUE_u8, 4);
    build_number(&b, 0, 1);
    build_refused(
        &b, *state, "key or name too long: expected at most 65535 bytes for the key, found 65536");

    build_begin(&b, 3, false, 1, 0);
    build_string_len(&b, text, DQ_NAME_MAX + 1);
    build_number(&b, 0, 4);
    build_number(&b, I8, 4);
    build_number(&b, 0, 8);
    build_refused(&b, *state, "expected at most 1024 bytes for the tensor name, found 1025");
}

/* However long a name is, the message gives the reason, and cuts the name between characters. */
static void long_names_leave_room_for_the_reason(void **state)
{
    static char text[DQ_KEY_MAX];
    struct build b;
    struct dq_error e;
    memset(text, 'k', sizeof text);
    build_begin(&b, 3, false, 0, 2);
    for (unsigned i = 0; i < 2; i++) {
        build_string_len(&b, text, DQ_KEY_MAX);
        build_number(&b, DQ_VALUE_u8, 4);
        build_number(&b, 0, 1);
    }
    build_refused(&b, *state, "': duplicate ");

    for (size_t i = 1; i + 1 < DQ_NAME_MAX; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    text[DQ_NAME_MAX] = '\0';
    build_begin(&b, 3, false, 2, 0);
    build_tensor1(&b, text, I8, 0, 1);
    build_tensor1(&b, text, I8, 32, 1);
    build_refused(&b, *state, "\xc3\xbc': duplicate ");

    build_begin(&b, 3, false, 1, 0);
    build_string(&b, text);
    build_number(&b, 1000, 4);
    build_data(&b, 32, 32);
    build_refused(&b, *state,
        "\xc3\xbc': metadata ends past the end of the file: expected 8000 bytes for the "
        "dimensions");

    build_begin(&b, 3, false, 1, 0);
    build_tensor1(&b, text, 1000, 0, 1);
    build_data(&b, 32, 1);
    struct dq_model *m = build_open(&b, *state);
    check_error(dq_tensor_usable(m, &m->tensors[0], true, &e), &e, DQ_ERR_TYPE,
        "\xc3\xbc': unknown type: expected a type that `gguf-dq types` lists, found type 1000 "
        "(offset ");
    dq_model_free(m);
}

/* Up to eight; of more, only that tensor is refused, and what follows it is read. */
static void eight_dimensions_are_read(void **state)
{
    const uint64_t dims[DQ_DIMS_MAX + 1] = {5, 1, 2, 1, 1, 3, 1, 2, 1};
    char shape[DQ_SHAPE_WORDS];
    struct build b;
    build_begin(&b, 3, false, 3, 0);
    build_tensor(&b, "eight", I8, 0, DQ_DIMS_MAX, dims);
    build_tensor(&b, "nine", I8, 64, DQ_DIMS_MAX + 1, dims);
    build_tensor1(&b, "after", I8, 128, 7);
    build_data(&b, 32, 160);
    struct dq_model *m = build_open(&b, *state);
    assert_int_equal(m->n_tensors, 3);
    assert_null(m->tensors[0].problem);
    assert_int_equal(m->tensors[0].n_weights, 60);
    assert_string_equal(dq_tensor_shape(&m->tensors[0], shape), "2x1x3x1x1x2x1x5");
    assert_string_equal(
        m->tensors[1].problem, "too many dimensions: expected at most 8, found 9 (offset 117)");
    assert_int_equal(m->tensors[1].n_dims, 0);
    assert_string_equal(dq_tensor_shape(&m->tensors[1], shape), "9 dimensions");
    assert_null(m->tensors[2].problem);
    assert_int_equal(m->tensors[2].dims[0], 7);
    for (size_t i = 1; i < DQ_DIMS_MAX; i++)
        assert_int_equal(m->tensors[2].dims[i], 1);
    dq_model_free(m);
}

/* Offsets count from the start of the file, but alignment from where the GGUF begins. */
static void a_model_may_begin_inside_a_file(void **state)
{
    struct scratch *s = *state;
    for (uint64_t begin = 0; begin <= 65; begin += 5) {
        struct build b;
        struct build inner;
        struct dq_model *m = NULL;
        struct dq_error e;
        uint8_t data[4];
        build_small(&inner, 3, begin % 2);
        b = (struct build){0};
        for (uint64_t i = 0; i < begin; i++)
            build_number(&b, i, 1);
        build_bytes(&b, inner.bytes, inner.len);
        const char *path = build_write(&b, s, "asset.bin");
        check_ok(dq_model_examine_at(&dq_file_store, path, begin, NULL, &m, &e), &e);
        assert_int_equal(m->n_tensors, 2);
        assert_int_equal(m->shards[0].data_off, begin + inner.data_off);
        assert_int_equal(m->tensors[1].offset, begin + inner.data_off + 32);
        assert_null(m->tensors[1].problem);
        check_ok(dq_tensor_read(m, &m->tensors[1], 0, data, sizeof data, &e), &e);
        assert_int_equal(data[begin % 2 ? 3 : 0], 32);
        dq_model_free(m);
        check_error(dq_model_examine_at(&dq_file_store, path, b.len, NULL, &m, &e), &e,
            DQ_ERR_MALFORMED, "the file is empty");
        check_error(dq_model_examine_at(&dq_file_store, path, b.len + 1, NULL, &m, &e), &e,
            DQ_ERR_USAGE, "no model can begin at offset");
        assert_null(m);
        build_free(&inner);
        build_free(&b);
    }
}

static void check_alignment(struct scratch *s, uint32_t alignment, const char *words)
{
    struct build b;
    build_begin(&b, 3, false, 2, 1);
    build_kv_u32(&b, "general.alignment", alignment);
    build_tensor1(&b, "a", I8, 0, 1);
    build_tensor1(&b, "b", I8, alignment, 1);
    build_data(&b, alignment ? alignment : 1, (size_t)alignment + 1);
    if (words) {
        build_refused(&b, s, words);
        return;
    }
    const uint64_t data_off = b.data_off;
    struct dq_model *m = build_open(&b, s);
    assert_int_equal(m->shards[0].alignment, alignment);
    assert_int_equal(m->shards[0].data_off, data_off);
    assert_null(m->tensors[0].problem);
    assert_null(m->tensors[1].problem);
    dq_model_free(m);
}

static void alignment_is_any_power_of_two(void **state)
{
    for (uint32_t alignment = 1; alignment <= 65536; alignment *= 2)
        check_alignment(*state, alignment, NULL);
}

static void other_alignments_are_refused(void **state)
{
    static const uint32_t alignments[] = {0, 3, 24, 48, 65535};
    for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++)
        check_alignment(*state, alignments[i],
            "alignment is not a power of two: expected a power of two, found ");
}

static void alignment_of_another_type_is_refused(void **state)
{
    struct build b;
    build_begin(&b, 3, false, 0, 1);
    build_key(&b, "general.alignment", DQ_VALUE_u64);
    build_number(&b, 32, 8);
    build_refused(&b, *state,
        "key 'general.alignment': alignment has the wrong type: expected u32, found u64 (offset ");
}

static void integers_of_every_type_are_read(void **state)
{
    static const struct {
        enum dq_value_type type;
        uint64_t bits;
        int64_t value;
    } rows[] = {
        {DQ_VALUE_u8, 0xff, 255},
        {DQ_VALUE_i8, 0xff, -1},
        {DQ_VALUE_u16, 0x8001, 32769},
        {DQ_VALUE_i16, 0x8001, -32767},
        {DQ_VALUE_u32, 0xfffffffe, 4294967294},
        {DQ_VALUE_i32, 0xfffffffe, -2},
        {DQ_VALUE_u64, INT64_MAX, INT64_MAX},
        {DQ_VALUE_i64, 1ull << 63, INT64_MIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct build b;
        struct dq_error e;
        int64_t value = 0;
        build_begin(&b, 3, i % 2, 0, 1);
        build_key(&b, "k", rows[i].type);
        build_number(&b, rows[i].bits, dq_value_types[rows[i].type].len);
        struct dq_model *m = build_open(&b, *state);
        check_ok(dq_kv_integer(
                     &m->shards[0], &m->shards[0].kvs[0], DQ_RULE_split_type, NULL, &value, &e),
            &e);
        assert_int_equal(value, rows[i].value);
        dq_model_free(m);
    }
}

static void other_values_are_not_integers(void **state)
{
    struct build b;
    struct dq_error e;
    int64_t value = 77;
    build_begin(&b, 3, false, 0, 4);
    build_kv_string(&b, "text", "12");
    build_key(&b, "float", DQ_VALUE_f32);
    build_number(&b, 0, 4);
    build_key(&b, "bool", DQ_VALUE_bool);
    build_number(&b, 1, 1);
    build_key(&b, "large", DQ_VALUE_u64);
    build_number(&b, 1ull << 63, 8);
    struct dq_model *m = build_open(&b, *state);
    const struct dq_shard *s = &m->shards[0];
    for (size_t i = 0; i < 3; i++)
        check_error(dq_kv_integer(s, &s->kvs[i], DQ_RULE_split_type, NULL, &value, &e), &e,
            DQ_ERR_MALFORMED,
            "value is not an integer below 2^63: expected an integer below 2^63, found a value of "
            "type ");
    check_error(dq_kv_integer(s, &s->kvs[3], DQ_RULE_split_type, NULL, &value, &e), &e,
        DQ_ERR_MALFORMED, "found 9223372036854775808 (offset ");
    assert_int_equal(value, 77);
    dq_model_free(m);
}

static void anything_but_a_file_is_refused(void **state)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    const char *path = scratch_path(*state, "absent.gguf");
    check_error(dq_model_open(path, &m, &e), &e, DQ_ERR_IO, "absent.gguf: No such file");
    check_error(dq_model_open("/", &m, &e), &e, DQ_ERR_IO, "is a directory");
    check_error(dq_model_open("/dev/null", &m, &e), &e, DQ_ERR_USAGE, "pipe or a terminal");
    assert_null(m);
}

static void freeing_null_is_allowed(void **state)
{
    const int fd = next_fd();
    (void)state;
    dq_model_free(NULL);
    assert_int_equal(next_fd(), fd);
}

static void closing_closes_the_file(void **state)
{
    struct build b;
    const int fd = next_fd();
    build_small(&b, 3, false);
    struct dq_model *m = build_open(&b, *state);
    assert_int_not_equal(next_fd(), fd);
    dq_model_free(m);
    assert_int_equal(next_fd(), fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(version_1_is_read),
        scratch_test(version_2_is_read),
        scratch_test(version_3_is_read),
        scratch_test(big_endian_version_3_is_read),
        scratch_test(unknown_versions_are_refused),
        scratch_test(another_magic_is_refused),
        scratch_test(files_cut_anywhere_are_refused),
        scratch_test(an_empty_model_is_read),
        scratch_test(counts_beyond_the_file_are_refused),
        scratch_test(the_smallest_tensor_info_and_pair_fit),
        scratch_test(a_duplicate_key_is_refused),
        scratch_test(an_empty_key_is_refused),
        scratch_test(a_duplicate_tensor_name_is_refused),
        scratch_test(names_that_differ_after_a_nul_are_different),
        scratch_test(names_and_keys_have_a_maximum_length),
        scratch_test(long_names_leave_room_for_the_reason),
        scratch_test(eight_dimensions_are_read),
        scratch_test(a_model_may_begin_inside_a_file),
        scratch_test(alignment_is_any_power_of_two),
        scratch_test(other_alignments_are_refused),
        scratch_test(alignment_of_another_type_is_refused),
        scratch_test(integers_of_every_type_are_read),
        scratch_test(other_values_are_not_integers),
        scratch_test(anything_but_a_file_is_refused),
        cmocka_unit_test(freeing_null_is_allowed),
        scratch_test(closing_closes_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
