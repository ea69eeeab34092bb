/* One line on a terminal that says how far the work is. */
#ifndef DQ_PROGRESS_H
#define DQ_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct dq_progress {
    bool shown;     /* stderr is a terminal and nobody asked for quiet */
    uint64_t total; /* bytes in all */
    uint64_t done;
    const char *what; /* being written now */
    struct timespec start;
    struct timespec last; /* when the line was last drawn */
};

void dq_progress_init(struct dq_progress *p, uint64_t total);

/* Counts n_bytes more, and draws the line at times, beginning after a second. arg is the progress.
 */
void dq_progress_add(void *arg, uint64_t n_bytes);

/* Takes the line away. */
void dq_progress_finish(struct dq_progress *p);

#endif
