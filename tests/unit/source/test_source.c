/* Sources: files and bytes in memory read alike. */
#include "source/source.h"

#include "dq_test.h"
#include "scratch.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char bytes[] = "0123456789";

enum { LEN = sizeof bytes - 1 };

static void check_reads(const struct dq_source *s, const char *name)
{
    char got[LEN + 1] = "";
    struct dq_error e;
    assert_string_equal(s->name, name);
    assert_int_equal(s->size, LEN);
    dq_source_expect(s, 0, 3);
    dq_source_expect(s, 7, UINT64_MAX);
    dq_source_expect(s, UINT64_MAX, 1);
    check_ok(dq_source_pread(s, got, LEN, 0, &e), &e);
    assert_string_equal(got, bytes);
    check_ok(dq_source_pread(s, got, 3, 7, &e), &e);
    assert_memory_equal(got, "789", 3);
    check_ok(dq_source_pread(s, got, 0, LEN, &e), &e);
    check_error(dq_source_pread(s, got, 4, 7, &e), &e, DQ_ERR_IO, name);
    check_error(dq_source_pread(s, got, 1, LEN, &e), &e, DQ_ERR_IO, name);
}

static void files_are_read(void **state)
{
    struct dq_source *s;
    struct dq_error e;
    struct stat st;
    const int fd = next_fd();
    const char *path = scratch_write(*state, "f", bytes, LEN);
    check_ok(dq_file_store.open(&dq_file_store, path, &s, &e), &e);
    check_reads(s, path);
    assert_int_equal(stat(path, &st), 0);
    assert_true(dq_source_is_file(s, &st));
    assert_int_equal(stat(scratch_write(*state, "g", bytes, LEN), &st), 0);
    assert_false(dq_source_is_file(s, &st));
    dq_source_close(s);
    assert_int_equal(next_fd(), fd);
}

static void memory_is_read(void **state)
{
    const struct dq_memory_file files[] = {{"a", "", 0}, {"b", bytes, LEN}};
    const struct dq_memory_store memory = DQ_MEMORY_STORE(files, 2);
    struct dq_source *s;
    struct dq_error e;
    struct stat st;
    char got;
    check_ok(memory.store.open(&memory.store, "b", &s, &e), &e);
    check_reads(s, "b");
    check_error(dq_source_pread(s, &got, 1, UINT64_MAX, &e), &e, DQ_ERR_IO, "b");
    assert_int_equal(stat(scratch_write(*state, "f", bytes, LEN), &st), 0);
    assert_false(dq_source_is_file(s, &st));
    dq_source_close(s);
    check_ok(memory.store.open(&memory.store, "a", &s, &e), &e);
    assert_int_equal(s->size, 0);
    dq_source_close(s);
}

static void what_is_missing_is_told(void **state)
{
    const struct dq_memory_store memory = DQ_MEMORY_STORE(NULL, 0);
    struct dq_source *s = NULL;
    struct dq_error e;
    const char *path = scratch_path(*state, "absent");
    check_error(dq_file_store.open(&dq_file_store, path, &s, &e), &e, DQ_ERR_IO, "No such file");
    check_error(memory.store.open(&memory.store, "absent", &s, &e), &e, DQ_ERR_IO, "No such file");
    assert_null(s);
    dq_source_close(NULL);
}

/* Adds a name to a text of names. */
static int add_name(void *arg, const char *name, struct dq_error *e)
{
    char *names = arg;
    (void)e;
    strcat(strcat(names, name), " ");
    return strcmp(name, "stop") == 0 ? DQ_ERR_MISMATCH : 0;
}

static void regular_files_are_listed(void **state)
{
    char names[64] = "";
    struct dq_error e;
    scratch_write(*state, "b", "", 0);
    const char *path = scratch_path(*state, "a");
    check_ok(dq_file_store.list(&dq_file_store, path, add_name, names, &e), &e);
    assert_string_equal(names, "b ");
    assert_int_equal(mkdir(scratch_path(*state, "folder"), 0777), 0);
    assert_int_equal(mkfifo(scratch_path(*state, "pipe"), 0666), 0);
    assert_int_equal(symlink("absent", scratch_path(*state, "dangling")), 0);
    *names = '\0';
    check_ok(dq_file_store.list(&dq_file_store, path, add_name, names, &e), &e);
    assert_string_equal(names, "b ");
    check_error(
        dq_file_store.list(&dq_file_store, scratch_path(*state, "none/a"), add_name, names, &e), &e,
        DQ_ERR_IO, "none: No such file");
}

static void files_in_memory_are_listed(void **state)
{
    const struct dq_memory_file files[] = {
        {"a", "", 0}, {"x/b", "", 0}, {"c", "", 0}, {"stop", "", 0}, {"d", "", 0}};
    const struct dq_memory_store memory = DQ_MEMORY_STORE(files, 5);
    char names[64] = "";
    struct dq_error e;
    (void)state;
    assert_int_equal(
        memory.store.list(&memory.store, "other", add_name, names, &e), DQ_ERR_MISMATCH);
    assert_string_equal(names, "a c stop ");
    *names = '\0';
    check_ok(memory.store.list(&memory.store, "x/", add_name, names, &e), &e);
    assert_string_equal(names, "b ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(files_are_read),
        scratch_test(memory_is_read),
        scratch_test(what_is_missing_is_told),
        scratch_test(regular_files_are_listed),
        cmocka_unit_test(files_in_memory_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
