/* The tables of the instruction-set levels. Each is there only if its sources were compiled for it.
 */
#ifndef DQ_LEVELS_H
#define DQ_LEVELS_H

#include "cpu/cpu.h"

extern const struct dq_cpu dq_cpu_baseline;
extern const struct dq_cpu dq_cpu_v3;
extern const struct dq_cpu dq_cpu_v4;

#endif
