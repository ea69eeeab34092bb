/* Which instruction-set level of x86-64 a processor and its operating system support. */
#ifndef DQ_X86_FEATURES_H
#define DQ_X86_FEATURES_H

#include <stdint.h>

/* What CPUID and XGETBV return. */
struct dq_x86_features {
    char vendor[13];           /* leaf 0: "GenuineIntel" */
    uint32_t leaf1_ecx;        /* SSE3 to AVX, FMA, MOVBE, F16C, OSXSAVE */
    uint32_t leaf7_ebx;        /* AVX2, BMI1, BMI2, AVX-512 */
    uint32_t leaf80000001_ecx; /* LAHF, LZCNT */
    uint64_t xcr0; /* the registers that the operating system saves; 0 without OSXSAVE */
};

/* Asks the processor that this runs on. */
void dq_x86_get_features(struct dq_x86_features *out);

/* Returns the highest level (of the x86-64 psABI) whose features are all there: 4 or 3, or 1 for
 * less. These are all that a compiler may use with -march=x86-64-v3 or -v4. */
int dq_x86_level(const struct dq_x86_features *f);

#endif
