/* Split sets: any member opens the set, or what there is of it, with one warning and a diagnostic for each
 * fault. */
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

/* The faults of an open set: names of rules, each followed by a blank. */
struct faults {
    char rules[400];
};

static void add_fault(void *arg, const struct dq_diagnostic *d)
{
    struct faults *f = arg;
    const size_t len = strlen(f->rules);
    snprintf(f->rules + len, sizeof f->rules - len, "%s ", dq_rules[d->rule].name);
}

/* Opens the set by a file, and checks the rules that are broken, the words of the warning, and whether a
 * selection of everything needs more than is there (lacks: words, or NULL). The caller frees the model. */
static struct dq_model *check_open(
    struct scratch *s, const char *name, const char *rules, const char *warning, const char *lacks)
{
    struct faults f = {""};
    const struct dq_diagnostic_sink diag = {add_fault, &f};
    struct dq_model *m = NULL;
    struct dq_model *again = NULL;
    struct dq_error e;
    const char *path = scratch_path(s, name);
    check_ok(dq_model_examine(&dq_file_store, path, &diag, &m, &e), &e);
    assert_string_equal(f.rules, rules);
    dq_model_free(m);
    check_ok(dq_model_open(path, &again, &e), &e);
    if (!again->warning || !strstr(again->warning, warning))
        fail_msg("'%s' is not in '%s'", warning, again->warning ? again->warning : "");
    if (!lacks != !again->lacks || (lacks && !strstr(again->lacks, lacks)))
        fail_msg("lacks '%s'", again->lacks ? again->lacks : "nothing");
    return again;
}

static void check_set(
    struct scratch *s, unsigned number, const char *rules, const char *warning, const char *lacks)
{
    const int fd = next_fd();
    dq_model_free(check_open(s, member_name(number), rules, warning, lacks));
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

static void missing_members_are_named(void **state)
{
    static const char *const words[] = {"incomplete split set: file 1 of 3 is missing "
                                        "(m-00001-of-00003.gguf); 2 of 3 tensors are there",
        "incomplete split set: file 2 of 3 is missing (m-00002-of-00003.gguf); 2 of 3 tensors are "
        "there",
        "incomplete split set: file 3 of 3 is missing (m-00003-of-00003.gguf); 2 of 3 tensors are "
        "there"};
    for (unsigned missing = 0; missing < MEMBERS; missing++) {
        write_set(*state, 0, sound[0]);
        assert_int_equal(unlink(scratch_path(*state, member_name(missing + 1))), 0);
        check_set(
            *state, missing == 0 ? 2 : 1, "split-missing ", words[missing], " of 3 is missing");
    }
}

static void a_member_alone_is_open(void **state)
{
    static const char *const words[] = {
        "files 2-3 of 3 are missing (m-00002-of-00003.gguf, m-00003-of-00003.gguf); 1 of 3 tensors",
        "files 1 and 3 of 3 are missing (m-00001-of-00003.gguf, m-00003-of-00003.gguf)",
        "files 1-2 of 3 are missing (m-00001-of-00003.gguf, m-00002-of-00003.gguf)"};
    for (unsigned i = 0; i < MEMBERS; i++) {
        struct scratch *s = *state;
        write_member(s, member_name(i + 1), &sound[i]);
        struct dq_model *m = check_open(
            s, member_name(i + 1), "split-missing split-missing ", words[i], " of 3 are missing");
        assert_int_equal(m->n_shards, 1);
        assert_int_equal(m->n_files, MEMBERS);
        assert_int_equal(m->shards[0].number, i);
        assert_null(dq_model_find(m, sound[i].tensor, 2)->problem);
        dq_model_free(m);
        assert_int_equal(unlink(scratch_path(s, member_name(i + 1))), 0);
    }
}

/* A blob of a cache, or a file that was renamed. */
static void a_name_without_number_opens_the_file_alone(void **state)
{
    static const char name[] = "1df5da6a4295d8d79a9a9587bd19cf82a54b30a4e6f193453627e4360ab26598";
    write_set(*state, 0, sound[0]);
    write_member(*state, name, &sound[1]);
    struct dq_model *m = check_open(*state, name, "split-name split-missing split-missing ",
        "this is file 2 of 3; its name does not lead to the others; files 1 and 3 of 3 are "
        "missing; 1 of 3 "
        "tensors are there",
        "files 1 and 3 of 3 are missing");
    assert_int_equal(m->n_tensors, 1);
    assert_int_equal(m->shards[0].number, 1);
    dq_model_free(m);
    write_member(*state, "m.gguf", &(struct member){7, 3, 3, "t"});
    dq_model_free(check_open(*state, "m.gguf", "split-name split-missing split-numbers ",
        "2 of 3 files are missing; m.gguf has split.no 7 and split.count 3",
        "2 of 3 files are missing"));
}

/* Writes a set under names made of a format, with numbers from `first` on. */
static void write_names(struct scratch *s, const char *format, unsigned first)
{
    for (unsigned i = 0; i < MEMBERS; i++) {
        char name[64];
        const char *at = strchr(format, '#');
        snprintf(name, sizeof name, "%.*s%u%s", (int)(at - format), format, i + first, at + 1);
        write_member(s, name, &sound[i]);
    }
}

static void other_numberings_open_the_set(void **state)
{
    static const struct {
        const char *format;
        unsigned first;
        const char *open;
    } rows[] = {
        {"a-#-of-3.gguf", 1, "a-2-of-3.gguf"},
        {"b-0000#-of-00003.gguf", 0, "b-00000-of-00003.gguf"},
        {"c_0000#_of_00003.gguf", 1, "c_00003_of_00003.gguf"},
        {"d.gguf-0000#-of-00003.gguf", 1, "d.gguf-00001-of-00003.gguf"},
        {"e.gguf-0000#-of-00003", 1, "e.gguf-00002-of-00003"},
        {"f (# of 3).GGUF", 1, "f (1 of 3).GGUF"},
        {"g.gguf.part#of3", 1, "g.gguf.part3of3"},
        {"h-0000#-of-00003 (1).gguf", 1, "h-00001-of-00003 (1).gguf"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_model *m = NULL;
        struct dq_error e;
        write_names(*state, rows[i].format, rows[i].first);
        check_ok(dq_model_open(scratch_path(*state, rows[i].open), &m, &e), &e);
        if (m->n_shards != MEMBERS || m->warning || m->lacks)
            fail_msg("'%s': %zu files, %s", rows[i].open, m->n_shards, m->warning);
        for (unsigned k = 0; k < MEMBERS; k++)
            assert_ptr_equal(dq_model_find(m, sound[k].tensor, 2), &m->tensors[k]);
        dq_model_free(m);
    }
}

/* Of two copies with one number, the file that was named is opened, or else the one with the plain name. */
static void copies_are_opened_once(void **state)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    write_set(*state, 0, sound[0]);
    write_member(*state, "m-00001-of-00003 (1).gguf", &sound[0]);
    check_ok(dq_model_open(scratch_path(*state, member_name(2)), &m, &e), &e);
    assert_int_equal(m->n_shards, MEMBERS);
    assert_null(m->warning);
    assert_null(strstr(m->shards[0].path, "(1)"));
    dq_model_free(m);
    check_ok(dq_model_open(scratch_path(*state, "m-00001-of-00003 (1).gguf"), &m, &e), &e);
    assert_int_equal(m->n_shards, MEMBERS);
    assert_non_null(strstr(m->shards[0].path, "(1)"));
    dq_model_free(m);
}

/* From 0 where a file 0 is missing: the keys tell. */
static void numbers_from_0_are_told_by_the_keys(void **state)
{
    write_member(*state, "m-2-of-3.gguf", &sound[2]);
    dq_model_free(check_open(*state, "m-2-of-3.gguf", "split-missing split-missing ",
        "files 0-1 of 3 are missing (m-0-of-3.gguf, m-1-of-3.gguf)", "files 0-1 of 3"));
}

static void another_count_is_named(void **state)
{
    write_set(*state, 1, (struct member){1, 4, 3, "t1"});
    for (unsigned i = 1; i <= MEMBERS; i++)
        check_set(*state, i, "split-numbers ",
            "unclear split set: m-00002-of-00003.gguf has split.no 1 and split.count 4 instead of "
            "split.no 1 "
            "and split.count 3",
            "contradict");
}

static void another_number_is_named(void **state)
{
    write_set(*state, 2, (struct member){1, 3, 3, "t2"});
    check_set(*state, 1, "split-numbers ",
        "m-00003-of-00003.gguf has split.no 1 and split.count 3 instead of split.no 2",
        "contradict");
    write_set(*state, 0, (struct member){1, 3, 3, "t0"});
    check_set(*state, 1, "split-numbers ",
        "m-00001-of-00003.gguf has split.no 1 and split.count 3 instead of split.no 0",
        "contradict");
}

static void another_total_is_named(void **state)
{
    write_set(*state, 0, (struct member){0, 3, 4, "t0"});
    check_set(*state, 1, "split-total split-total split-total ",
        "m-00002-of-00003.gguf belongs to a set of 3 tensors, not 4; m-00003-of-00003.gguf belongs "
        "to a set of "
        "3 tensors, not 4; 3 tensors are there, not 4",
        "3 tensors are there, not 4");
    write_set(*state, 2, (struct member){2, 3, UINT32_MAX, "t2"});
    check_set(*state, 3, "split-total ", "belongs to a set of -1 tensors, not 3", "contradict");
}

/* As if a file of another model lay in the place. */
static void a_foreign_member_is_named(void **state)
{
    write_set(*state, 1, (struct member){1, 3, 9, "other"});
    check_set(*state, 1, "split-total ",
        "m-00002-of-00003.gguf belongs to a set of 9 tensors, not 3", "contradict");
}

static void a_tensor_in_two_members_is_refused_in_both(void **state)
{
    write_set(*state, 2, (struct member){2, 3, 3, "t1"});
    struct dq_model *m = check_open(*state, member_name(1), "split-duplicate split-duplicate ",
        "unclear split set: 1 tensor is in two files", "contradict");
    assert_null(m->tensors[0].problem);
    assert_non_null(strstr(m->tensors[1].problem, "expected each name once, found one in "));
    assert_non_null(strstr(m->tensors[2].problem, member_name(2)));
    dq_model_free(m);
}

/* A copy of the first file under the name of the second: the first is clear. */
static void a_copy_of_a_member_is_set_aside(void **state)
{
    write_set(*state, 1, sound[0]);
    struct dq_model *m = check_open(*state, member_name(3), "split-numbers split-duplicate ",
        "1 tensor is in two files", "contradict");
    assert_null(dq_model_find(m, "t0", 2)->problem);
    assert_non_null(m->tensors[1].problem);
    assert_null(m->tensors[2].problem);
    dq_model_free(m);
}

static void a_member_without_split_keys_is_named(void **state)
{
    struct build b;
    write_set(*state, 0, sound[0]);
    build_begin(&b, 3, false, 0, 0);
    build_write(&b, *state, member_name(2));
    build_free(&b);
    check_set(*state, 1, "split-keys split-total ",
        "m-00002-of-00003.gguf has neither of the keys split.no and split.count; 2 tensors are "
        "there, not 3",
        "2 tensors are there");
    build_begin(&b, 3, false, 0, 1);
    build_kv_u16(&b, "split.no", 1);
    build_write(&b, *state, member_name(2));
    build_free(&b);
    check_set(*state, 1, "split-keys split-total ", "has only split.no of the keys", "2 tensors");
}

/* Writes a file with one tensor and no keys. */
static void write_keyless(struct scratch *s, const char *name, const char *tensor)
{
    struct build b;
    build_begin(&b, 3, false, 1, 0);
    build_tensor1(&b, tensor, I8, 0, 1);
    build_data(&b, 32, 1);
    build_write(&b, s, name);
    build_free(&b);
}

/* Nothing is missing, so everything may be selected. */
static void names_alone_make_a_set(void **state)
{
    write_keyless(*state, member_name(1), "a");
    write_keyless(*state, member_name(2), "b");
    write_keyless(*state, member_name(3), "c");
    struct dq_model *m = check_open(*state, member_name(2), "split-keys split-keys split-keys ",
        "unclear split set: its files belong together by their names alone", NULL);
    assert_int_equal(m->n_tensors, 3);
    dq_model_free(m);
    assert_int_equal(unlink(scratch_path(*state, member_name(1))), 0);
    check_set(*state, 3, "split-missing split-keys split-keys ",
        "incomplete split set: file 1 of 3 is missing (m-00001-of-00003.gguf); its files belong "
        "together",
        "file 1 of 3 is missing");
}

/* The others stay usable, whichever file is named. */
static void a_member_that_is_broken_is_named(void **state)
{
    for (unsigned broken = 1; broken <= MEMBERS; broken++) {
        write_set(*state, 0, sound[0]);
        scratch_write(*state, member_name(broken), "GGUF\3\0", 6);
        struct dq_model *m = check_open(*state, member_name(2), "in-file ",
            "metadata ends past the end of the file", "1 of 3 files cannot be read");
        assert_int_equal(m->n_tensors, MEMBERS - 1);
        for (size_t i = 0; i < m->n_tensors; i++)
            assert_null(m->tensors[i].problem);
        dq_model_free(m);
    }
}

/* Its tensors are known in part, and none can be used. */
static void a_member_with_a_broken_table_is_named(void **state)
{
    struct build b;
    write_set(*state, 0, sound[0]);
    build_begin(&b, 3, false, 2, 0);
    build_tensor1(&b, "x", I8, 0, 1);
    build_string(&b, "y");
    build_number(&b, 99, 4);
    build_data(&b, 32, 64);
    build_write(&b, *state, member_name(2));
    build_free(&b);
    struct dq_model *m = check_open(*state, member_name(1), "in-file ", "bytes for the dimensions",
        "1 of 3 files cannot be read");
    assert_int_equal(m->n_tensors, 4);
    assert_null(m->tensors[0].problem);
    assert_string_equal(m->tensors[1].problem, "the table of tensors of its file is damaged");
    assert_string_equal(m->tensors[2].name, "y");
    assert_int_equal(m->tensors[2].n_dims, 0);
    assert_non_null(m->tensors[2].problem);
    assert_ptr_equal(dq_tensor_file_problem(m, &m->tensors[1]), m->shards[1].problem);
    assert_null(m->tensors[3].problem);
    dq_model_free(m);
}

/* With no file left, the reason is that of the file that was named. */
static void broken_members_alone_are_refused(void **state)
{
    for (unsigned named = 1; named <= MEMBERS; named++) {
        struct dq_model *m = NULL;
        struct dq_error e;
        const int fd = next_fd();
        for (unsigned i = 1; i <= MEMBERS; i++)
            scratch_write(*state, member_name(i), "GGUF\3\0", 6);
        check_error(dq_model_open(scratch_path(*state, member_name(named)), &m, &e), &e,
            DQ_ERR_MALFORMED, member_name(named));
        assert_null(m);
        assert_int_equal(next_fd(), fd);
    }
}

static void split_keys_of_other_types_are_named(void **state)
{
    struct build b;
    build_begin(&b, 3, false, 0, 1);
    build_kv_string(&b, "split.count", "3");
    build_write(&b, *state, member_name(1));
    build_write(&b, *state, "m.gguf");
    build_free(&b);
    check_set(*state, 1, "split-type split-missing split-missing split-keys ",
        "key 'split.count': value is not an integer below 2^63: expected an integer below 2^63, "
        "found a value "
        "of type string",
        "files 2-3 of 3 are missing");
    dq_model_free(
        check_open(*state, "m.gguf", "split-type ", "found a value of type string", "contradict"));
}

/* "Number 4 of 3" is no numbering. */
static void a_number_past_the_count_is_none(void **state)
{
    write_member(*state, "m-00004-of-00003.gguf", &sound[1]);
    dq_model_free(
        check_open(*state, "m-00004-of-00003.gguf", "split-name split-missing split-missing ",
            "this is file 2 of 3; its name does not lead to the others", "files 1 and 3"));
    write_set(*state, 0, sound[0]);
    write_member(*state, "m-00000-of-00003.gguf", &(struct member){9, 3, 3, "t9"});
    check_set(
        *state, 1, "split-name split-total ", "m-00000-of-00003.gguf is file 0 of 3", "contradict");
}

/* llama-gguf-split leaves the keys in what it merges, with a count of 0. */
static void a_count_of_0_or_1_needs_no_name(void **state)
{
    for (uint32_t count = 0; count <= 1; count++) {
        struct dq_model *m = NULL;
        struct dq_error e;
        const struct member alone = {0, count, 5, "t"};
        write_member(*state, "m.gguf", &alone);
        check_ok(dq_model_open(scratch_path(*state, "m.gguf"), &m, &e), &e);
        assert_int_equal(m->n_tensors, 1);
        assert_null(m->warning);
        dq_model_free(m);
    }
}

static void a_count_of_0_contradicts_a_number_in_the_name(void **state)
{
    write_set(*state, 0, (struct member){0, 0, 3, "t0"});
    write_member(*state, member_name(1), &(struct member){0, 0, 3, "t0"});
    check_set(
        *state, 1, "split-numbers ", "has split.no 0 and split.count 0 instead of", "contradict");
}

/* The pieces of a model that was cut up are no set: what is in the first one can be used. */
static void pieces_are_told_from_sets(void **state)
{
    struct dq_model *m = NULL;
    struct dq_error e;
    struct build b;
    build_begin(&b, 3, false, 2, 0);
    build_tensor1(&b, "a", I8, 0, 32);
    build_tensor1(&b, "b", I8, 32, 32);
    build_data(&b, 32, 64);
    const size_t cut = b.len - 16;
    memset(b.bytes + cut, 0xff, 16); /* text would be more than a piece: it is identified */
    scratch_write(*state, "m.gguf.part2of2", b.bytes + cut, 16);
    scratch_write(*state, "m.gguf.ab", b.bytes + cut, 16);
    check_error(dq_model_open(scratch_path(*state, "m.gguf.part2of2"), &m, &e), &e,
        DQ_ERR_MALFORMED,
        "m.gguf.part2of2: piece of a file that was cut up: expected all of them in order, as by "
        "cat "
        "m.gguf.part1of2 m.gguf.part2of2 > m.gguf, found piece 2 of 2");
    check_error(dq_model_open(scratch_path(*state, "m.gguf.ab"), &m, &e), &e, DQ_ERR_MALFORMED,
        "m.gguf.ab: piece of a file that was cut up: expected all of them in order, as by cat ... "
        "> m.gguf");
    scratch_write(*state, "m.gguf.part1of2", b.bytes, cut);
    m = check_open(*state, "m.gguf.part2of2", "magic file-cut pieces ",
        "piece of a file that was cut up", "it is a piece of a file that was cut up");
    assert_null(m->tensors[0].problem);
    assert_true(m->tensors[1].is_cut);
    dq_model_free(m);
    /* The first piece may end in the middle of the tensor table. */
    scratch_write(*state, "n.gguf.001", b.bytes, 60);
    check_error(dq_model_open(scratch_path(*state, "n.gguf.001"), &m, &e), &e, DQ_ERR_MALFORMED,
        "n.gguf.001: piece of a file that was cut up");
    /* A file of a known kind is not joined to anything. */
    scratch_write(*state, "n.gguf.002", "<!doctype html>", 15);
    check_error(dq_model_open(scratch_path(*state, "n.gguf.002"), &m, &e), &e, DQ_ERR_MALFORMED,
        "found an HTML page");
    scratch_write(*state, "m.gguf.aa", b.bytes, b.len); /* not cut: only its name is odd */
    check_ok(dq_model_open(scratch_path(*state, "m.gguf.aa"), &m, &e), &e);
    assert_null(m->warning);
    dq_model_free(m);
    build_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(any_member_opens_the_set),
        scratch_test(missing_members_are_named),
        scratch_test(a_member_alone_is_open),
        scratch_test(a_name_without_number_opens_the_file_alone),
        scratch_test(other_numberings_open_the_set),
        scratch_test(copies_are_opened_once),
        scratch_test(numbers_from_0_are_told_by_the_keys),
        scratch_test(another_count_is_named),
        scratch_test(another_number_is_named),
        scratch_test(another_total_is_named),
        scratch_test(a_foreign_member_is_named),
        scratch_test(a_tensor_in_two_members_is_refused_in_both),
        scratch_test(a_copy_of_a_member_is_set_aside),
        scratch_test(a_member_without_split_keys_is_named),
        scratch_test(names_alone_make_a_set),
        scratch_test(a_member_that_is_broken_is_named),
        scratch_test(a_member_with_a_broken_table_is_named),
        scratch_test(broken_members_alone_are_refused),
        scratch_test(split_keys_of_other_types_are_named),
        scratch_test(a_number_past_the_count_is_none),
        scratch_test(a_count_of_0_or_1_needs_no_name),
        scratch_test(a_count_of_0_contradicts_a_number_in_the_name),
        scratch_test(pieces_are_told_from_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
