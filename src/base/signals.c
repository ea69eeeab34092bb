#include "base/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

/* Those that end a program and are no crash of it; real-time signals do so, too. */
static const int held[] = {
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

static atomic_int signal_came; /* the first; seen by all threads */
static atomic_int n_came;
static atomic_bool holding;

/* What the second signal removes. The name is no pointer: another thread may run the handler while
 * this one is done with the file. */
static struct {
    atomic_bool there;
    int folder;
    char name[64];
} temporary;

static void take_note(int number)
{
    struct sigaction end = {.sa_handler = SIG_DFL};
    int none = 0;
    /* With nothing to clean up, the first one ends the program. Before the file is known, the
     * second is noted as well: it could not be removed yet. */
    const int enough = !holding ? 1 : temporary.there ? 2 : 3;
    atomic_compare_exchange_strong(&signal_came, &none, number);
    if (++n_came < enough)
        return;
    if (temporary.there)
        unlinkat(temporary.folder, temporary.name, 0);
    sigaction(number, &end, NULL);
    raise(number); /* acts when this handler returns */
}

void dq_signals_ignore_write(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

/* One that is ignored, or that somebody else waits for, would not end the program. */
static void catch_signal(int number)
{
    struct sigaction note = {.sa_handler = take_note}; /* no SA_RESTART: blocked calls return */
    struct sigaction now;
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        sigaction(number, &note, NULL);
}

/* The handler stays where it is once it is there: there may be many files. */
void dq_signals_defer(void)
{
    static bool caught;
    holding = true;
    if (caught)
        return;
    caught = true;
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++)
        catch_signal(held[i]);
#ifdef SIGRTMIN
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        catch_signal(number);
#endif
}

void dq_signals_set_tmpfile(int folder, const char *name)
{
    temporary.folder = folder;
    snprintf(temporary.name, sizeof temporary.name, "%s", name);
    temporary.there = true;
}

void dq_signals_undefer(void)
{
    temporary.there = false;
    holding = false;
}

int dq_signals_check(struct dq_error *e)
{
    if (signal_came)
        return dq_fail(e, DQ_ERR_INTERRUPTED, "ended by signal %d", (int)signal_came);
    return 0;
}

void dq_signals_reraise(void)
{
    if (signal_came)
        raise(signal_came);
}
