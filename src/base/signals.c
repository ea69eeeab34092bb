#include "base/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
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

/* What the second signal removes: the file of each deferral. A slot is free, taken by a deferral whose
 * file has no name yet, or named. The name is copied, since another thread may run the handler after
 * this one has freed it. */
enum { FREE, TAKEN, NAMED };

static struct {
    atomic_int state;
    int folder;
    char name[64];
} slots[DQ_SIGNALS_MAX];

static atomic_int n_deferred;
static atomic_int n_named;

/* Removes the files and lets a signal end the program: when the handler returns, or now. */
static void end_program(int number)
{
    struct sigaction end = {.sa_handler = SIG_DFL};
    for (size_t i = 0; i < DQ_SIGNALS_MAX; i++) {
        if (slots[i].state == NAMED)
            unlinkat(slots[i].folder, slots[i].name, 0);
    }
    sigaction(number, &end, NULL);
    raise(number);
}

/* With nothing to clean up, the first signal ends the program. While a file has no name yet, a second
 * one is recorded only: dq_signals_set_tmpfile acts on it. */
static void record(int number)
{
    int none = 0;
    atomic_compare_exchange_strong(&first_signal, &none, number);
    const int n = ++n_signals;
    if (n_deferred == 0 || (n >= 2 && n_named >= n_deferred))
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

static void catch_signals(void)
{
    for (size_t i = 0; i < sizeof deferred / sizeof deferred[0]; i++)
        catch_signal(deferred[i]);
#ifdef SIGRTMIN
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        catch_signal(number);
#endif
}

/* What a second signal could not do when it came. */
static void end_if_due(void)
{
    if (n_signals >= 2 && n_named >= n_deferred)
        end_program(first_signal);
}

/* The handlers stay installed: there may be many files. A handler counts its signal before it looks at
 * the deferrals, and this does it the other way round: either the handler waits for the file to get a
 * name, or there will be no file. */
int dq_signals_defer(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    n_deferred++;
    pthread_once(&once, catch_signals);
    if (n_signals > 0) {
        n_deferred--;
        end_if_due();
        return DQ_SIGNALS_NONE;
    }
    for (int i = 0; i < DQ_SIGNALS_MAX; i++) {
        int state = FREE;
        if (atomic_compare_exchange_strong(&slots[i].state, &state, TAKEN))
            return i;
    }
    n_named++; /* as far as a second signal is concerned, which cannot remove this file */
    return DQ_SIGNALS_MAX;
}

void dq_signals_set_tmpfile(int deferral, int folder, const char *name)
{
    if (deferral == DQ_SIGNALS_MAX)
        return;
    slots[deferral].folder = folder;
    snprintf(slots[deferral].name, sizeof slots[deferral].name, "%s", name);
    slots[deferral].state = NAMED;
    n_named++;
    end_if_due();
}

void dq_signals_undefer(int deferral)
{
    if (deferral == DQ_SIGNALS_NONE)
        return;
    if (deferral == DQ_SIGNALS_MAX || atomic_exchange(&slots[deferral].state, FREE) == NAMED)
        n_named--;
    n_deferred--;
    end_if_due();
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
