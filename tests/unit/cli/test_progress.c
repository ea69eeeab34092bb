/* The progress line, on a terminal of the test's own. */
#define _XOPEN_SOURCE 700 /* posix_openpt */
#define _DEFAULT_SOURCE   /* TIOCSWINSZ */
#include "cli/msg.h"
#include "cli/progress.h"
#include "dq_test.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

struct terminal {
    int ours;
    int theirs;
    int stderr_before;
};

/* Makes a terminal of so many columns standard error. */
static struct terminal open_terminal(unsigned short columns)
{
    struct terminal t;
    const struct winsize size = {.ws_row = 24, .ws_col = columns};
    t.ours = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(t.ours >= 0 && grantpt(t.ours) == 0 && unlockpt(t.ours) == 0);
    t.theirs = open(ptsname(t.ours), O_RDWR | O_NOCTTY);
    assert_true(t.theirs >= 0 && ioctl(t.theirs, TIOCSWINSZ, &size) == 0);
    t.stderr_before = dup(STDERR_FILENO);
    dup2(t.theirs, STDERR_FILENO);
    return t;
}

/* Reads what was written to the terminal, where it arrives a little later. */
static const char *shown(const struct terminal *t)
{
    static char text[4096];
    struct pollfd arrived = {.fd = t->ours, .events = POLLIN};
    size_t len = 0;
    while (poll(&arrived, 1, 100) == 1) {
        const ssize_t n = read(t->ours, text + len, sizeof text - 1 - len);
        assert_true(n > 0);
        len += (size_t)n;
    }
    text[len] = '\0';
    return text;
}

static void close_terminal(struct terminal *t)
{
    dup2(t->stderr_before, STDERR_FILENO);
    close(t->stderr_before);
    close(t->theirs);
    close(t->ours);
}

/* Progress of a hundred bytes that has been going for ten seconds. */
static void init(struct dq_progress *p, const char *what)
{
    dq_progress_init(p, 100);
    p->start -= 10000;
    p->next_draw -= 10000;
    p->what = what;
}

static void the_line_says_how_far_the_work_is(void **state)
{
    struct terminal t = open_terminal(80);
    struct dq_progress p;
    (void)state;
    init(&p, "a\n");
    dq_progress_add(&p, 50);
    dq_progress_add(&p, 1); /* too soon to draw again */
    dq_msg_note("said");
    dq_progress_finish(&p);
    const char *text = shown(&t);
    close_terminal(&t);
    assert_string_equal(text,
        "\r\033[K 50%  50 B of 100 B  5 B/s  0:10 left  a\\n\r\033[Kgguf-dq: said\r\n"
        "\r\033[K 50%  50 B of 100 B  5 B/s  0:10 left  a\\n\r\033[K");
    assert_int_equal(p.done, 51);
}

static void the_line_goes_away(void **state)
{
    struct terminal t = open_terminal(80);
    struct dq_progress p;
    (void)state;
    init(&p, "a");
    dq_progress_add(&p, 50);
    dq_progress_finish(&p);
    dq_progress_finish(&p);
    const char *text = shown(&t);
    close_terminal(&t);
    assert_string_equal(text, "\r\033[K 50%  50 B of 100 B  5 B/s  0:10 left  a\r\033[K");
}

static void nothing_is_drawn_before_a_second_has_passed(void **state)
{
    struct terminal t = open_terminal(80);
    struct dq_progress p;
    (void)state;
    dq_progress_init(&p, 100);
    dq_progress_add(&p, 50);
    const char *text = shown(&t);
    close_terminal(&t);
    assert_string_equal(text, "");
}

static void the_line_fits_the_terminal(void **state)
{
    static const struct {
        unsigned short columns; /* 0: not known */
        const char *variable;
        const char *what;
        const char *tail;
    } rows[] = {
        {44, NULL, "abcdefgh", "left  abcd"},
        {43, NULL, "\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc", "left  \xc3\xbc\xc3\xa4\xc3\xb6"},
        {44, NULL, "\xe6\xa8\xa1\xe5\x9e\x8b\xe6\xa8\xa1", "left  \xe6\xa8\xa1\xe5\x9e\x8b"},
        {43, NULL, "\xe6\xa8\xa1\xe5\x9e\x8b\xe6\xa8\xa1", "left  \xe6\xa8\xa1"},
        {6, NULL, "abcdefgh", "\033[K 50% "},
        {1, NULL, "abcdefgh", "\033[K"},
        {0, "42", "abcdefgh", "left  ab"},
        {0, "none", "abcdefgh", "left  abcdefgh"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct terminal t = open_terminal(rows[i].columns);
        struct dq_progress p;
        if (rows[i].variable)
            setenv("COLUMNS", rows[i].variable, 1);
        init(&p, rows[i].what);
        dq_progress_add(&p, 50);
        const char *text = shown(&t);
        close_terminal(&t);
        unsetenv("COLUMNS");
        assert_true(strlen(text) >= strlen(rows[i].tail));
        assert_string_equal(text + strlen(text) - strlen(rows[i].tail), rows[i].tail);
    }
}

static void resize(const struct terminal *t, unsigned short columns)
{
    const struct winsize size = {.ws_row = 24, .ws_col = columns};
    assert_int_equal(ioctl(t->theirs, TIOCSWINSZ, &size), 0);
}

/* Also where it is drawn again after a message. */
static void the_width_is_asked_for_each_time(void **state)
{
    struct terminal t = open_terminal(80);
    struct dq_progress p;
    (void)state;
    init(&p, "abcdefgh");
    dq_progress_add(&p, 50);
    resize(&t, 7);
    dq_msg_note("x");
    resize(&t, 12);
    p.next_draw = 0;
    dq_progress_add(&p, 0);
    dq_progress_finish(&p);
    const char *text = shown(&t);
    close_terminal(&t);
    assert_string_equal(text, "\r\033[K 50%  50 B of 100 B  5 B/s  0:10 left  abcdefgh"
                              "\r\033[Kgguf-dq: x\r\n\r\033[K 50%  \r\033[K 50%  50 B \r\033[K");
}

/* Standard output has begun a line there. */
static void there_is_no_progress_within_a_line(void **state)
{
    struct terminal t = open_terminal(80);
    struct dq_progress p;
    (void)state;
    init(&p, "a");
    dq_msg_hold_progress();
    dq_msg_stdout_written(false);
    dq_progress_add(&p, 50);
    dq_msg_hold_progress();
    dq_msg_stdout_written(true);
    dq_progress_finish(&p);
    const char *text = shown(&t);
    close_terminal(&t);
    assert_string_equal(text, "\r\033[K 50%  50 B of 100 B  5 B/s  0:10 left  a\r\033[K");
}

static void *add(void *progress)
{
    dq_progress_add(progress, 10);
    return NULL;
}

/* One thread hangs in the terminal; the work goes on in the others, and the line is drawn once. */
static void a_stopped_terminal_stops_one_thread(void **state)
{
    struct terminal t = open_terminal(80);
    struct dq_progress p;
    pthread_t drawing;
    (void)state;
    init(&p, "a");
    assert_int_equal(tcflow(t.theirs, TCOOFF), 0);
    assert_int_equal(pthread_create(&drawing, NULL, add, &p), 0);
    while (p.done == 0)
        ;
    usleep(20000);
    p.next_draw = 0; /* due again */
    dq_progress_add(&p, 10);
    p.next_draw = 0;
    dq_progress_add(&p, 10);
    assert_int_equal(p.done, 30);
    assert_int_equal(tcflow(t.theirs, TCOON), 0);
    pthread_join(drawing, NULL);
    const char *text = shown(&t);
    close_terminal(&t);
    assert_string_equal(text, "\r\033[K 10%  10 B of 100 B  1 B/s  1:30 left  a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_says_how_far_the_work_is),
        cmocka_unit_test(the_line_goes_away),
        cmocka_unit_test(nothing_is_drawn_before_a_second_has_passed),
        cmocka_unit_test(the_line_fits_the_terminal),
        cmocka_unit_test(the_width_is_asked_for_each_time),
        cmocka_unit_test(there_is_no_progress_within_a_line),
        cmocka_unit_test(a_stopped_terminal_stops_one_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
