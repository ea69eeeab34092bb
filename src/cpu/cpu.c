#include "cpu/levels.h"

#include <string.h>

const struct dq_cpu *const dq_cpu_levels[] = {
    &dq_cpu_baseline,
#ifdef DQ_HAVE_LEVELS
    &dq_cpu_v3,
    &dq_cpu_v4,
#endif
    NULL,
};

/* The compiler's library asks CPUID, and XGETBV whether the system saves the wide registers. It
 * cannot be asked for F16C everywhere; no processor has AVX2 without it. */
bool dq_cpu_usable(const struct dq_cpu *cpu)
{
#ifdef DQ_HAVE_LEVELS
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    if (cpu == &dq_cpu_v3)
        return v3;
    if (cpu == &dq_cpu_v4)
        return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
#endif
    return cpu == &dq_cpu_baseline;
}

const struct dq_cpu *dq_cpu_best(void)
{
    const struct dq_cpu *best = dq_cpu_levels[0];
    for (size_t i = 1; dq_cpu_levels[i]; i++) {
        if (dq_cpu_usable(dq_cpu_levels[i]))
            best = dq_cpu_levels[i];
    }
    return best;
}

const struct dq_cpu *dq_cpu_by_name(const char *name)
{
    for (size_t i = 0; dq_cpu_levels[i]; i++) {
        if (strcmp(dq_cpu_levels[i]->name, name) == 0)
            return dq_cpu_levels[i];
    }
    return NULL;
}

size_t dq_cpu_round(const struct dq_cpu *cpu, enum dq_dtype dtype, const float *restrict src,
    uint16_t *restrict dst, size_t n)
{
    return dtype == DQ_DTYPE_f16 ? cpu->to_f16(src, dst, n) : cpu->to_bf16(src, dst, n);
}
