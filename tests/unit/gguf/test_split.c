/* Split sets: any member opens the set, and an incomplete set is refused. */
#include "build_gguf.h"
#include "dq_test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { I8 = 24, MEMBERS = 3 };

/* The keys of a member. */
struct member {
    uint32_t no;
    uint32_t count;
    uint32_t total; /* split.tensors.count, of the whole set */
    const char *tensor;
};

static const struct member sound[MEMBERS] = {
    {0, MEMBERS, MEMBERS, "t0"}, {1, MEMBERS, MEMBERS, "t1"}, {2, MEMBERS, MEMBERS, "t2"}};

/* Writes a member. The only byte of its tensor is its number in the set. */
static void write_member(struct scratch *s, const char *name, const struct member *member)
{
    struct build b;
    build_begin(&b, 3, false, 1, 3);
    build_kv_u16(&b, "split.no", (uint16_t)member->no);
    build_kv_u16(&b, "split.count", (uint16_t)member->count);
    build_kv_i32(&b, "split.tensors.count", (int32_t)member->total);
    build_tensor1(&b, member->tensor, I8, 0, 1);
    build_data(&b, 32, 0);
    build_number(&b, member->no, 1);
    build_write(&b, s, name);
    build_free(&b);
}

static const char *member_name(unsigned number)
{
    static char names[MEMBERS + 1][64];
    snprintf(names[number], sizeof names[number], "m-%05u-of-%05d.gguf", number, MEMBERS);
    return names[number];
}

/* Writes a set with one member changed (or left out, if its count is 0). */
static void write_set(struct scratch *s, unsigned changed, struct member member)
{
    for (unsigned i = 0; i < MEMBERS; i++) {
        const struct member *it = i == changed ? &member : &sound[i];
        if (it->count > 0)
            write_member(s, member_name(i + 1), it);
    }
}

static void check_refused(struct scratch *s, unsigned number, const char *words)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    const int fd = next_fd();
    const int rc = dq_model_open(scratch_path(s, member_name(number)), &m, &e);
    check_error(rc, &e, DQ_ERR_MALFORMED, words);
    assert_null(m);
    assert_int_equal(next_fd(), fd);
}

static void any_member_opens_the_set(void **state)
{
    write_set(*state, 0, sound[0]);
    for (unsigned number = 1; number <= MEMBERS; number++) {
        struct dq_model *m = NULL;
        struct dq_error e;
        const int fd = next_fd();
        check_ok(dq_model_open(scratch_path(*state, member_name(number)), &m, &e), &e);
        assert_int_equal(m->n_shards, MEMBERS);
        assert_int_equal(m->n_tensors, MEMBERS);
        for (unsigned i = 0; i < MEMBERS; i++) {
            uint8_t byte = 0xff;
            const struct dq_tensor *t = dq_model_find(m, sound[i].tensor, 2);
            assert_ptr_equal(t, &m->tensors[i]);
            assert_int_equal(t->shard, i);
            assert_null(t->problem);
            assert_non_null(strstr(m->shards[i].path, member_name(i + 1)));
            check_ok(dq_tensor_read(m, t, 0, &byte, 1, &e), &e);
            assert_int_equal(byte, i);
        }
        dq_model_free(m);
        assert_int_equal(next_fd(), fd);
    }
}

static void a_missing_member_is_named(void **state)
{
    for (unsigned missing = 0; missing < MEMBERS; missing++) {
        write_set(*state, 0, sound[0]);
        assert_int_equal(unlink(scratch_path(*state, member_name(missing + 1))), 0);
        check_refused(
            *state, missing == 0 ? 2 : 1, "file of the split set is missing: expected file ");
        check_refused(*state, missing == 0 ? 3 : 1, member_name(missing + 1));
    }
}

static void another_count_is_refused(void **state)
{
    write_set(*state, 1, (struct member){1, 4, 3, "t1"});
    check_refused(*state, 1,
        "key 'split.count': numbers in the split set differ from the file name: expected split.no "
        "1 and split.count 3 in file 2 of 3, found 1 and 4");
    check_refused(*state, 2, "found 1 and 4");
}

static void another_number_is_refused(void **state)
{
    write_set(*state, 2, (struct member){1, 3, 3, "t2"});
    check_refused(*state, 1,
        "key 'split.no': numbers in the split set differ from the file name: expected split.no 2 "
        "and split.count 3 in file 3 of 3, found 1 and 3");
    write_set(*state, 0, (struct member){1, 3, 3, "t0"});
    check_refused(*state, 1, "expected split.no 0 and split.count 3 in file 1 of 3");
}

static void another_total_is_refused(void **state)
{
    write_set(*state, 0, (struct member){0, 3, 4, "t0"});
    check_refused(*state, 1,
        "key 'split.tensors.count': number of tensors in the split set differs: expected 4, found "
        "3");
    write_set(*state, 0, (struct member){0, 3, 2, "t0"});
    check_refused(*state, 2, "expected 2, found 3");
    write_set(*state, 0, (struct member){0, 3, UINT32_MAX, "t0"});
    check_refused(*state, 3, "expected -1, found 3");
}

static void a_tensor_in_two_members_is_refused(void **state)
{
    write_set(*state, 2, (struct member){2, 3, 3, "t1"});
    check_refused(*state, 1, "tensor 't1': duplicate tensor name");
    check_refused(*state, 3, "tensor 't1': duplicate tensor name");
}

static void a_member_without_split_keys_is_refused(void **state)
{
    struct build b;
    write_set(*state, 0, sound[0]);
    build_begin(&b, 3, false, 0, 0);
    build_write(&b, *state, member_name(2));
    build_free(&b);
    check_refused(*state, 1,
        "file of a split set lacks a key: expected split.no and split.count, found neither");
    build_begin(&b, 3, false, 0, 1);
    build_kv_u16(&b, "split.no", 1);
    build_write(&b, *state, member_name(2));
    build_free(&b);
    check_refused(*state, 1, "found only split.no");
}

static void a_member_that_is_broken_is_refused(void **state)
{
    write_set(*state, 0, sound[0]);
    scratch_write(*state, member_name(3), "GGUF\3\0", 6);
    check_refused(*state, 1, member_name(3));
}

static void split_keys_of_other_types_are_refused(void **state)
{
    struct build b;
    build_begin(&b, 3, false, 0, 1);
    build_kv_string(&b, "split.count", "3");
    build_write(&b, *state, member_name(1));
    build_free(&b);
    check_refused(*state, 1,
        "key 'split.count': value is not an integer below 2^63: expected an integer below 2^63, "
        "found a value of type string");
}

static void a_name_without_numbers_is_refused(void **state)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    write_member(*state, "m.gguf", &sound[0]);
    check_error(dq_model_open(scratch_path(*state, "m.gguf"), &m, &e), &e, DQ_ERR_MALFORMED,
        "file name does not give a number in the split set: expected a name that ends in "
        "-00001-of-00003.gguf or the like");
}

static void a_number_past_the_count_is_refused(void **state)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    write_member(*state, "m-00004-of-00003.gguf", &sound[0]);
    check_error(dq_model_open(scratch_path(*state, "m-00004-of-00003.gguf"), &m, &e), &e,
        DQ_ERR_MALFORMED, "found file 4 of 3");
    write_member(*state, "m-00000-of-00003.gguf", &sound[0]);
    check_error(dq_model_open(scratch_path(*state, "m-00000-of-00003.gguf"), &m, &e), &e,
        DQ_ERR_MALFORMED, "found file 0 of 3");
}

static void a_count_of_one_needs_no_name(void **state)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    const struct member alone = {0, 1, 1, "t"};
    write_member(*state, "m.gguf", &alone);
    check_ok(dq_model_open(scratch_path(*state, "m.gguf"), &m, &e), &e);
    assert_int_equal(m->n_tensors, 1);
    dq_model_free(m);
}

static void a_count_of_zero_is_refused(void **state)
{
    write_set(*state, 0, (struct member){0, 3, 3, "t0"});
    struct build b;
    build_begin(&b, 3, false, 0, 2);
    build_kv_u16(&b, "split.no", 0);
    build_kv_u16(&b, "split.count", 0);
    build_write(&b, *state, member_name(1));
    build_free(&b);
    check_refused(*state, 1, "found 0 and 0");
}

static void split_names_are_parsed(void **state)
{
    static const struct {
        const char *path;
        int prefix_len;
        unsigned number;
        unsigned count;
    } rows[] = {
        {"m-00001-of-00003.gguf", 1, 1, 3},
        {"/a/b-c-00012-of-99999.gguf", 6, 12, 99999},
        {"/-00000-of-00000.gguf", 1, 0, 0},
        {"-00001-of-00003.gguf", -1, 77, 77},
        {"m-00001-of-00003.GGUF", -1, 77, 77},
        {"m-0001-of-00003.gguf", -1, 77, 77},
        {"m-00001-of-0003.gguf", -1, 77, 77},
        {"m-000001-of-00003.gguf", -1, 77, 77},
        {"m-+0001-of-00003.gguf", -1, 77, 77},
        {"m- 0001-of-00003.gguf", -1, 77, 77},
        {"m-00001-of-00003.gguf.part", -1, 77, 77},
        {"m.gguf", -1, 77, 77},
        {"", -1, 77, 77},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned number = 77;
        unsigned count = 77;
        const int len = dq_split_name(rows[i].path, &number, &count);
        if (len != rows[i].prefix_len || number != rows[i].number || count != rows[i].count)
            fail_msg("'%s' gives %d, %u of %u", rows[i].path, len, number, count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(any_member_opens_the_set),
        scratch_test(a_missing_member_is_named),
        scratch_test(another_count_is_refused),
        scratch_test(another_number_is_refused),
        scratch_test(another_total_is_refused),
        scratch_test(a_tensor_in_two_members_is_refused),
        scratch_test(a_member_without_split_keys_is_refused),
        scratch_test(a_member_that_is_broken_is_refused),
        scratch_test(split_keys_of_other_types_are_refused),
        scratch_test(a_name_without_numbers_is_refused),
        scratch_test(a_number_past_the_count_is_refused),
        scratch_test(a_count_of_one_needs_no_name),
        scratch_test(a_count_of_zero_is_refused),
        cmocka_unit_test(split_names_are_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
