/* The instruction-set levels as tables, and how the functions of dq_cpu_best are chosen among
 * them. */
#ifndef DQ_CPU_LEVELS_H
#define DQ_CPU_LEVELS_H

#include "cpu/cpu.h"

#define LEVEL(name) extern const struct dq_cpu dq_cpu_##name;
#include "cpu/levels.def"

/* On processors of a vendor, a level decodes a type fastest. */
struct dq_cpu_preference {
    const char *vendor; /* as CPUID gives it: "GenuineIntel", "AuthenticAMD" */
    enum dq_type type;
    const char *level;
};

/* The rows of preferred.def, ended by one whose vendor is NULL. */
extern const struct dq_cpu_preference dq_cpu_preferences[];

/* Returns a table whose decoders are those of highest, except where a row for the vendor names a
 * level below it. Roundings and name are those of highest. rows end with a NULL vendor. */
struct dq_cpu dq_cpu_compose(
    const struct dq_cpu *highest, const char *vendor, const struct dq_cpu_preference *rows);

#endif
