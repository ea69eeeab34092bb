/* Which level's function decodes a type, and which processors have a level. */
#include "cpu/cpu.h"
#include "cpu/levels.h"
#include "dq_test.h"
#include "levels.h"
#ifdef DQ_X86_LEVELS
#include "cpu/x86/features.h"
#endif

#include <string.h>

static size_t rank(const char *name)
{
    size_t i = 0;
    while (dq_cpu_levels[i] && strcmp(dq_cpu_levels[i]->name, name) != 0)
        i++;
    assert_non_null(dq_cpu_levels[i]);
    return i;
}

/* The number of the level that decodes a type on processors of a vendor. */
static size_t preferred(
    const struct dq_cpu_preference *rows, const char *vendor, size_t highest, enum dq_type type)
{
    for (; rows->vendor; rows++) {
        if (strcmp(rows->vendor, vendor) == 0 && rows->type == type && rank(rows->level) < highest)
            return rank(rows->level);
    }
    return highest;
}

static void check_composed(const struct dq_cpu_preference *rows, const char *vendor, size_t highest)
{
    const struct dq_cpu cpu = dq_cpu_compose(dq_cpu_levels[highest], vendor, rows);
    assert_string_equal(cpu.name, dq_cpu_levels[highest]->name);
    assert_ptr_equal(cpu.to_f16, dq_cpu_levels[highest]->to_f16);
    assert_ptr_equal(cpu.to_bf16, dq_cpu_levels[highest]->to_bf16);
    for (size_t type = 0; type < DQ_TYPE_COUNT; type++) {
        const size_t level = preferred(rows, vendor, highest, (enum dq_type)type);
        if (cpu.decode[type] != dq_cpu_levels[level]->decode[type])
            fail_msg("%s, %s, up to %s: not decoded by %s", dq_types[type].name, vendor, cpu.name,
                dq_cpu_levels[level]->name);
    }
}

static void each_type_has_its_preferred_level(void **state)
{
    static const struct dq_cpu_preference rows[] = {
        {"GenuineIntel", DQ_TYPE_q4_k, "baseline"},
        {"AuthenticAMD", DQ_TYPE_q8_0, "baseline"},
#ifdef DQ_X86_LEVELS
        {"GenuineIntel", DQ_TYPE_q5_k, "v3"},
        {"AuthenticAMD", DQ_TYPE_q6_k, "v3"},
        {"GenuineIntel", DQ_TYPE_q6_k, "v4"},
#endif
        {.vendor = NULL},
    };
    static const char *const vendors[] = {"GenuineIntel", "AuthenticAMD", ""};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t highest = 0; dq_cpu_levels[highest]; highest++) {
            check_composed(rows, vendors[i], highest);
#ifdef DQ_X86_LEVELS /* which its rows name */
            check_composed(dq_cpu_preferences, vendors[i], highest);
#endif
        }
    }
}

/* A row whose vendor or level is misspelt would never be used. */
static void preferences_name_vendors_and_levels(void **state)
{
    (void)state;
    for (const struct dq_cpu_preference *p = dq_cpu_preferences; p->vendor; p++) {
        assert_true(
            strcmp(p->vendor, "GenuineIntel") == 0 || strcmp(p->vendor, "AuthenticAMD") == 0);
#ifdef DQ_X86_LEVELS
        assert_true(rank(p->level) < rank("v4"));
#endif
    }
}

static void the_best_is_composed_of_usable_levels(void **state)
{
    const struct dq_cpu *best = dq_cpu_best();
    const struct dq_cpu *highest = dq_cpu_levels[0];
    (void)state;
    for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu))
        highest = cpu;
    assert_ptr_equal(best, dq_cpu_best());
    assert_true(dq_cpu_usable(best));
    assert_string_equal(best->name, highest->name);
    for (size_t type = 0; type < DQ_TYPE_COUNT; type++) {
        bool found = false;
        for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu))
            found = found || cpu->decode[type] == best->decode[type];
        assert_true(found);
    }
}

#ifdef DQ_X86_LEVELS
/* Bits that a level needs, by Intel's manual and the psABI. */
static const uint8_t v3_leaf1_ecx[] = {0, 9, 12, 13, 19, 20, 22, 23, 27, 28, 29};
static const uint8_t v3_leaf7_ebx[] = {3, 5, 8};
static const uint8_t v3_leaf80000001_ecx[] = {0, 5};
static const uint8_t v3_xcr0[] = {1, 2};
static const uint8_t v4_leaf7_ebx[] = {16, 17, 28, 30, 31};
static const uint8_t v4_xcr0[] = {5, 6, 7};

static uint32_t mask_of(const uint8_t *bits, size_t n)
{
    uint32_t mask = 0;
    for (size_t i = 0; i < n; i++)
        mask |= 1u << bits[i];
    return mask;
}
#define MASK(bits) mask_of(bits, sizeof(bits))

/* Everything that a level needs, and nothing else. */
static struct dq_x86_features features_of(int level)
{
    return (struct dq_x86_features){
        .leaf1_ecx = MASK(v3_leaf1_ecx),
        .leaf7_ebx = MASK(v3_leaf7_ebx) | (level == 4 ? MASK(v4_leaf7_ebx) : 0),
        .leaf80000001_ecx = MASK(v3_leaf80000001_ecx),
        .xcr0 = MASK(v3_xcr0) | (level == 4 ? MASK(v4_xcr0) : 0),
    };
}

static void every_feature_of_a_level_is_needed(void **state)
{
    (void)state;
    assert_int_equal(dq_x86_level(&(struct dq_x86_features){.leaf1_ecx = 0}), 1);
    for (int level = 3; level <= 4; level++) {
        const struct dq_x86_features all = features_of(level);
        assert_int_equal(dq_x86_level(&all), level);
        for (unsigned bit = 0; bit < 32; bit++) {
            const uint32_t mask = 1u << bit;
            struct dq_x86_features f = all;
            f.leaf1_ecx &= ~mask;
            assert_int_equal(dq_x86_level(&f), all.leaf1_ecx & mask ? 1 : level);
            f = all;
            f.leaf80000001_ecx &= ~mask;
            assert_int_equal(dq_x86_level(&f), all.leaf80000001_ecx & mask ? 1 : level);
            f = all;
            f.leaf7_ebx &= ~mask;
            const int without7 = MASK(v3_leaf7_ebx) & mask ? 1 : 3;
            assert_int_equal(dq_x86_level(&f), all.leaf7_ebx & mask ? without7 : level);
            f = all;
            f.xcr0 &= ~(uint64_t)mask;
            const int without_state = MASK(v3_xcr0) & mask ? 1 : 3;
            assert_int_equal(dq_x86_level(&f), all.xcr0 & mask ? without_state : level);
        }
    }
}

/* What is found to be usable, the compiler's library finds too, and the table of levels follows. */
static void the_compilers_library_agrees(void **state)
{
    struct dq_x86_features f;
    (void)state;
    dq_x86_get_features(&f);
    assert_int_equal(strlen(f.vendor), 12);
    if (dq_x86_level(&f) >= 3)
        assert_true(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"));
    if (dq_x86_level(&f) == 4)
        assert_true(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl"));
    assert_int_equal(dq_cpu_usable(&dq_cpu_v3), dq_x86_level(&f) >= 3);
    assert_int_equal(dq_cpu_usable(&dq_cpu_v4), dq_x86_level(&f) == 4);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_has_its_preferred_level),
        cmocka_unit_test(preferences_name_vendors_and_levels),
        cmocka_unit_test(the_best_is_composed_of_usable_levels),
#ifdef DQ_X86_LEVELS
        cmocka_unit_test(every_feature_of_a_level_is_needed),
        cmocka_unit_test(the_compilers_library_agrees),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
