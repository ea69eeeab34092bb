/* The files that killed runs left are removed, and nothing else. */
#include "dq_test.h"
#include "scratch.h"
#include "sink/tmpfile.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int open_folder(void *state)
{
    const struct scratch *s = state;
    const int fd = open(s->dir, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    return fd;
}

static struct dq_tmpfile make(int folder)
{
    struct dq_tmpfile t;
    assert_int_equal(dq_tmpfile_create(folder, true, &t), 0);
    assert_int_equal(write(t.fd, "x", 1), 1);
    return t;
}

static bool is_there(int folder, const char *name)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A process that is killed closes its descriptors and does nothing else. */
static void unlocked_files_are_removed(void **state)
{
    const int folder = open_folder(*state);
    struct dq_tmpfile t = make(folder);
    close(t.fd);
    dq_tmpfile_sweep(folder);
    assert_false(is_there(folder, t.name));
    close(folder);
}

static void locked_files_stay(void **state)
{
    const int folder = open_folder(*state);
    struct dq_tmpfile t = make(folder);
    const int duplicate = dup(t.fd);
    close(t.fd);
    dq_tmpfile_sweep(folder);
    assert_true(is_there(folder, t.name));
    close(duplicate);
    dq_tmpfile_sweep(folder);
    assert_false(is_there(folder, t.name));
    close(folder);
}

/* Sweeps a file of a user other than root, created under a umask. Returns bits: 1 if the file stays
 * while it is locked, 2 if it stays after that, 4 if it stays when it is old. */
static int sweep_under(struct scratch *scratch, mode_t mask, int folder)
{
    enum { OTHER_USER = 65534 };
    int status;
    if (geteuid() == 0)
        assert_int_equal(chown(scratch->dir, OTHER_USER, OTHER_USER), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct dq_tmpfile t;
        int stays = 0;
        if (geteuid() == 0 && setuid(OTHER_USER) != 0)
            _exit(100);
        umask(mask);
        if (dq_tmpfile_create(folder, true, &t) != 0)
            _exit(101);
        dq_tmpfile_sweep(folder);
        stays |= is_there(folder, t.name) ? 1 : 0;
        close(t.fd);
        dq_tmpfile_sweep(folder);
        stays |= is_there(folder, t.name) ? 2 : 0;
        const struct timespec then = {.tv_sec = time(NULL) - 25 * 60 * 60};
        const struct timespec times[] = {then, then};
        utimensat(folder, t.name, times, 0);
        dq_tmpfile_sweep(folder);
        stays |= is_there(folder, t.name) ? 4 : 0;
        _exit(stays);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void files_that_cannot_be_read_or_written_are_removed(void **state)
{
    const int folder = open_folder(*state);
    assert_int_equal(sweep_under(*state, 0222, folder), 1);
    assert_int_equal(sweep_under(*state, 0444, folder), 1);
    close(folder);
}

/* The lock cannot be checked. */
static void files_that_cannot_be_opened_are_removed_when_old(void **state)
{
    const int folder = open_folder(*state);
    assert_int_equal(sweep_under(*state, 0777, folder), 3);
    close(folder);
}

/* Gives the file the name of one from another host or boot. */
static void rename_as_from_elsewhere(int folder, struct dq_tmpfile *t)
{
    char name[DQ_TMPFILE_NAME_MAX];
    char *boot = strrchr(strcpy(name, t->name), '-') + 1;
    boot[0] = boot[0] == 'a' ? 'b' : 'a';
    assert_int_equal(renameat(folder, t->name, folder, name), 0);
    strcpy(t->name, name);
}

static void set_age(int folder, const char *name, time_t hours)
{
    const struct timespec then = {.tv_sec = time(NULL) - hours * 60 * 60};
    const struct timespec times[] = {then, then};
    assert_int_equal(utimensat(folder, name, times, 0), 0);
}

/* A lock that is held on another host may be invisible. */
static void files_from_elsewhere_are_removed_when_old(void **state)
{
    const int folder = open_folder(*state);
    struct dq_tmpfile t = make(folder);
    close(t.fd);
    rename_as_from_elsewhere(folder, &t);
    dq_tmpfile_sweep(folder);
    assert_true(is_there(folder, t.name));
    set_age(folder, t.name, 23);
    dq_tmpfile_sweep(folder);
    assert_true(is_there(folder, t.name));
    set_age(folder, t.name, 25);
    dq_tmpfile_sweep(folder);
    assert_false(is_there(folder, t.name));
    close(folder);
}

static void locked_files_stay_however_old(void **state)
{
    const int folder = open_folder(*state);
    struct dq_tmpfile here = make(folder);
    struct dq_tmpfile elsewhere = make(folder);
    rename_as_from_elsewhere(folder, &elsewhere);
    set_age(folder, here.name, 1000);
    set_age(folder, elsewhere.name, 1000);
    dq_tmpfile_sweep(folder);
    assert_true(is_there(folder, here.name));
    assert_true(is_there(folder, elsewhere.name));
    close(here.fd);
    close(elsewhere.fd);
    close(folder);
}

/* Other users of the folder can create such names. */
static void only_regular_files_are_removed(void **state)
{
    static const char *const names[] = {".gguf-dq-1-0-00000000.tmp", ".gguf-dq-1-1-00000000.tmp",
        ".gguf-dq-1-2-00000000.tmp", ".gguf-dq-1-3-00000000.tmp"};
    const int folder = open_folder(*state);
    const char *precious = scratch_write(*state, "precious", "x", 1);
    assert_int_equal(symlinkat("precious", folder, names[0]), 0);
    assert_int_equal(mkdirat(folder, names[1], 0777), 0);
    assert_int_equal(mkfifo(scratch_path(*state, names[2]), 0666), 0);
    assert_int_equal(symlinkat("/dev/tty", folder, names[3]), 0);
    dq_tmpfile_sweep(folder);
    for (size_t i = 0; i < 4; i++)
        assert_true(is_there(folder, names[i]));
    assert_int_equal(access(precious, F_OK), 0);
    close(folder);
}

static void other_names_stay(void **state)
{
    static const char *const names[] = {"gguf-dq-1-0-00000000.tmp", ".gguf-dq-1-0-00000000.npy",
        ".gguf-dq-.tmp", ".gguf-dq-1-0-00000000.tmp~", "x.tmp"};
    const int folder = open_folder(*state);
    for (size_t i = 0; i < 5; i++) {
        scratch_write(*state, names[i], "x", 1);
        set_age(folder, names[i], 1000);
    }
    dq_tmpfile_sweep(folder);
    assert_int_equal(scratch_count(*state), 5);
    close(folder);
}

/* A link that another user has created under the next name is skipped, not followed. */
static void a_name_that_is_taken_is_not_used(void **state)
{
    const int folder = open_folder(*state);
    const char *precious = scratch_write(*state, "precious", "mine", 4);
    struct dq_tmpfile t = make(folder);
    char next[DQ_TMPFILE_NAME_MAX];
    unsigned pid;
    unsigned number;
    size_t len;
    assert_int_equal(sscanf(t.name, ".gguf-dq-%u-%u-", &pid, &number), 2);
    snprintf(next, sizeof next, ".gguf-dq-%u-%u-%s", pid, number + 1, strrchr(t.name, '-') + 1);
    assert_int_equal(symlinkat("precious", folder, next), 0);
    struct dq_tmpfile other = make(folder);
    assert_string_not_equal(other.name, next);
    char *bytes = scratch_read(precious, &len);
    assert_string_equal(bytes, "mine");
    free(bytes);
    close(t.fd);
    close(other.fd);
    close(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(unlocked_files_are_removed),
        scratch_test(locked_files_stay),
        scratch_test(files_that_cannot_be_read_or_written_are_removed),
        scratch_test(files_that_cannot_be_opened_are_removed_when_old),
        scratch_test(files_from_elsewhere_are_removed_when_old),
        scratch_test(locked_files_stay_however_old),
        scratch_test(only_regular_files_are_removed),
        scratch_test(other_names_stay),
        scratch_test(a_name_that_is_taken_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
