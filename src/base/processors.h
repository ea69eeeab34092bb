/* How many processors this process may use. */
#ifndef DQ_PROCESSORS_H
#define DQ_PROCESSORS_H

/* Returns how many threads can run at once: the processors of the affinity mask (sched_setaffinity(2),
 * taskset), but no more than the CPU quotas of the process's control groups allow, rounded up
 * (cgroups(7), version 1 and 2). At least 1. The files of the kernel are looked for below root, which
 * is "" except in tests. */
unsigned dq_processors(const char *root);

#endif
