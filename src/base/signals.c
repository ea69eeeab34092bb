#include "base/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

/* The signals whose default action ends the program, without those that report a crash. Real-time
 * signals belong to them too. */
static const int deferred[] = {
    SIGINT,
    SIGTERM,
    SIGHUP,
    SIGQUIT,
    SIGXCPU,
    SIGALRM,
    SIGUSR1,
    SIGUSR2,
    SIGVTALRM,
    SIGPROF,
#ifdef SIGPOLL
    SIGPOLL,
#endif
#ifdef SIGPWR
    SIGPWR,
#endif
#ifdef SIGSTKFLT
    SIGSTKFLT,
#endif
};

static atomic_int first_signal; /* 0: none yet */
static atomic_int n_signals;
static atomic_bool deferring;

/* What the second signal removes. The name is copied, since another thread may run the handler after
 * this one has freed it. */
static struct {
    atomic_bool set;
    int folder;
    char name[64];
} pending_file;

/* Removes the file and lets a signal end the program: when the handler returns, or now. */
static void end_program(int number)
{
    struct sigaction end = {.sa_handler = SIG_DFL};
    if (pending_file.set)
        unlinkat(pending_file.folder, pending_file.name, 0);
    sigaction(number, &end, NULL);
    raise(number);
}

/* With nothing to clean up, the first signal ends the program. While the file has no name yet, a second
 * one is recorded only: dq_signals_set_tmpfile acts on it. */
static void record(int number)
{
    int none = 0;
    atomic_compare_exchange_strong(&first_signal, &none, number);
    const int n = ++n_signals;
    if (!deferring || (pending_file.set && n >= 2))
        end_program(number);
}

void dq_signals_ignore_write(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

/* A signal that is ignored, or that a library handles, would not end the program. */
static void catch_signal(int number)
{
    struct sigaction defer = {.sa_handler = record}; /* no SA_RESTART: blocked calls return */
    struct sigaction now;
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        sigaction(number, &defer, NULL);
}

/* The handlers stay installed: there may be many files. */
void dq_signals_defer(void)
{
    static bool installed;
    deferring = true;
    if (installed)
        return;
    installed = true;
    for (size_t i = 0; i < sizeof deferred / sizeof deferred[0]; i++)
        catch_signal(deferred[i]);
#ifdef SIGRTMIN
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        catch_signal(number);
#endif
}

void dq_signals_set_tmpfile(int folder, const char *name)
{
    pending_file.folder = folder;
    snprintf(pending_file.name, sizeof pending_file.name, "%s", name);
    pending_file.set = true;
    if (n_signals >= 2)
        end_program(first_signal);
}

void dq_signals_undefer(void)
{
    pending_file.set = false;
    deferring = false;
}

int dq_signals_check(struct dq_error *e)
{
    if (first_signal)
        return dq_fail(e, DQ_ERR_INTERRUPTED, "ended by signal %d", (int)first_signal);
    return 0;
}

void dq_signals_reraise(void)
{
    if (first_signal)
        raise(first_signal);
}
