/* Statistics: counts, extremes and figures of made-up weights, as Python's integers and fractions give them, at every
 * level. */
#include "dq_test.h"
#include "levels.h"
#include "reduce/stats.h"

#include <math.h>
#include <string.h>

enum kind { ANY, SUBNORMAL, LARGE, NORMAL, BINADES_27, BINADES_28, BINADES_29, BLOCKS };

enum { MOST = 70000 };

static const struct dq_cpu *cpu;

#define NONE ((double)NAN)

/* clang-format off */
static const struct {
    enum kind kind;
    size_t n;
    uint64_t n_nan, n_pinf, n_ninf, n_pzero, n_nzero, n_subnormal, first_min, first_max;
    struct dq_stats_figures figures;
} expected[] = {
    {ANY, 0, 0, 0, 0, 0, 0, 0, 0, 0, {NONE, NONE, NONE, NONE, NONE}},
    {ANY, 1, 0, 0, 0, 0, 0, 1, 0, 0, {0x1.81c8000000000p-136, 0x1.81c8000000000p-136, 0x0.0p+0, 0x1.81c8000000000p-136, NONE}},
    {ANY, 4095, 16, 0, 0, 0, 0, 16, 2351, 1059, {0x1.4cdfaa6608b8dp+114, 0x1.ccbe4ae96beb4p+123, 0x1.ccbe2cd9afd5cp+123, 0x1.f9d5d20000000p+127, 0x1.190dee6ce341ep+4}},
    {ANY, 4097, 16, 0, 0, 0, 0, 16, 2351, 1059, {0x1.4cbac55bca5d4p+114, 0x1.cca163042a1f0p+123, 0x1.cca144f93519bp+123, 0x1.f9d5d20000000p+127, 0x1.191f917a223e3p+4}},
    {ANY, 70000, 272, 0, 0, 0, 0, 277, 28424, 22951, {-0x1.fa7f346fead67p+110, 0x1.c4bc1b7ad7351p+123, 0x1.c4bc1b34029fcp+123, 0x1.feecf20000000p+127, 0x1.20e7744a793dfp+4}},
    {SUBNORMAL, 4097, 0, 0, 0, 0, 0, 4097, 383, 1892, {-0x1.556d9026fd902p-137, 0x1.2769a789d820cp-127, 0x1.27699b34f4d1ap-127, 0x1.ffd1040000000p-127, 0x1.bb88491126f2cp+0}},
    {LARGE, 4097, 0, 0, 0, 0, 0, 0, 383, 1892, {-0x1.aaeb1f4e0b1f5p+115, 0x1.86ef090a1952ap+127, 0x1.86ef0820fdbd5p+127, 0x1.ffe8820000000p+127, 0x1.4f3820ca754aap+0}},
    {NORMAL, 0, 0, 0, 0, 0, 0, 0, 0, 0, {NONE, NONE, NONE, NONE, NONE}},
    {NORMAL, 1, 0, 0, 0, 0, 0, 0, 0, 0, {0x1.0060720000000p-7, 0x1.0060720000000p-7, 0x0.0p+0, 0x1.0060720000000p-7, NONE}},
    {NORMAL, 4095, 0, 0, 0, 0, 0, 0, 886, 2898, {-0x1.312b1c9fc9fcap-11, 0x1.3f5c4cf68545ep-1, 0x1.3f5c43d9aa1c0p-1, 0x1.ff9eea0000000p+0, 0x1.9a1dc6b3d6c1fp+1}},
    {NORMAL, 4097, 0, 0, 0, 0, 0, 0, 886, 2898, {-0x1.39ed77148eb71p-12, 0x1.3f6e1e6dd9ecbp-1, 0x1.3f6e1c04cfc2ep-1, 0x1.ff9eea0000000p+0, 0x1.9a06dda18d9e6p+1}},
    {NORMAL, 70000, 0, 0, 0, 0, 0, 0, 30346, 6359, {-0x1.f6353f9ea1d9cp-15, 0x1.3f4d5e85098f3p-1, 0x1.3f4d5e6c5a755p-1, 0x1.fff80a0000000p+0, 0x1.9a785d691b7fep+1}},
    {BINADES_27, 4097, 0, 0, 0, 0, 0, 0, 1862, 3131, {0x1.1b5b4fd012b15p-11, 0x1.5b50f9f86da2dp-3, 0x1.5b508661e4a23p-3, 0x1.ff132a0000000p-1, 0x1.78b481bb555fbp+2}},
    {BINADES_28, 4097, 0, 0, 0, 0, 0, 0, 1119, 3191, {-0x1.3a2030851b345p-9, 0x1.53db417bc3b9dp-2, 0x1.53d8fcca28b5ap-2, 0x1.fc24220000000p+0, 0x1.7ec59ecccef7bp+2}},
    {BLOCKS, 4097, 128, 64, 64, 0, 0, 0, 1742, 1772, {0x1.543a2aee34c18p+94, 0x1.92b09cd7a4966p+103, 0x1.92b078e921204p+103, 0x1.fdb1ca0000000p+105, 0x1.4406a3470a9adp+2}},
    {BLOCKS, 70000, 2304, 1153, 1151, 0, 0, 0, 22448, 22478, {-0x1.08553e6805bf9p+98, 0x1.c12ec76b23847p+108, 0x1.c12ec28eb6034p+108, 0x1.feec720000000p+112, 0x1.23300a4d3563fp+4}},
    {BINADES_29, 4097, 0, 0, 0, 0, 0, 0, 1449, 3131, {-0x1.1da5bda7f3bddp-6, 0x1.4fab744bcbae9p-1, 0x1.4f8d105fe7eb1p-1, 0x1.fefcba0000000p+1, 0x1.85d831a9b6a7ap+2}},
};
/* clang-format on */

enum { N_EXPECTED = sizeof expected / sizeof expected[0] };

static uint32_t weights[MOST];

/* Makes numbers that look random, of a kind. */
static void make(enum kind kind, size_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        const uint32_t bits = (uint32_t)(i * 2654435761u + 12345) ^ (uint32_t)(i * 40503 & 0xffff);
        switch (kind) {
        case ANY:
            weights[i] = bits;
            break;
        case SUBNORMAL:
            weights[i] = bits & 0x807fffff;
            break;
        case LARGE: /* up to the largest f32 */
            weights[i] = (bits & 0x807fffff) | 0x7f000000;
            break;
        case NORMAL: /* usual weights */
            weights[i] = (bits & 0x83ffffff) | 0x3c000000;
            break;
        case BINADES_27:
        case BINADES_28:
        case BINADES_29:
            weights[i] = (bits & 0x807fffff) | ((uint32_t)(i % (27 + kind - BINADES_27)) + 100)
                                                   << 23;
            break;
        case BLOCKS: /* of 256 weights, each in a binade of its own; a third of every fifth is not finite */
            weights[i] = (bits & 0x807fffff) | ((uint32_t)(i / 256 * 37 % 230) + 10) << 23;
            if (i / 256 % 5 == 4 && i % 3 == 0)
                weights[i] = (weights[i] | 0x7f800000) & (i % 2 == 0 ? 0xff800000 : UINT32_MAX);
            break;
        }
    }
}

static void check_same_double(double x, double wanted)
{
    if (isnan(wanted))
        assert_true(isnan(x));
    else
        assert_memory_equal(&x, &wanted, sizeof x);
}

static void check_row(size_t row, const struct dq_stats *s)
{
    struct dq_stats_figures f;
    dq_stats_figures(s, &f);
    assert_int_equal(s->n_weights, expected[row].n);
    assert_int_equal(s->n_nan, expected[row].n_nan);
    assert_int_equal(s->n_pinf, expected[row].n_pinf);
    assert_int_equal(s->n_ninf, expected[row].n_ninf);
    assert_int_equal(s->n_pzero, expected[row].n_pzero);
    assert_int_equal(s->n_nzero, expected[row].n_nzero);
    assert_int_equal(s->n_subnormal, expected[row].n_subnormal);
    check_same_double(f.mean, expected[row].figures.mean);
    check_same_double(f.rms, expected[row].figures.rms);
    check_same_double(f.std, expected[row].figures.std);
    check_same_double(f.absmax, expected[row].figures.absmax);
    check_same_double(f.crest, expected[row].figures.crest);
    if (dq_stats_n_finite(s) == 0)
        return;
    assert_int_equal(s->first_min, expected[row].first_min);
    assert_int_equal(s->first_max, expected[row].first_max);
    assert_memory_equal(&s->min, &weights[s->first_min], sizeof s->min);
    assert_memory_equal(&s->max, &weights[s->first_max], sizeof s->max);
}

static void figures_are_exact(void **state)
{
    (void)state;
    for (size_t row = 0; row < N_EXPECTED; row++) {
        struct dq_stats s = {0};
        make(expected[row].kind, expected[row].n);
        dq_stats_add(&s, cpu, weights, expected[row].n, 0);
        check_row(row, &s);
    }
}

/* Whatever the parts, and in whatever order they come. */
static void parts_give_what_the_whole_gives(void **state)
{
    (void)state;
    for (size_t row = 0; row < N_EXPECTED; row++) {
        const size_t n = expected[row].n;
        struct dq_stats whole = {0};
        struct dq_stats s = {0};
        make(expected[row].kind, n);
        dq_stats_add(&whole, cpu, weights, n, 0);
        for (size_t end = n; end > 0;) {
            const size_t len = end % 1000 + 1 < end ? end % 1000 + 1 : end;
            struct dq_stats part = {0};
            end -= len;
            dq_stats_add(&part, cpu, weights + end, len, end);
            dq_stats_merge(&s, &part);
        }
        check_row(row, &s);
        assert_memory_equal(s.octaves, whole.octaves, sizeof s.octaves);
    }
}

static void weights_are_counted_by_exponent(void **state)
{
    const float some[] = {1.0f, -1.5f, 2.0f, 0.0f, -0.0f, INFINITY, 0x1p-149f};
    struct dq_stats s = {0};
    (void)state;
    dq_stats_add(&s, cpu, some, sizeof some / sizeof some[0], 0);
    assert_int_equal(s.octaves[127], 2);
    assert_int_equal(s.octaves[128], 1);
    assert_int_equal(s.octaves[0], 3);
    assert_int_equal(s.octaves[255], 1);
}

/* Few exponents and many, with and without zeros and what is not finite, in numbers that are no multiples of
 * vectors. */
static void every_weight_has_an_octave(void **state)
{
    static const struct {
        unsigned lowest, n_octaves;
        bool has_zeros;
    } rows[] = {{0, 1, true}, {0, 20, false}, {90, 32, true}, {90, 33, true}, {100, 34, false},
        {1, 254, true}, {236, 19, true}, {236, 20, false}, {0, 256, false}};
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        for (size_t n = 1; n < 5000; n = 2 * n + 1) {
            uint64_t wanted[DQ_OCTAVES] = {0};
            struct dq_stats s = {0};
            make(ANY, n);
            for (size_t i = 0; i < n; i++) {
                const unsigned e = rows[row].lowest + (unsigned)(i * 7 % rows[row].n_octaves);
                weights[i] = (weights[i] & 0x807fffff) | e << 23;
                if (rows[row].has_zeros && i % 5 == 0)
                    weights[i] &= 0x80000000;
                wanted[weights[i] >> 23 & 255]++;
            }
            dq_stats_add(&s, cpu, weights, n, 0);
            assert_memory_equal(s.octaves, wanted, sizeof wanted);
        }
    }
}

/* Of equal extremes the first counts, and -0 is less than +0. */
static void extremes_have_places(void **state)
{
    const float zeros[] = {0.0f, -0.0f, 0.0f, -0.0f};
    struct dq_stats s = {0};
    (void)state;
    dq_stats_add(&s, cpu, zeros, 4, 10);
    assert_int_equal(s.first_min, 11);
    assert_int_equal(s.first_max, 10);
    assert_true(signbit(s.min) && !signbit(s.max));
}

/* Sums that need one bit more than a double has, with what is below that bit. There are 4 weights, so that nothing but
 * the sum is rounded. */
static void sums_are_rounded_once_to_even(void **state)
{
    static const struct {
        float weights[4];
        double sum;
    } rows[] = {
        {{0x1p53f, 1}, 0x1p53},
        {{0x1p53f, 2, 1}, 0x1p53 + 4},
        {{0x1p53f, 1, 0x1p-149f}, 0x1p53 + 2},
        {{0x1p53f, 1, -0x1p-149f}, 0x1p53},
        {{0x1p54f, -1}, 0x1p54},
        {{0x1p54f, -3}, 0x1p54 - 4},
        {{0x1p127f, 0x1p74f, 0x1p-149f}, 0x1p127 + 0x1p75},
        {{0x1.fffffep127f, -0x1.fffffep127f, 0x1p-149f}, 0x1p-149},
    };
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            struct dq_stats s = {0};
            struct dq_stats_figures f;
            float some[4];
            for (size_t i = 0; i < 4; i++)
                some[i] = (float)sign * rows[row].weights[i];
            dq_stats_add(&s, cpu, some, 4, 0);
            dq_stats_figures(&s, &f);
            check_same_double(f.mean, sign * rows[row].sum / 4);
        }
    }
}

/* n P and S S are equal integers, and no difference is left of them. */
static void equal_weights_do_not_deviate(void **state)
{
    static const float some[] = {0.1f, -0.1f, 0x1p-149f, 0x1.fffffep127f, 3};
    static const size_t counts[] = {2047, 2048, 2049, 5000};
    (void)state;
    for (size_t row = 0; row < sizeof some / sizeof some[0]; row++) {
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            struct dq_stats s = {0};
            struct dq_stats_figures f;
            for (size_t k = 0; k < counts[i]; k++)
                memcpy(&weights[k], &some[row], sizeof some[row]);
            dq_stats_add(&s, cpu, weights, counts[i], 0);
            dq_stats_figures(&s, &f);
            check_same_double(f.mean, (double)some[row]);
            check_same_double(f.std, 0);
            assert_true(isnan(f.crest));
        }
    }
}

/* Exponents that are close to one another, and one that is far from them. */
static void what_cancels_leaves_the_rest(void **state)
{
    static const float rests[] = {0x1p-20f, -0x1p-149f};
    enum { N = 8192 };
    (void)state;
    for (size_t row = 0; row < sizeof rests / sizeof rests[0]; row++) {
        struct dq_stats s = {0};
        struct dq_stats_figures f;
        make(NORMAL, N);
        for (size_t i = 0; i < N / 2; i++)
            weights[N / 2 + i] = weights[i] ^ 0x80000000;
        weights[0] = 0;
        memcpy(&weights[N / 2], &rests[row], sizeof rests[row]);
        dq_stats_add(&s, cpu, weights, N, 0);
        dq_stats_figures(&s, &f);
        check_same_double(f.mean, (double)rests[row] / N);
    }
}

/* Of equal extremes of several parts the first counts, whatever the order of the parts. */
static void first_places_do_not_depend_on_order(void **state)
{
    static const float some[] = {0, -1, 1, -1, 1, 0};
    (void)state;
    for (size_t from = 0; from < 3; from++) {
        struct dq_stats s = {0};
        for (size_t i = 0; i < 3; i++) {
            struct dq_stats part = {0};
            const size_t first = 2 * ((from + 2 * i) % 3);
            dq_stats_add(&part, cpu, some + first, 2, first);
            dq_stats_merge(&s, &part);
        }
        assert_int_equal(s.first_min, 1);
        assert_int_equal(s.first_max, 2);
    }
    struct dq_stats s = {0}; /* and of more weights than are looked at once */
    for (size_t i = 0; i < 5000; i++)
        memcpy(&weights[i], &some[2 + i % 2], sizeof weights[i]);
    dq_stats_add(&s, cpu, weights, 5000, 0);
    assert_int_equal(s.first_max, 0);
    assert_int_equal(s.first_min, 1);
}

/* Those that are not finite are counted, and the others are what they are without them. */
static void other_weights_than_numbers_are_left_out(void **state)
{
    static const uint32_t others[] = {0x7f800000, 0xff800000, 0x7fc00000, 0xff800001, 0x7f800000};
    enum { N = 3000, N_OTHERS = sizeof others / sizeof others[0] };
    struct dq_stats with = {0};
    struct dq_stats without = {0};
    struct dq_stats_figures f;
    struct dq_stats_figures wanted;
    (void)state;
    make(NORMAL, N);
    dq_stats_add(&without, cpu, weights, N, N_OTHERS);
    memmove(weights + N_OTHERS, weights, N * sizeof weights[0]);
    memcpy(weights, others, sizeof others);
    dq_stats_add(&with, cpu, weights, N + N_OTHERS, 0);
    dq_stats_figures(&with, &f);
    dq_stats_figures(&without, &wanted);
    assert_memory_equal(&f, &wanted, sizeof f);
    assert_int_equal(dq_stats_n_finite(&with), N);
    assert_int_equal(with.n_nan, 2);
    assert_int_equal(with.n_pinf, 2);
    assert_int_equal(with.n_ninf, 1);
    assert_int_equal(with.first_min, without.first_min);
    assert_int_equal(with.first_max, without.first_max);
}

/* 2^50 times as many weights have the same figures, because powers of two round nothing. */
static void sums_of_many_weights_fit(void **state)
{
    static const enum kind kinds[] = {NORMAL, LARGE};
    (void)state;
    for (size_t row = 0; row < sizeof kinds / sizeof kinds[0]; row++) {
        struct dq_stats s = {0};
        struct dq_stats_figures f;
        struct dq_stats_figures wanted;
        make(kinds[row], 4097);
        for (size_t i = 0; i < 4097; i++)
            weights[i] |= 0x80000000; /* so that none cancel */
        dq_stats_add(&s, cpu, weights, 4097, 0);
        dq_stats_figures(&s, &wanted);
        for (int i = 0; i < 50; i++) {
            const struct dq_stats same = s;
            dq_stats_merge(&s, &same);
        }
        dq_stats_figures(&s, &f);
        assert_int_equal(s.n_weights, UINT64_C(4097) << 50);
        assert_memory_equal(&f, &wanted, sizeof f);
    }
}

/* Rounded up, at least 1, and of any number of weights. */
static void percentiles_have_ranks(void **state)
{
    static const struct {
        uint32_t percentile; /* in units of 10^-6 percent */
        uint64_t n, rank;
    } rows[] = {{0, 10, 1}, {50000000, 10, 5}, {50000001, 10, 6}, {50000000, 11, 6},
        {100000000, 11, 11}, {99900000, 1000, 999}, {99900000, 1001, 1000}, {1, 99999999, 1},
        {1, 100000001, 2}, {99999999, UINT64_MAX, 18446743889242110878u}, {0, 0, 1},
        {100000000, UINT64_MAX, UINT64_MAX}};
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++)
        assert_int_equal(dq_percentile_rank(rows[row].percentile, rows[row].n), rows[row].rank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_exact),
        cmocka_unit_test(parts_give_what_the_whole_gives),
        cmocka_unit_test(weights_are_counted_by_exponent),
        cmocka_unit_test(every_weight_has_an_octave),
        cmocka_unit_test(extremes_have_places),
        cmocka_unit_test(first_places_do_not_depend_on_order),
        cmocka_unit_test(other_weights_than_numbers_are_left_out),
        cmocka_unit_test(sums_are_rounded_once_to_even),
        cmocka_unit_test(equal_weights_do_not_deviate),
        cmocka_unit_test(what_cancels_leaves_the_rest),
        cmocka_unit_test(sums_of_many_weights_fit),
        cmocka_unit_test(percentiles_have_ranks),
    };
    int n_failed = 0;
    while ((cpu = level_after(cpu)) != NULL)
        n_failed += cmocka_run_group_tests_name(cpu->name, tests, NULL, NULL);
    return n_failed;
}
