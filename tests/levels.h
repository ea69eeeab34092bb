/* Iterates over the instruction-set levels that this machine has. */
#ifndef DQ_TEST_LEVELS_H
#define DQ_TEST_LEVELS_H

#include "cpu/cpu.h"

/* The next usable level after one, or the first after NULL; NULL after the last. */
static inline const struct dq_cpu *level_after(const struct dq_cpu *cpu)
{
    const struct dq_cpu *const *level = dq_cpu_levels;
    while (cpu && *level++ != cpu)
        ;
    while (*level && !dq_cpu_usable(*level))
        level++;
    return *level;
}

#endif
