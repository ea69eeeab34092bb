#include "cpu/x86/features.h"

#include <cpuid.h>
#include <string.h>

/* The features of a level, lower levels included. */
struct needs {
    uint32_t leaf1_ecx;
    uint32_t leaf7_ebx;
    uint32_t leaf80000001_ecx;
    uint64_t xcr0;
};

/* In XCR0: xmm and ymm registers; and the mask registers and both parts of zmm registers. */
enum { XCR0_YMM = 0x06, XCR0_ZMM = 0xe0 };

static const struct needs v3 = {
    .leaf1_ecx = bit_SSE3 | bit_SSSE3 | bit_FMA | bit_CMPXCHG16B | bit_SSE4_1 | bit_SSE4_2 |
                 bit_MOVBE | bit_POPCNT | bit_OSXSAVE | bit_AVX | bit_F16C,
    .leaf7_ebx = bit_BMI | bit_AVX2 | bit_BMI2,
    .leaf80000001_ecx = bit_LAHF_LM | bit_LZCNT,
    .xcr0 = XCR0_YMM,
};

static const struct needs v4 = {
    .leaf7_ebx = bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW | bit_AVX512VL,
    .xcr0 = XCR0_ZMM,
};

static uint64_t read_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low | (uint64_t)high << 32;
}

void dq_x86_get_features(struct dq_x86_features *out)
{
    uint32_t a, b, c, d;
    memset(out, 0, sizeof *out);
    if (__get_cpuid(0, &a, &b, &c, &d)) {
        memcpy(out->vendor, &b, 4);
        memcpy(out->vendor + 4, &d, 4);
        memcpy(out->vendor + 8, &c, 4);
    }
    if (__get_cpuid(1, &a, &b, &c, &d))
        out->leaf1_ecx = c;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
        out->leaf7_ebx = b;
    if (__get_cpuid(0x80000001, &a, &b, &c, &d))
        out->leaf80000001_ecx = c;
    if (out->leaf1_ecx & bit_OSXSAVE)
        out->xcr0 = read_xcr0();
}

static int has(const struct dq_x86_features *f, const struct needs *n)
{
    return (f->leaf1_ecx & n->leaf1_ecx) == n->leaf1_ecx &&
           (f->leaf7_ebx & n->leaf7_ebx) == n->leaf7_ebx &&
           (f->leaf80000001_ecx & n->leaf80000001_ecx) == n->leaf80000001_ecx &&
           (f->xcr0 & n->xcr0) == n->xcr0;
}

int dq_x86_level(const struct dq_x86_features *f)
{
    if (!has(f, &v3))
        return 1;
    return has(f, &v4) ? 4 : 3;
}
