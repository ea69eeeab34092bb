/* Standard output: what fails once is not written again, and a full pipe is waited for. */
#include "base/stdout.h"
#include "dq_test.h"
#include "scratch.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { N_LINES = 100000 };

static int save_stdout(int fd)
{
    const int saved = dup(STDOUT_FILENO);
    fflush(stdout);
    assert_true(saved >= 0 && dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
    return saved;
}

static void restore_stdout(int saved)
{
    dup2(saved, STDOUT_FILENO);
    close(saved);
}

/* Reads in small pieces, and so slowly that the writer finds the pipe full. */
static void *read_all(void *fd)
{
    char *text = malloc(N_LINES * 8);
    size_t len = 0;
    for (size_t i = 0; text; i++) {
        const ssize_t n = read(*(int *)fd, text + len, 4096);
        if (n <= 0)
            break;
        len += (size_t)n;
        if (i % 16 == 0)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    if (text)
        text[len] = '\0';
    return text;
}

static void a_pipe_that_does_not_block_gets_every_line(void **state)
{
    int pipe_fds[2];
    pthread_t reader;
    void *got;
    struct dq_error e;
    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(fcntl(pipe_fds[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_all, &pipe_fds[0]), 0);
    const int saved = save_stdout(pipe_fds[1]);
    for (int i = 0; i < N_LINES; i++)
        fprintf(dq_stdout(), "%06d\n", i);
    const int rc = dq_stdout_flush(&e);
    restore_stdout(saved);
    close(pipe_fds[1]);
    pthread_join(reader, &got);
    close(pipe_fds[0]);
    check_ok(rc, &e);
    assert_false(dq_stdout_failed());
    assert_non_null(got);
    const char *at = got;
    for (int i = 0; i < N_LINES; i++, at += 7)
        assert_int_equal(strtol(at, NULL, 10), i);
    assert_int_equal(*at, '\0');
    free(got);
}

/* The last test: the stream stays as it is. */
static void nothing_is_written_after_a_failure(void **state)
{
    struct dq_error e;
    size_t len;
    const char *path = scratch_write(*state, "out", "", 0);
    const int full = open("/dev/full", O_WRONLY);
    const int file = open(path, O_WRONLY);
    assert_true(full >= 0 && file >= 0);
    const int saved = save_stdout(full);
    fprintf(dq_stdout(), "lost\n");
    const int rc = dq_stdout_flush(&e);
    dup2(file, STDOUT_FILENO);
    fprintf(dq_stdout(), "not written either\n");
    struct dq_error e_again;
    const int rc_again = dq_stdout_flush(&e_again);
    restore_stdout(saved);
    check_error(rc, &e, DQ_ERR_IO, "standard output: write: No space left on device");
    check_error(rc_again, &e_again, DQ_ERR_IO, "No space left on device");
    assert_true(dq_stdout_failed());
    free(scratch_read(path, &len));
    assert_int_equal(len, 0);
    close(full);
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_that_does_not_block_gets_every_line),
        scratch_test(nothing_is_written_after_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
