#include "stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t signal_came;

static const int caught[] = {SIGINT, SIGTERM, SIGHUP};

static void take_note(int number)
{
    signal_came = number;
}

void dq_stop_catch_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) {
        struct sigaction old;
        struct sigaction note = {.sa_handler = take_note}; /* no SA_RESTART: blocked calls return */
        if (sigaction(caught[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(caught[i], &note, NULL);
    }
}

int dq_stop_check(struct dq_error *e)
{
    if (signal_came)
        return dq_fail(e, DQ_ERR_STOPPED, "ended by signal %d", (int)signal_came);
    return 0;
}

void dq_stop_die(void)
{
    if (!signal_came)
        return;
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    sigaction(signal_came, &dfl, NULL);
    raise(signal_came);
}
