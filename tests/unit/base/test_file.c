/* Reads and writes that finish what they start. */
#include "base/file.h"
#include "base/signals.h"
#include "dq_test.h"
#include "scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void opening_tells_the_size(void **state)
{
    struct dq_error e;
    int fd = -1;
    uint64_t size = 0;
    check_ok(dq_file_open(scratch_write(*state, "f", "12345", 5), &fd, &size, &e), &e);
    assert_int_equal(size, 5);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    check_ok(dq_file_open(scratch_write(*state, "empty", "", 0), &fd, &size, &e), &e);
    assert_int_equal(size, 0);
    close(fd);
}

static void a_sparse_file_has_a_large_size(void **state)
{
    struct dq_error e;
    int fd = -1;
    uint64_t size = 0;
    char byte = 'x';
    const char *path = scratch_write(*state, "f", "", 0);
    assert_int_equal(truncate(path, (off_t)5 << 30), 0);
    check_ok(dq_file_open(path, &fd, &size, &e), &e);
    assert_int_equal(size, 5ull << 30);
    check_ok(dq_file_pread(fd, path, &byte, 1, size - 1, &e), &e);
    assert_int_equal(byte, 0);
    close(fd);
}

static void a_dash_is_standard_input(void **state)
{
    struct dq_error e;
    int fd = -1;
    uint64_t size = 0;
    const int saved = dup(STDIN_FILENO);
    const int file = open(scratch_write(*state, "f", "abc", 3), O_RDONLY);
    assert_true(saved >= 0 && file >= 0);
    dup2(file, STDIN_FILENO);
    close(file);
    const int rc = dq_file_open("-", &fd, &size, &e);
    dup2(saved, STDIN_FILENO);
    close(saved);
    check_ok(rc, &e);
    assert_int_equal(size, 3);
    assert_true(fd > STDERR_FILENO);
    close(fd);
}

static void check_not_opened(const char *path, int code, const char *words)
{
    struct dq_error e;
    int fd = -1;
    uint64_t size = 77;
    const int next = next_fd();
    check_error(dq_file_open(path, &fd, &size, &e), &e, code, words);
    assert_int_equal(fd, -1);
    assert_int_equal(size, 77);
    assert_int_equal(next_fd(), next);
}

static void what_has_no_offsets_is_refused(void **state)
{
    const char *fifo = scratch_path(*state, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    check_not_opened(fifo, DQ_ERR_USAGE, "pipe or a terminal"); /* and does not wait */
    check_not_opened("/dev/zero", DQ_ERR_USAGE, "pipe or a terminal");
    check_not_opened("/tmp", DQ_ERR_IO, "/tmp: is a directory");
    check_not_opened(scratch_path(*state, "absent"), DQ_ERR_IO, "absent: No such file");
}

static void reading_past_the_end_is_an_error(void **state)
{
    struct dq_error e;
    char buf[8] = "";
    const char *path = scratch_write(*state, "f", "12345", 5);
    const int fd = open(path, O_RDONLY);
    check_ok(dq_file_pread(fd, path, buf, 3, 2, &e), &e);
    assert_string_equal(buf, "345");
    check_ok(dq_file_pread(fd, path, buf, 0, 99, &e), &e);
    check_error(dq_file_pread(fd, path, buf, 4, 2, &e), &e, DQ_ERR_IO, "ends at offset 5 now");
    check_error(dq_file_pread(fd, path, buf, 1, 9, &e), &e, DQ_ERR_IO, "ends at offset 9 now");
    close(fd);
}

static void a_failing_read_says_where(void **state)
{
    struct dq_error e;
    char byte;
    (void)state;
    check_error(
        dq_file_pread(-1, "name", &byte, 1, 7, &e), &e, DQ_ERR_IO, "name: read at offset 7: Bad");
}

static void writing_at_offsets_fills_the_file(void **state)
{
    struct dq_error e;
    size_t len;
    const char *path = scratch_path(*state, "f");
    const int fd = open(path, O_RDWR | O_CREAT, 0600);
    check_ok(dq_file_pwrite(fd, path, "cd", 2, 2, &e), &e);
    check_ok(dq_file_pwrite(fd, path, "ab", 2, 0, &e), &e);
    check_ok(dq_file_write(fd, path, "AB", 2, &e), &e); /* at its own position, the start */
    close(fd);
    char *bytes = scratch_read(path, &len);
    assert_int_equal(len, 4);
    assert_string_equal(bytes, "ABcd");
    free(bytes);
}

static void a_full_disk_is_an_error(void **state)
{
    struct dq_error e;
    const int fd = open("/dev/full", O_WRONLY);
    (void)state;
    assert_true(fd >= 0);
    check_error(dq_file_write(fd, "full", "x", 1, &e), &e, DQ_ERR_IO, "full: write: No space");
    check_error(dq_file_pwrite(fd, "full", "x", 1, 0, &e), &e, DQ_ERR_IO, "full: write: No space");
    close(fd);
}

static void a_closed_pipe_has_its_own_code(void **state)
{
    struct dq_error e;
    int ends[2];
    (void)state;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(sigaction(SIGPIPE, &ignore, &before), 0);
    close(ends[0]);
    const int rc = dq_file_write(ends[1], "pipe", "x", 1, &e);
    close(ends[1]);
    sigaction(SIGPIPE, &before, NULL);
    check_error(rc, &e, DQ_ERR_CLOSED, "pipe: write: Broken pipe");
}

/* A pipe holds 64 KiB, so these transfers are cut short again and again. */
static void a_pipe_takes_more_than_it_holds(void **state)
{
    enum { LEN = 1 << 20 };
    struct dq_error e;
    int ends[2];
    int status = -1;
    (void)state;
    char *bytes = malloc(LEN);
    assert_non_null(bytes);
    for (size_t i = 0; i < LEN; i++)
        bytes[i] = (char)(i % 251);
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        char piece[1000];
        size_t n = 0;
        ssize_t got;
        bool same = true;
        close(ends[1]);
        while ((got = read(ends[0], piece, sizeof piece)) > 0) {
            for (ssize_t i = 0; i < got; i++)
                same = same && piece[i] == (char)(n++ % 251);
        }
        _exit(same && n == LEN ? 0 : 1);
    }
    close(ends[0]);
    const int rc = dq_file_write(ends[1], "pipe", bytes, LEN, &e);
    close(ends[1]);
    free(bytes);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    check_ok(rc, &e);
    assert_int_equal(status, 0);
}

/* The first part goes into the pipe and the rest waits for a reader: the signal cuts the call
 * short, which is then no reason to begin another. */
static void one_signal_ends_a_write_that_waits(void **state)
{
    static const char bytes[1 << 20];
    const struct itimerval soon = {.it_value = {.tv_usec = 200000}};
    const struct timespec pause = {.tv_nsec = 10000000};
    int ends[2];
    int status = -1;
    pid_t ended = 0;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct dq_error e;
        (void)dq_signals_defer();
        setitimer(ITIMER_REAL, &soon, NULL);
        _exit(
            dq_file_write(ends[1], "pipe", bytes, sizeof bytes, &e) == DQ_ERR_INTERRUPTED ? 0 : 1);
    }
    assert_true(child > 0);
    for (unsigned i = 0; i < 1000 && ended == 0; i++) {
        ended = waitpid(child, &status, WNOHANG);
        nanosleep(&pause, NULL);
    }
    if (ended == 0) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    }
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(ended, child);
    assert_int_equal(status, 0);
}

static void flushing_reports_what_failed_before(void **state)
{
    struct dq_error e;
    FILE *full = fopen("/dev/full", "w");
    FILE *sound = fopen(scratch_path(*state, "f"), "w");
    assert_true(full && sound);
    fputs("x", sound);
    fputs("x", full);
    check_ok(dq_file_flush(sound, "f", &e), &e);
    check_error(dq_file_flush(full, "f", &e), &e, DQ_ERR_IO, "No space left");
    check_error(dq_file_flush(full, "f", &e), &e, DQ_ERR_IO, "write: "); /* once failed, always */
    fclose(full);
    fclose(sound);
}

static void the_base_is_the_last_component(void **state)
{
    (void)state;
    assert_string_equal(dq_file_base("a/b/c"), "c");
    assert_string_equal(dq_file_base("c"), "c");
    assert_string_equal(dq_file_base("/c"), "c");
    assert_string_equal(dq_file_base("a/"), "");
    assert_string_equal(dq_file_base(""), "");
}

/* Standard error is replaced by a file for a moment. */
static void a_file_that_is_read_is_not_written_to(void **state)
{
    struct dq_error e;
    const char *path = scratch_write(*state, "f", "12345", 5);
    const int saved = dup(STDERR_FILENO);
    const int fd = open(path, O_RDONLY);
    const int out = open(path, O_WRONLY | O_APPEND);
    const int other = open(scratch_path(*state, "other"), O_WRONLY | O_CREAT, 0666);
    assert_true(saved >= 0 && fd >= 0 && out >= 0 && other >= 0);
    dup2(other, STDERR_FILENO);
    const int rc_other = dq_file_protect(fd, path, &e);
    dup2(fd, STDERR_FILENO);
    const int rc_reading = dq_file_protect(fd, path, &e);
    dup2(out, STDERR_FILENO);
    const bool at_risk = dq_file_output_is_at_risk();
    const int rc = dq_file_protect(fd, path, &e);
    const ssize_t written = write(STDERR_FILENO, "x", 1);
    dup2(saved, STDERR_FILENO);
    assert_int_equal(rc_other, 0);
    assert_int_equal(rc_reading, 0);
    assert_true(at_risk);
    check_error(rc, &e, DQ_ERR_USAGE, "standard error goes into this file");
    assert_int_equal(written, -1);
    close(other);
    close(out);
    close(fd);
    close(saved);
}

static void a_path_may_name_a_descriptor(void **state)
{
    const char *direct = scratch_path(*state, "direct");
    const char *twice = scratch_path(*state, "twice");
    const char *circle = scratch_path(*state, "circle");
    assert_int_equal(symlink("/dev/fd/7", direct), 0);
    assert_int_equal(symlink("direct", twice), 0);
    assert_int_equal(symlink("circle", circle), 0);
    assert_int_equal(dq_file_descriptor("/dev/fd/3"), 3);
    assert_int_equal(dq_file_descriptor("/dev/stdout"), 1);
    assert_int_equal(dq_file_descriptor("/proc/self/fd/12"), 12);
    assert_int_equal(dq_file_descriptor(direct), 7);
    assert_int_equal(dq_file_descriptor(twice), 7);
    assert_int_equal(dq_file_descriptor(circle), -1);
    assert_int_equal(dq_file_descriptor("/dev/fd/"), -1);
    assert_int_equal(dq_file_descriptor("/dev/fd/3x"), -1);
    assert_int_equal(dq_file_descriptor("/dev/null"), -1);
    assert_int_equal(dq_file_descriptor("3"), -1);
    assert_int_equal(dq_file_descriptor(scratch_write(*state, "4", "", 0)), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(opening_tells_the_size),
        scratch_test(a_sparse_file_has_a_large_size),
        scratch_test(a_dash_is_standard_input),
        scratch_test(what_has_no_offsets_is_refused),
        scratch_test(reading_past_the_end_is_an_error),
        cmocka_unit_test(a_failing_read_says_where),
        scratch_test(writing_at_offsets_fills_the_file),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(a_closed_pipe_has_its_own_code),
        cmocka_unit_test(a_pipe_takes_more_than_it_holds),
        cmocka_unit_test(one_signal_ends_a_write_that_waits),
        scratch_test(flushing_reports_what_failed_before),
        cmocka_unit_test(the_base_is_the_last_component),
        scratch_test(a_file_that_is_read_is_not_written_to),
        scratch_test(a_path_may_name_a_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
