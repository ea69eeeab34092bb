/* Files appear complete under their name or not at all. */
#include "base/file.h"
#include "base/mem.h"
#include "dq_test.h"
#include "rng.h"
#include "scratch.h"
#include "sink/sink.h"
#include "sink/tmpfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_FOLDERS = 64, OTHER_USER = 65534 };

static int folders[MAX_FOLDERS]; /* the folders of the sinks of a test */
static size_t n_folders;

/* Opens the folder of a file; it is closed when the test is over. */
static int folder_of(const char *path)
{
    struct dq_error e;
    char *folder = dq_file_folder(path);
    assert_non_null(folder);
    assert_true(n_folders < MAX_FOLDERS);
    check_ok(dq_sink_open_folder(
                 folder, path, DQ_FOLDER_FOLLOW | DQ_FOLDER_SWEEP, &folders[n_folders], &e),
        &e);
    dq_mem_free(folder);
    return folders[n_folders++];
}

static int close_folders(void **state)
{
    while (n_folders > 0)
        close(folders[--n_folders]);
    return scratch_teardown(state);
}

static struct dq_sink *sink_of(const struct dq_sink_file *file)
{
    struct dq_sink *s = NULL;
    struct dq_error e;
    check_ok(dq_sink_new_file(folder_of(file->path), file, &s, &e), &e);
    assert_non_null(s);
    return s;
}

static struct dq_sink *sink_at(const char *path, bool replace)
{
    return sink_of(&(struct dq_sink_file){.path = path, .replace = replace});
}

static void put(struct dq_sink *s, const char *text, uint64_t off)
{
    struct dq_error e;
    check_ok(s->ops->put(s, text, strlen(text), off, &e), &e);
}

static void check_content(const char *path, const char *text)
{
    size_t len;
    char *bytes = scratch_read(path, &len);
    assert_int_equal(len, strlen(text));
    assert_string_equal(bytes, text);
    free(bytes);
}

static void the_name_appears_with_commit(void **state)
{
    struct dq_error e;
    const char *path = scratch_path(*state, "out");
    struct dq_sink *s = sink_at(path, false);
    put(s, "hello", 0);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(scratch_count(*state), 1);
    check_ok(s->ops->commit(s, &e), &e);
    check_content(path, "hello");
    assert_int_equal(scratch_count(*state), 1);
    dq_sink_free(s);
    check_content(path, "hello");
    assert_int_equal(next_fd(), folders[0] + 1);
}

static void without_commit_nothing_remains(void **state)
{
    const char *path = scratch_path(*state, "out");
    struct dq_sink *s = sink_at(path, true);
    put(s, "hello", 0);
    dq_sink_free(s);
    assert_int_equal(scratch_count(*state), 0);
    assert_int_equal(next_fd(), folders[0] + 1);
}

static void pieces_go_to_their_places(void **state)
{
    struct dq_error e;
    size_t len;
    const char *path = scratch_path(*state, "out");
    struct dq_sink *s = sink_at(path, false);
    put(s, "world", 6);
    put(s, "hello", 0);
    check_ok(s->ops->commit(s, &e), &e);
    dq_sink_free(s);
    char *bytes = scratch_read(path, &len);
    assert_int_equal(len, 11);
    assert_memory_equal(bytes, "hello\0world", 11);
    free(bytes);
}

/* Pieces of random lengths; half of the files are begun again, as when a GPU fails half-way. */
static void pieces_of_any_length_make_the_file(void **state)
{
    enum { LEN = 100000 };
    uint8_t *wanted = malloc(LEN);
    assert_non_null(wanted);
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct rng r = {seed};
        struct dq_error e;
        size_t len;
        char name[32];
        snprintf(name, sizeof name, "out%d", (int)seed);
        const char *path = scratch_path(*state, name);
        struct dq_sink *s = sink_at(path, false);
        const uint64_t again = seed % 2 ? (uint64_t)rng_between(&r, 0, LEN) : 0;
        rng_fill(&r, wanted, LEN);
        for (uint64_t off = 0, n; off < again; off += n) {
            n = (uint64_t)rng_between(&r, 1, 5000);
            n = n < again - off ? n : again - off;
            check_ok(s->ops->put(s, name, sizeof name, off, &e), &e);
        }
        for (uint64_t off = 0, n; off < LEN; off += n) {
            n = (uint64_t)rng_between(&r, 0, (int64_t)1 << rng_between(&r, 0, 15));
            n = n < LEN - off ? n : LEN - off;
            check_ok(s->ops->put(s, wanted + off, (size_t)n, off, &e), &e);
        }
        check_ok(s->ops->commit(s, &e), &e);
        dq_sink_free(s);
        char *bytes = scratch_read(path, &len);
        assert_int_equal(len, LEN);
        if (memcmp(bytes, wanted, LEN) != 0)
            fail_msg("seed %d: bytes differ", (int)seed);
        free(bytes);
    }
    free(wanted);
}

/* The length of a large file only reserves space: the file gets the length that is written. */
static void a_wrong_length_does_no_harm(void **state)
{
    static const uint64_t lengths[] = {(uint64_t)8 << 20, (uint64_t)1 << 62};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct dq_error e;
        const char *path = scratch_path(*state, "out");
        struct dq_sink *s =
            sink_of(&(struct dq_sink_file){.path = path, .replace = true, .len = lengths[i]});
        put(s, "hello", 0);
        check_ok(s->ops->commit(s, &e), &e);
        dq_sink_free(s);
        check_content(path, "hello");
    }
}

/* A small file is collected: there is nothing in the folder before it is flushed, its pieces come in any
 * order, and none goes beyond its end. */
static void a_small_file_is_written_at_once(void **state)
{
    struct dq_error e;
    const char *path = scratch_path(*state, "out");
    struct dq_sink *s = sink_of(&(struct dq_sink_file){.path = path, .len = 11});
    put(s, "world", 6);
    put(s, "hello ", 0);
    check_error(s->ops->put(s, "ld!", 3, 9, &e), &e, DQ_ERR_IO, "longer than it was planned");
    check_error(
        s->ops->put(s, "x", 1, UINT64_MAX, &e), &e, DQ_ERR_IO, "longer than it was planned");
    assert_int_equal(scratch_count(*state), 0);
    check_ok(s->ops->flush(s, &e), &e);
    assert_int_equal(scratch_count(*state), 1);
    check_ok(s->ops->commit(s, &e), &e);
    assert_true(dq_sink_file_has_name(s));
    dq_sink_free(s);
    check_content(path, "hello world");
    assert_int_equal(scratch_count(*state), 1);
}

/* Its temporary file is not locked, so that another run may remove it. */
static void a_small_file_that_is_swept_is_written_again(void **state)
{
    for (int replace = 0; replace < 2; replace++) {
        struct dq_error e;
        const char *path = scratch_path(*state, "out");
        struct dq_sink *s =
            sink_of(&(struct dq_sink_file){.path = path, .len = 5, .replace = replace});
        put(s, "hello", 0);
        check_ok(s->ops->flush(s, &e), &e);
        dq_tmpfile_sweep(folders[n_folders - 1]);
        assert_int_equal(scratch_count(*state), replace);
        check_ok(s->ops->commit(s, &e), &e);
        dq_sink_free(s);
        check_content(path, "hello");
        assert_int_equal(scratch_count(*state), 1);
    }
}

static void a_small_file_that_is_not_committed_is_removed(void **state)
{
    for (int flushes = 0; flushes < 2; flushes++) {
        struct dq_error e;
        const char *path = scratch_path(*state, "out");
        struct dq_sink *s = sink_of(&(struct dq_sink_file){.path = path, .len = 5});
        put(s, "hello", 0);
        if (flushes)
            check_ok(s->ops->flush(s, &e), &e);
        dq_sink_free(s);
        assert_int_equal(scratch_count(*state), 0);
    }
}

static void an_existing_file_is_refused(void **state)
{
    struct dq_error e;
    const char *path = scratch_write(*state, "out", "old", 3);
    struct dq_sink *s = sink_at(path, false);
    put(s, "new", 0);
    check_error(s->ops->commit(s, &e), &e, DQ_ERR_IO, "out: File exists");
    dq_sink_free(s);
    check_content(path, "old");
    assert_int_equal(scratch_count(*state), 1);
}

static void a_file_that_comes_meanwhile_is_refused(void **state)
{
    struct dq_error e;
    const char *path = scratch_path(*state, "out");
    struct dq_sink *s = sink_at(path, false);
    put(s, "new", 0);
    scratch_write(*state, "out", "meanwhile", 9);
    check_error(s->ops->commit(s, &e), &e, DQ_ERR_IO, "File exists");
    dq_sink_free(s);
    check_content(path, "meanwhile");
    assert_int_equal(scratch_count(*state), 1);
}

static void a_dangling_link_is_in_the_way(void **state)
{
    struct dq_error e;
    const char *path = scratch_path(*state, "out");
    assert_int_equal(symlink("nowhere", path), 0);
    struct dq_sink *s = sink_at(path, false);
    check_error(s->ops->commit(s, &e), &e, DQ_ERR_IO, "File exists");
    dq_sink_free(s);
    assert_int_equal(scratch_count(*state), 1);
}

/* Only this failure can mean that another run has written the file. */
static void a_taken_name_is_distinguished_from_other_failures(void **state)
{
    struct dq_error e;
    const char *path = scratch_write(*state, "out", "old", 3);
    struct dq_sink *s = sink_at(path, false);
    assert_false(dq_sink_file_was_taken(s));
    check_error(s->ops->commit(s, &e), &e, DQ_ERR_IO, "File exists");
    assert_true(dq_sink_file_was_taken(s));
    dq_sink_free(s);
    assert_int_equal(unlink(path), 0);
    s = sink_at(path, false);
    assert_int_equal(close(dq_sink_file_fd(s)), 0);
    scratch_write(*state, "out", "meanwhile", 9);
    check_error(s->ops->commit(s, &e), &e, DQ_ERR_IO, "out: write");
    assert_false(dq_sink_file_was_taken(s));
    dq_sink_free(s);
}

/* A folder that cannot be opened for reading cannot be synced. */
static void a_durable_file_needs_a_folder_that_can_be_read(void **state)
{
    const struct scratch *scratch = *state;
    int status;
    assert_int_equal(chmod(scratch->dir, 0333), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(scratch->dir, OTHER_USER, OTHER_USER), 0);
    const pid_t child = fork();
    if (child == 0) { /* as another user, because root may read everything */
        struct dq_error e;
        int folder = -1;
        if (chdir(scratch->dir) != 0 || (geteuid() == 0 && setuid(OTHER_USER) != 0))
            _exit(2);
        if (dq_sink_open_folder(".", "out", DQ_FOLDER_DURABLE, &folder, &e) != DQ_ERR_IO ||
            folder != -1 || !strstr(e.text, "out: --fsync needs permission to read the directory"))
            _exit(3);
        _exit(dq_sink_open_folder(".", "out", DQ_FOLDER_SWEEP, &folder, &e) == 0 ? 0 : 4);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void replacing_waits_for_commit(void **state)
{
    struct dq_error e;
    const char *path = scratch_write(*state, "out", "old", 3);
    struct dq_sink *s = sink_at(path, true);
    put(s, "newer", 0);
    check_content(path, "old");
    check_ok(s->ops->commit(s, &e), &e);
    dq_sink_free(s);
    check_content(path, "newer");
    assert_int_equal(scratch_count(*state), 1);
}

/* The link is replaced, and its target is kept. */
static void replacing_a_link_keeps_its_target(void **state)
{
    struct dq_error e;
    const char *target = scratch_write(*state, "target", "old", 3);
    const char *path = scratch_path(*state, "out");
    assert_int_equal(symlink("target", path), 0);
    struct dq_sink *s = sink_at(path, true);
    put(s, "new", 0);
    check_ok(s->ops->commit(s, &e), &e);
    dq_sink_free(s);
    check_content(target, "old");
    check_content(path, "new");
}

static void a_folder_is_not_replaced(void **state)
{
    struct dq_error e;
    struct stat st;
    const char *path = scratch_path(*state, "out");
    assert_int_equal(mkdir(path, 0777), 0);
    struct dq_sink *s = sink_at(path, true);
    check_error(s->ops->commit(s, &e), &e, DQ_ERR_IO, "out");
    dq_sink_free(s);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(scratch_count(*state), 1);
}

static void a_missing_folder_is_refused(void **state)
{
    struct dq_error e;
    const char *path = scratch_path(*state, "absent");
    const int fd = next_fd();
    int folder = -1;
    check_error(dq_sink_open_folder(path, "absent/out", DQ_FOLDER_FOLLOW, &folder, &e), &e,
        DQ_ERR_IO, "absent/out: the directory ");
    assert_int_equal(folder, -1);
    assert_int_equal(next_fd(), fd);
}

static void several_at_once_do_not_collide(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    struct dq_error e;
    struct dq_sink *sinks[3];
    for (size_t i = 0; i < 3; i++) {
        sinks[i] = sink_at(scratch_path(*state, names[i]), false);
        put(sinks[i], names[i], 0);
    }
    for (size_t i = 3; i-- > 0;) {
        check_ok(sinks[i]->ops->commit(sinks[i], &e), &e);
        dq_sink_free(sinks[i]);
    }
    for (size_t i = 0; i < 3; i++)
        check_content(scratch_path(*state, names[i]), names[i]);
}

/* A name of the maximum length: a suffix could not be appended to it. */
static void the_longest_name_works(void **state)
{
    struct dq_error e;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    const char *path = scratch_path(*state, name);
    struct dq_sink *s = sink_at(path, false);
    put(s, "x", 0);
    check_ok(s->ops->commit(s, &e), &e);
    dq_sink_free(s);
    check_content(path, "x");
}

static void a_bare_name_is_in_the_current_folder(void **state)
{
    const struct scratch *scratch = *state;
    char before[1024];
    struct dq_error e;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch->dir), 0);
    struct dq_sink *s = sink_at("bare", false);
    const int rc = s->ops->commit(s, &e);
    dq_sink_free(s);
    assert_int_equal(chdir(before), 0);
    check_ok(rc, &e);
    check_content(scratch_path(*state, "bare"), "");
}

static void the_descriptor_takes_writes(void **state)
{
    struct dq_error e;
    const char *path = scratch_path(*state, "out");
    struct dq_sink *s = sink_at(path, false);
    assert_int_equal(write(dq_sink_file_fd(s), "direct", 6), 6);
    check_ok(s->ops->commit(s, &e), &e);
    dq_sink_free(s);
    check_content(path, "direct");
}

static void permissions_follow_the_umask(void **state)
{
    struct dq_error e;
    struct stat st;
    const char *path = scratch_path(*state, "out");
    const mode_t before = umask(027);
    struct dq_sink *s = sink_at(path, false);
    umask(before);
    check_ok(s->ops->commit(s, &e), &e);
    dq_sink_free(s);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

#define sink_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, close_folders)

int main(void)
{
    const struct CMUnitTest tests[] = {
        sink_test(the_name_appears_with_commit),
        sink_test(without_commit_nothing_remains),
        sink_test(pieces_go_to_their_places),
        sink_test(pieces_of_any_length_make_the_file),
        sink_test(a_wrong_length_does_no_harm),
        sink_test(a_small_file_is_written_at_once),
        sink_test(a_small_file_that_is_swept_is_written_again),
        sink_test(a_small_file_that_is_not_committed_is_removed),
        sink_test(an_existing_file_is_refused),
        sink_test(a_file_that_comes_meanwhile_is_refused),
        sink_test(a_taken_name_is_distinguished_from_other_failures),
        sink_test(a_durable_file_needs_a_folder_that_can_be_read),
        sink_test(a_dangling_link_is_in_the_way),
        sink_test(replacing_waits_for_commit),
        sink_test(replacing_a_link_keeps_its_target),
        sink_test(a_folder_is_not_replaced),
        sink_test(a_missing_folder_is_refused),
        sink_test(several_at_once_do_not_collide),
        sink_test(the_longest_name_works),
        sink_test(a_bare_name_is_in_the_current_folder),
        sink_test(the_descriptor_takes_writes),
        sink_test(permissions_follow_the_umask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
