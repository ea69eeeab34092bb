/* Measuring how long something takes. */
#ifndef DQ_CLOCK_H
#define DQ_CLOCK_H

#include <time.h>

/* Returns seconds since some fixed moment, on a clock that is never set. */
static inline double dq_clock_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
