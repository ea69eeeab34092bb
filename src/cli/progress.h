/* The progress line on a terminal: how much is done, how fast, and how long the rest will take. */
#ifndef DQ_PROGRESS_H
#define DQ_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct dq_progress {
    bool shown;                     /* stderr is a terminal, and --quiet was not given */
    uint64_t total;                 /* bytes */
    int64_t start;                  /* ms on the monotonic clock */
    atomic_uint_least64_t done;     /* bytes */
    atomic_int_least64_t next_draw; /* ms; whoever moves it on draws the line */
    _Atomic(const char *) what;     /* name of the tensor at hand; outlives the progress */
};

void dq_progress_init(struct dq_progress *p, uint64_t total);

/* Adds n_bytes to what is done. From a second after the start on, draws the line ten times a second.
 * Any thread may call this at any time. It takes no lock and waits for no other thread; only the
 * thread that draws waits for the terminal. arg is the struct dq_progress. */
void dq_progress_add(void *arg, uint64_t n_bytes);

/* Clears the line. */
void dq_progress_finish(struct dq_progress *p);

#endif
