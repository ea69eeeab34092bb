/* Split sets: any member opens the set, and a set that is not whole is refused. */
#include "build_gguf.h"
#include "dq_test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { I8 = 24, MEMBERS = 3 };

/* What a member says of itself. */
struct member {
    uint32_t no;
    uint32_t count;
    uint32_t total; /* split.tensors.count, of the whole set */
    const char *tensor;
};

static const struct member sound[MEMBERS] = {
    {0, MEMBERS, MEMBERS, "t0"}, {1, MEMBERS, MEMBERS, "t1"}, {2, MEMBERS, MEMBERS, "t2"}};

/* Writes one member, whose tensor's byte is its number in the set. */
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

/* Writes a set with one member changed (or removed, if it counts no members). */
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
        check_refused(*state, missing == 0 ? 2 : 1, "of a set of 3 is missing");
        check_refused(*state, missing == 0 ? 3 : 1, member_name(missing + 1));
    }
}

static void another_count_is_refused(void **state)
{
    write_set(*state, 1, (struct member){1, 4, 3, "t1"});
    check_refused(*state, 1, "split.no is 1 and split.count 4; file 2 of 3 should have 1 and 3");
    check_refused(*state, 2, "split.no is 1 and split.count 4");
}

static void another_number_is_refused(void **state)
{
    write_set(*state, 2, (struct member){1, 3, 3, "t2"});
    check_refused(*state, 1, "split.no is 1 and split.count 3; file 3 of 3 should have 2 and 3");
    write_set(*state, 0, (struct member){1, 3, 3, "t0"});
    check_refused(*state, 1, "file 1 of 3 should have 0 and 3");
}

static void another_total_is_refused(void **state)
{
    write_set(*state, 0, (struct member){0, 3, 4, "t0"});
    check_refused(*state, 1, "split.tensors.count is 4, but the set has 3 tensors");
    write_set(*state, 0, (struct member){0, 3, 2, "t0"});
    check_refused(*state, 2, "split.tensors.count is 2, but the set has 3 tensors");
    write_set(*state, 0, (struct member){0, 3, UINT32_MAX, "t0"});
    check_refused(*state, 3, "split.tensors.count is -1");
}

static void a_tensor_in_two_members_is_refused(void **state)
{
    write_set(*state, 2, (struct member){2, 3, 3, "t1"});
    check_refused(*state, 1, "tensor 't1' is there twice");
    check_refused(*state, 3, "tensor 't1' is there twice");
}

static void a_member_without_split_keys_is_refused(void **state)
{
    struct build b;
    write_set(*state, 0, sound[0]);
    build_begin(&b, 3, false, 0, 0);
    build_write(&b, *state, member_name(2));
    build_free(&b);
    check_refused(*state, 1, "member of a split set without split.no");
    build_begin(&b, 3, false, 0, 1);
    build_kv_u16(&b, "split.no", 1);
    build_write(&b, *state, member_name(2));
    build_free(&b);
    check_refused(*state, 1, "member of a split set without split.count");
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
    check_refused(*state, 1, "split.count is of type string, not a whole number");
}

static void a_name_without_numbers_is_refused(void **state)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    write_member(*state, "m.gguf", &sound[0]);
    check_error(dq_model_open(scratch_path(*state, "m.gguf"), &m, &e), &e, DQ_ERR_MALFORMED,
        "the name does not end in -00001-of-00003.gguf");
}

static void a_number_past_the_count_is_refused(void **state)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    write_member(*state, "m-00004-of-00003.gguf", &sound[0]);
    check_error(dq_model_open(scratch_path(*state, "m-00004-of-00003.gguf"), &m, &e), &e,
        DQ_ERR_MALFORMED, "the name counts file 4 of 3");
    write_member(*state, "m-00000-of-00003.gguf", &sound[0]);
    check_error(dq_model_open(scratch_path(*state, "m-00000-of-00003.gguf"), &m, &e), &e,
        DQ_ERR_MALFORMED, "the name counts file 0 of 3");
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
    check_refused(*state, 1, "split.count 0");
}

static void split_names_are_taken_apart(void **state)
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
        cmocka_unit_test(split_names_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
