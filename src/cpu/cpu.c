#include "cpu/levels.h"
#ifdef DQ_X86_LEVELS
#include "cpu/x86/features.h"
#endif

#include <pthread.h>
#include <string.h>

const struct dq_cpu *const dq_cpu_levels[] = {
#define LEVEL(name) &dq_cpu_##name,
#include "cpu/levels.def"
    NULL,
};

const struct dq_cpu_preference dq_cpu_preferences[] = {
#define PREFER(vendor, token, level) {vendor, DQ_TYPE_##token, #level},
#include "cpu/preferred.def"
    {.vendor = NULL},
};

/* The processor that this runs on, and what is chosen for it. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static size_t n_usable; /* of dq_cpu_levels */
static struct dq_cpu best;

static void choose(void)
{
    const char *vendor = "";
#ifdef DQ_X86_LEVELS
    struct dq_x86_features features;
    dq_x86_get_features(&features);
    const int level = dq_x86_level(&features);
    n_usable = level == 4 ? 3 : level == 3 ? 2 : 1;
    vendor = features.vendor;
#else /* every processor that the program runs on has them */
    n_usable = sizeof dq_cpu_levels / sizeof dq_cpu_levels[0] - 1;
#endif
    best = dq_cpu_compose(dq_cpu_levels[n_usable - 1], vendor, dq_cpu_preferences);
}

struct dq_cpu dq_cpu_compose(
    const struct dq_cpu *highest, const char *vendor, const struct dq_cpu_preference *rows)
{
    struct dq_cpu cpu = *highest;
    for (; rows->vendor; rows++) {
        if (strcmp(rows->vendor, vendor) != 0)
            continue;
        for (size_t i = 0; dq_cpu_levels[i] != highest; i++) {
            if (strcmp(dq_cpu_levels[i]->name, rows->level) == 0)
                cpu.decode[rows->type] = dq_cpu_levels[i]->decode[rows->type];
        }
    }
    return cpu;
}

bool dq_cpu_usable(const struct dq_cpu *cpu)
{
    pthread_once(&once, choose);
    for (size_t i = 0; i < n_usable && dq_cpu_levels[i]; i++) {
        if (dq_cpu_levels[i] == cpu)
            return true;
    }
    return cpu == &best;
}

const struct dq_cpu *dq_cpu_best(void)
{
    pthread_once(&once, choose);
    return &best;
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

size_t dq_cpu_round_in_place(
    const struct dq_cpu *cpu, enum dq_dtype dtype, uint8_t *values, size_t n)
{
    uint16_t rounded[1024];
    const size_t max_batch = sizeof rounded / sizeof rounded[0];
    const float *floats = (const float *)(const void *)values;
    size_t n_overflow = 0;
    for (size_t i = 0; i < n; i += max_batch) {
        const size_t batch = n - i < max_batch ? n - i : max_batch;
        n_overflow += dq_cpu_round(cpu, dtype, floats + i, rounded, batch);
        memcpy(values + i * sizeof *rounded, rounded, batch * sizeof *rounded);
    }
    return n_overflow;
}
