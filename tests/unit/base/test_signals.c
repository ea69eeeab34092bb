/* What may begin, and what ends the program, once signals have come. Each case is a process of its own. */
#include "base/signals.h"

#include "dq_test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int status_of(void (*function)(void))
{
    int status = -1;
    const pid_t child = fork();
    if (child == 0) {
        alarm(10);
        (void)signal(
            SIGTERM, SIG_DFL); /* nohup ignores SIGHUP, and the program does what it says */
        (void)signal(SIGHUP, SIG_DFL);
        function();
        _exit(99);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static _Noreturn void defer_twice_around_a_signal(void)
{
    const int first = dq_signals_defer();
    raise(SIGTERM);
    _exit(first != DQ_SIGNALS_NONE && dq_signals_defer() == DQ_SIGNALS_NONE ? 0 : 1);
}

static void no_file_is_begun_after_a_signal(void **state)
{
    (void)state;
    assert_int_equal(status_of(defer_twice_around_a_signal), 0);
}

/* The second signal waits for the file that has no name yet. */
static void end_a_deferral_after_two_signals(void)
{
    const int deferral = dq_signals_defer();
    raise(SIGTERM);
    raise(SIGHUP);
    dq_signals_undefer(deferral);
}

static void a_second_signal_acts_when_nothing_is_left_to_wait_for(void **state)
{
    (void)state;
    const int status = status_of(end_a_deferral_after_two_signals);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_file_is_begun_after_a_signal),
        cmocka_unit_test(a_second_signal_acts_when_nothing_is_left_to_wait_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
