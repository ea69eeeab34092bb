/* Streams: arrays written to pipes and devices. */
#ifdef __linux__
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#endif
#include "dq_test.h"
#include "scratch.h"
#include "sink/sink.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void pieces_arrive_in_order(void **state)
{
    struct dq_error e;
    struct dq_sink *s = NULL;
    char buf[16] = "";
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    check_ok(dq_sink_new_stream(ends[1], "pipe", &s, &e), &e);
    check_ok(s->ops->put(s, "hel", 3, 0, &e), &e);
    check_ok(s->ops->put(s, "", 0, 3, &e), &e);
    check_ok(s->ops->put(s, "lo", 2, 3, &e), &e);
    check_ok(s->ops->commit(s, &e), &e);
    dq_sink_free(s);
    assert_int_equal(read(ends[0], buf, sizeof buf), 5);
    assert_string_equal(buf, "hello");
    close(ends[0]);
    close(ends[1]);
}

/* After a GPU has failed, the array is put again from its start. */
static void what_was_written_is_skipped(void **state)
{
    static const struct {
        uint64_t off;
        const char *piece;
    } again[] = {{0, ""}, {0, "hel"}, {2, "ll"}, {3, "lo"}, {1, "ell"}, {0, "hello, w"}, {8, "orl"},
        {10, "ld"}, {11, "d"}};
    struct dq_error e;
    struct dq_sink *s = NULL;
    char buf[32] = "";
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    check_ok(dq_sink_new_stream(ends[1], "pipe", &s, &e), &e);
    for (size_t i = 0; i < sizeof again / sizeof again[0]; i++)
        check_ok(s->ops->put(s, again[i].piece, strlen(again[i].piece), again[i].off, &e), &e);
    dq_sink_free(s);
    assert_int_equal(read(ends[0], buf, sizeof buf), 12);
    assert_string_equal(buf, "hello, world");
    close(ends[0]);
    close(ends[1]);
}

/* Writes to /dev/null are skipped; but a closed standard output is /dev/null open for reading, which
 * must fail, and other devices get their data. */
static void the_null_device_takes_anything(void **state)
{
    static const struct {
        const char *path;
        int flags;
        bool takes_a_wild_pointer; /* the data is never read */
        bool fails;
    } rows[] = {
        {"/dev/null", O_WRONLY, true, false},
        {"/dev/null", O_RDWR, true, false},
        {"/dev/null", O_RDONLY, false, true},
        {"/dev/zero", O_WRONLY, false, false},
        {"/dev/full", O_WRONLY, false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dq_error e;
        struct dq_sink *s = NULL;
        const int fd = open(rows[i].path, rows[i].flags);
        assert_true(fd >= 0);
        check_ok(dq_sink_new_stream(fd, rows[i].path, &s, &e), &e);
        assert_int_equal(s->ops->put(s, "hel", 3, 0, &e), rows[i].fails ? DQ_ERR_IO : 0);
        if (rows[i].takes_a_wild_pointer)
            check_ok(s->ops->put(s, (const void *)1, 5, (uint64_t)1 << 40, &e), &e);
        check_ok(s->ops->commit(s, &e), &e);
        dq_sink_free(s);
        close(fd);
    }
}

static void the_descriptor_stays_open(void **state)
{
    struct dq_error e;
    char byte = 0;
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 2; i++) { /* one array after another */
        struct dq_sink *s = NULL;
        check_ok(dq_sink_new_stream(ends[1], "pipe", &s, &e), &e);
        check_ok(s->ops->put(s, "x", 1, 0, &e), &e);
        check_ok(s->ops->commit(s, &e), &e);
        dq_sink_free(s);
        assert_int_equal(read(ends[0], &byte, 1), 1);
        assert_int_equal(byte, 'x');
    }
    assert_true(fcntl(ends[1], F_GETFD) >= 0);
    close(ends[0]);
    close(ends[1]);
}

static void a_closed_pipe_has_its_own_code(void **state)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    struct dq_error e;
    struct dq_sink *s = NULL;
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(sigaction(SIGPIPE, &ignore, &before), 0);
    close(ends[0]);
    check_ok(dq_sink_new_stream(ends[1], "standard output", &s, &e), &e);
    const int rc = s->ops->put(s, "x", 1, 0, &e);
    sigaction(SIGPIPE, &before, NULL);
    dq_sink_free(s);
    close(ends[1]);
    check_error(rc, &e, DQ_ERR_CLOSED, "standard output: write: Broken pipe");
}

#ifdef F_SETPIPE_SZ
static void a_pipe_becomes_as_wide_as_it_may(void **state)
{
    struct dq_error e;
    struct dq_sink *s = NULL;
    int ends[2];
    int other[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(other), 0);
    fcntl(other[1], F_SETPIPE_SZ, 1 << 20); /* this user may not be allowed to */
    check_ok(dq_sink_new_stream(ends[1], "pipe", &s, &e), &e);
    dq_sink_free(s);
    assert_int_equal(fcntl(ends[1], F_GETPIPE_SZ), fcntl(other[1], F_GETPIPE_SZ));
    for (int i = 0; i < 2; i++) {
        close(ends[i]);
        close(other[i]);
    }
}
#endif

static void freeing_nothing_is_allowed(void **state)
{
    const int fd = next_fd();
    (void)state;
    dq_sink_free(NULL);
    assert_int_equal(next_fd(), fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_arrive_in_order),
        cmocka_unit_test(what_was_written_is_skipped),
        cmocka_unit_test(the_null_device_takes_anything),
        cmocka_unit_test(the_descriptor_stays_open),
        cmocka_unit_test(a_closed_pipe_has_its_own_code),
#ifdef F_SETPIPE_SZ
        cmocka_unit_test(a_pipe_becomes_as_wide_as_it_may),
#endif
        cmocka_unit_test(freeing_nothing_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
