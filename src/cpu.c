#include "cpu.h"

const struct dq_cpu *dq_cpu_select(void)
{
    return &dq_cpu_baseline;
}
