/* Differences: counts and figures of made-up weights, as Python's integers and fractions give them, and what must hold
 * of any weights, at every level. */
#include "dq_test.h"
#include "levels.h"
#include "reduce/difference.h"

#include <math.h>
#include <string.h>

enum kind { ANY, SUBNORMAL, LARGE, NORMAL, CLOSE, BINADES_27, BINADES_28 };

enum { MOST = 70000 };

static const struct dq_cpu *cpu;

#define NONE ((double)NAN)

/* clang-format off */
static const struct {
    enum kind kind;
    size_t n;
    uint64_t n_finite, n_unlike, n_equal_bits, n_equal_values, n_sign_flips, first_max;
    float max_abs;
    struct dq_difference_figures figures;
} expected[] = {
    {ANY, 0, 0, 0, 0, 0, 0, 0, 0x0.0p+0f, {NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE}},
    {ANY, 1, 1, 0, 0, 0, 1, 0, 0x1.6f537e0000000p-67f, {0x1.07883f3f79020p-133, 0x1.6f537e0000000p-67, 0x1.d02f71311bdf9p+137, 0x1.e781bdee74d54p+68, -0x1.9f00000000000p+8, -0x1.0000000000000p+0, -0x1.0cdca4b6c1b16p-69, -0x1.6f537e0000000p-67}},
    {ANY, 4095, 4063, 32, 0, 0, 3113, 1059, 0x1.f9d5d20000000p+127f, {0x1.a03f8bdb6cc4fp+248, 0x1.466f41c4d6d79p+124, 0x1.ffff34166a2e3p+0, 0x1.6a099e4fe0694p+0, -0x1.8147ae147ae14p+1, -0x1.7df5ad1a47e14p-61, -0x1.7df64539ccf5dp-61, -0x1.b53edcb3151cap+109}},
    {ANY, 4097, 4065, 32, 0, 0, 3114, 1059, 0x1.f9d5d20000000p+127f, {0x1.a00b1e55edd8fp+248, 0x1.465ab256666cap+124, 0x1.ffff34166a534p+0, 0x1.6a099e4fe0766p+0, -0x1.8147ae147ae14p+1, -0x1.7df5ad1a470a5p-61, -0x1.7df64539cc035p-61, -0x1.b5076745fb581p+109}},
    {ANY, 70000, 69456, 544, 0, 0, 53204, 22950, 0x1.ff5a9e0000000p+127f, {0x1.91eccb919d784p+248, 0x1.40c4e1a951504p+124, 0x1.00047e4981b14p+1, 0x1.6a0d13c498b68p+0, -0x1.8147ae147ae14p+1, -0x1.7d3b16d6c9e52p-61, -0x1.7d346606fa782p-61, 0x1.5cfc47faae2c6p+104}},
    {SUBNORMAL, 4097, 4097, 0, 0, 0, 3130, 3903, 0x1.90f9300000000p-126f, {0x1.c7763589777c4p-253, 0x1.e2e77662ce94dp-127, 0x1.56098d3dc6cb4p+1, 0x1.a27a24cf2465fp+0, -0x1.1147ae147ae14p+2, -0x1.57f562253d68bp-2, -0x1.57e91c0d93c16p-2, 0x1.0d3a445bba446p-139}},
    {LARGE, 4097, 4097, 0, 0, 0, 3130, 0, INFINITY, {0x1.c025ff1ca837fp+256, 0x1.52b656cff2076p+128, 0x1.805949cc80557p+1, 0x1.bb9b387b89b60p+0, -0x1.31eb851eb851fp+2, -0x1.00a1450bd0d4bp-1, -0x1.009b7df2c0e5ap-1, 0x1.0d3a445bba446p+114}},
    {NORMAL, 1, 1, 0, 0, 0, 1, 0, 0x1.7f59860000000p-3f, {0x1.1f067dd1cabd2p-5, 0x1.7f59852000000p-3, 0x1.1e2eb34b5bf95p+9, 0x1.7ec94f2ca9fe6p+4, -0x1.b947ae147ae14p+4, -0x1.0000000000000p+0, -0x1.655a391a8fe45p-5, -0x1.7f59852000000p-3}},
    {NORMAL, 2047, 2047, 0, 0, 0, 1564, 886, 0x1.16915a0000000p+1f, {0x1.ab19e176eafa3p-1, 0x1.d3a0b7a60867ep-1, 0x1.11b4a23819b26p+1, 0x1.7659604063667p+0, -0x1.a666666666666p+1, -0x1.1b22228d7dc2fp-4, -0x1.1b1f8c75191dfp-4, 0x1.7d1d782f05e0cp-16}},
    {NORMAL, 2048, 2048, 0, 0, 0, 1565, 886, 0x1.16915a0000000p+1f, {0x1.ab991747e7f66p-1, 0x1.d3e6566ca683bp-1, 0x1.1227f3f818c0fp+1, 0x1.76a83481cabdep+0, -0x1.a7ae147ae147bp+1, -0x1.1b4775e7dee44p-4, -0x1.1ad038f52cefap-4, -0x1.a222277c00000p-11}},
    {NORMAL, 4097, 4097, 0, 0, 0, 3130, 2898, 0x1.16b61e0000000p+1f, {0x1.aa08b760490a3p-1, 0x1.d30b14e7d0faep-1, 0x1.11a2af765640fp+1, 0x1.764d19e8c0fb6p+0, -0x1.a666666666666p+1, -0x1.1a3187456aeb7p-4, -0x1.1a31f38c1b953p-4, 0x1.9bba9256da925p-19}},
    {NORMAL, 70000, 70000, 0, 0, 0, 53476, 6359, 0x1.16e38e0000000p+1f, {0x1.a9800cd7fcaf6p-1, 0x1.d2c025c2489e4p-1, 0x1.1182faaad1578p+1, 0x1.763769decb028p+0, -0x1.a666666666666p+1, -0x1.18300e039d1f7p-4, -0x1.1830145fd14e9p-4, 0x1.19226bc88748fp-24}},
    {CLOSE, 4097, 4097, 0, 0, 0, 0, 45, 0x1.e600000000000p-16f, {0x1.5a870fab5d4a3p-35, 0x1.a5370dd55e4c3p-18, 0x1.bd23a7e77895ep-34, 0x1.5192bc5092abcp-17, 0x1.8fccccccccccdp+6, 0x1.ffffffff937aep-1, 0x1.00001a9b0f44bp+0, -0x1.2df0a0f5f0a0fp-25}},
    {CLOSE, 70000, 70000, 0, 0, 0, 0, 45, 0x1.e600000000000p-16f, {0x1.57f9f844d880cp-35, 0x1.a3a964f2f0dc3p-18, 0x1.ba375f4102841p-34, 0x1.5076894871911p-17, 0x1.8feb851eb851fp+6, 0x1.ffffffff94352p-1, 0x1.00001a968ef51p+0, -0x1.0624dd2f1a9fcp-40}},
    {BINADES_27, 4097, 4097, 0, 0, 0, 3130, 1862, 0x1.5a8b1c0000000p+0f, {0x1.1d43dca34d9d5p-4, 0x1.0e3c96e58eba2p-2, 0x1.35f638c18173ap+1, 0x1.8e5f4b44d8046p+0, -0x1.eb851eb851eb8p+1, -0x1.b674049fc0cc1p-3, -0x1.b7a64cb454911p-3, -0x1.cb932c26ef739p-12}},
    {BINADES_28, 4097, 4097, 0, 0, 0, 3130, 3191, 0x1.58de840000000p+1f, {0x1.9ce7aee826187p-3, 0x1.cbca62aaca13cp-2, 0x1.d490683b75a14p+0, 0x1.5a5769f20b916p+0, -0x1.50a3d70a3d70ap+1, -0x1.5b9c3bc39da83p-2, -0x1.1299c45e2b7b5p-1, 0x1.2d31bff0e5a9ep-10}},
};
/* clang-format on */

enum { N_EXPECTED = sizeof expected / sizeof expected[0] };

static uint32_t a[MOST];
static uint32_t b[MOST];

/* A number that looks random. */
static uint32_t bits_of(uint64_t i, uint32_t seed)
{
    return ((uint32_t)(i * 2654435761u) + 12345 + seed * 0x9e3779b9u) ^
           (uint32_t)((i * 40503 + seed * 77) & 0xffff);
}

static uint32_t weight_of(enum kind kind, uint64_t i, uint32_t seed)
{
    const uint32_t bits = bits_of(i, seed);
    const uint64_t n = kind == BINADES_28 ? 28 : 27;
    switch (kind) {
    case ANY:
        return bits;
    case SUBNORMAL:
        return bits & 0x807fffff;
    case LARGE: /* up to the largest f32 */
        return (bits & 0x807fffff) | 0x7f000000;
    case NORMAL: /* usual weights */
        return (bits & 0x83ffffff) | 0x3c000000;
    case CLOSE: /* the same on both sides but for some low bits */
        return ((bits_of(i, 0) & 0x83ffffff) | 0x3c000000) ^ (seed ? bits_of(i, 1) & 0xff : 0);
    case BINADES_27:
    case BINADES_28:
        break;
    }
    return (bits & 0x807fffff) | ((uint32_t)(i * (1 + seed) % n) + 100) << 23;
}

static void make(enum kind kind, size_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        a[i] = weight_of(kind, i, 0);
        b[i] = weight_of(kind, i, 1);
    }
}

static void check_same_double(double x, double wanted)
{
    if (isnan(wanted))
        assert_true(isnan(x));
    else
        assert_memory_equal(&x, &wanted, sizeof x);
}

static void check_figures(
    const struct dq_difference_figures *f, const struct dq_difference_figures *wanted)
{
    check_same_double(f->mse, wanted->mse);
    check_same_double(f->rmse, wanted->rmse);
    check_same_double(f->nmse, wanted->nmse);
    check_same_double(f->rel, wanted->rel);
    check_same_double(f->snr, wanted->snr);
    check_same_double(f->cosine, wanted->cosine);
    check_same_double(f->gain, wanted->gain);
    check_same_double(f->bias, wanted->bias);
}

static void check_row(size_t row, const struct dq_difference *d)
{
    struct dq_difference_figures f;
    dq_difference_figures(d, &f);
    assert_int_equal(d->n_weights, expected[row].n);
    assert_int_equal(dq_difference_n_finite(d), expected[row].n_finite);
    assert_int_equal(dq_difference_n_unlike(d), expected[row].n_unlike);
    assert_int_equal(d->n_equal_bits, expected[row].n_equal_bits);
    assert_int_equal(d->n_equal_values, expected[row].n_equal_values);
    assert_int_equal(d->n_sign_flips, expected[row].n_sign_flips);
    assert_memory_equal(&d->max_abs, &expected[row].max_abs, sizeof d->max_abs);
    check_figures(&f, &expected[row].figures);
    if (!(d->max_abs > 0))
        return;
    assert_int_equal(d->first_max, expected[row].first_max);
    assert_memory_equal(&d->max_reference, &a[d->first_max], sizeof d->max_reference);
    assert_memory_equal(&d->max_model, &b[d->first_max], sizeof d->max_model);
}

static void figures_are_exact(void **state)
{
    (void)state;
    for (size_t row = 0; row < N_EXPECTED; row++) {
        struct dq_difference d = {0};
        make(expected[row].kind, expected[row].n);
        dq_difference_add(&d, cpu, a, b, expected[row].n, 0);
        check_row(row, &d);
    }
}

/* Whatever the parts, and in whatever order they come. */
static void parts_give_what_the_whole_gives(void **state)
{
    (void)state;
    for (size_t row = 0; row < N_EXPECTED; row++) {
        const size_t n = expected[row].n;
        struct dq_difference merged = {0};
        struct dq_difference added = {0};
        make(expected[row].kind, n);
        for (size_t end = n; end > 0;) {
            const size_t len = end % 1000 + 1 < end ? end % 1000 + 1 : end;
            struct dq_difference part = {0};
            end -= len;
            dq_difference_add(&part, cpu, a + end, b + end, len, end);
            dq_difference_merge(&merged, &part);
            dq_difference_add(&added, cpu, a + end, b + end, len, end);
        }
        check_row(row, &merged);
        check_row(row, &added);
        assert_memory_equal(&merged, &added, sizeof merged);
    }
}

/* Nothing is different from itself, however large, small or many the weights. */
static void what_is_the_same_does_not_differ(void **state)
{
    (void)state;
    for (size_t row = 0; row < N_EXPECTED; row++) {
        const size_t n = expected[row].n;
        struct dq_difference d = {0};
        struct dq_difference_figures f;
        make(expected[row].kind, n);
        dq_difference_add(&d, cpu, a, a, n, 0);
        dq_difference_figures(&d, &f);
        assert_int_equal(d.n_equal_bits, n);
        assert_int_equal(dq_difference_n_unlike(&d), 0);
        assert_true(d.max_abs == 0);
        assert_int_equal(dq_difference_pattern(&d), DQ_DIFFERENCE_EQUAL);
        if (n > 0)
            check_figures(&f, &(struct dq_difference_figures){0, 0, 0, 0, HUGE_VAL, 1, 1, 0});
    }
}

static void scale(double factor, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float x;
        memcpy(&x, &a[i], sizeof x);
        x = (float)((double)x * factor);
        memcpy(&b[i], &x, sizeof x);
    }
}

static void shift(float offset, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float x;
        memcpy(&x, &a[i], sizeof x);
        x += offset;
        memcpy(&b[i], &x, sizeof x);
    }
}

/* Powers of two round nothing: gain and error are exact. */
static void scales_are_found(void **state)
{
    static const double factors[] = {2, 0.125, -4, 0x1p60, 1.7, 1.001};
    enum { N = 5000 };
    (void)state;
    make(NORMAL, N);
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
        struct dq_difference d = {0};
        struct dq_difference_figures f;
        int exponent;
        scale(factors[i], N);
        dq_difference_add(&d, cpu, a, b, N, 0);
        dq_difference_figures(&d, &f);
        assert_int_equal(dq_difference_pattern(&d), DQ_DIFFERENCE_SCALED);
        if (fabs(frexp(factors[i], &exponent)) == 0.5) {
            check_same_double(f.gain, 1 / factors[i]);
            check_same_double(f.cosine, factors[i] > 0 ? 1 : -1);
            check_same_double(f.nmse, (1 - factors[i]) * (1 - factors[i]));
        } else {
            assert_true(fabs(f.gain * factors[i] - 1) < 1e-8);
        }
    }
}

static enum dq_difference_pattern pattern_of(size_t n)
{
    struct dq_difference d = {0};
    dq_difference_add(&d, cpu, a, b, n, 0);
    return dq_difference_pattern(&d);
}

static void patterns_are_found(void **state)
{
    enum { N = 5000 };
    (void)state;
    make(NORMAL, N);
    assert_int_equal(pattern_of(N), DQ_DIFFERENCE_NONE);
    memcpy(b, a, sizeof a);
    a[7] = 0;
    b[7] = 0x80000000;
    assert_int_equal(pattern_of(N), DQ_DIFFERENCE_ZERO_SIGNS);
    memset(b, 0, sizeof b);
    assert_int_equal(pattern_of(N), DQ_DIFFERENCE_ALL_ZERO);
    memset(a, 0, sizeof a);
    a[7] = 0x80000000;
    assert_int_equal(pattern_of(N), DQ_DIFFERENCE_ZERO_SIGNS);
    make(NORMAL, N);
    for (size_t i = 0; i < N; i++)
        a[i] &= 0xffff0000; /* as bf16, to which 1 can be added exactly */
    shift(1, N);
    assert_int_equal(pattern_of(N), DQ_DIFFERENCE_OFFSET);
    b[7]++;
    assert_int_equal(pattern_of(N), DQ_DIFFERENCE_NONE);
    for (size_t i = 0; i < N; i++)
        b[i] = a[N - 1 - i];
    assert_int_equal(pattern_of(N), DQ_DIFFERENCE_REORDERED);
    b[7] ^= 1; /* a bit less here is one more there, so that the sum of the bits is the same */
    b[8] ^= 1;
    assert_int_equal(pattern_of(N), DQ_DIFFERENCE_NONE);
}

/* Two points are always on a line. */
static void a_few_weights_have_no_pattern(void **state)
{
    static const float some[] = {1, 2};
    (void)state;
    memcpy(a, some, sizeof some);
    memcpy(b, some + 1, sizeof *some);
    assert_int_equal(pattern_of(1), DQ_DIFFERENCE_NONE);
    shift(1, 2);
    assert_int_equal(pattern_of(2), DQ_DIFFERENCE_NONE);
}

/* What is not finite is counted by kind and takes no part in the rest; no pattern hides that it differs. */
static void other_weights_than_numbers_are_counted(void **state)
{
    static const uint32_t bits[] = {0x3f800000, 0x7fc00000, 0x7f800000, 0xff800000};
    enum { N = 3000, N_OTHERS = DQ_WEIGHT_KINDS * DQ_WEIGHT_KINDS };
    struct dq_difference with = {0};
    struct dq_difference without = {0};
    struct dq_difference_figures f;
    struct dq_difference_figures wanted;
    (void)state;
    make(NORMAL, N);
    a[0] = b[0] = bits[0];
    dq_difference_add(&without, cpu, a, b, N, N_OTHERS - 1);
    memmove(a + N_OTHERS - 1, a, N * sizeof a[0]);
    memmove(b + N_OTHERS - 1, b, N * sizeof b[0]);
    for (size_t i = 1; i < N_OTHERS; i++) {
        a[i - 1] = bits[i / DQ_WEIGHT_KINDS];
        b[i - 1] = bits[i % DQ_WEIGHT_KINDS];
    }
    dq_difference_add(&with, cpu, a, b, N + N_OTHERS - 1, 0);
    dq_difference_figures(&with, &f);
    dq_difference_figures(&without, &wanted);
    check_figures(&f, &wanted);
    for (size_t i = 0; i < DQ_WEIGHT_KINDS; i++) {
        for (size_t k = 0; k < DQ_WEIGHT_KINDS; k++)
            assert_int_equal(with.kinds[i][k], i + k == 0 ? N : 1);
    }
    assert_int_equal(dq_difference_n_unlike(&with), N_OTHERS - DQ_WEIGHT_KINDS);
    assert_int_equal(with.n_equal_bits, without.n_equal_bits + 3);
    assert_int_equal(with.n_equal_values, without.n_equal_values + 2);
    assert_int_equal(with.first_max, without.first_max);

    make(NORMAL, N); /* but for one, equal */
    memcpy(b, a, sizeof a);
    a[5] = 0x7fc00000;
    assert_int_equal(pattern_of(N), DQ_DIFFERENCE_NONE);
    b[5] = 0x7fc00000;
    assert_int_equal(pattern_of(N), DQ_DIFFERENCE_EQUAL);
    b[5] = 0x7fc00001;
    assert_int_equal(pattern_of(N), DQ_DIFFERENCE_NONE);
}

/* Of equal distances the first counts, and zeros are counted by the way they go. */
static void places_and_zeros(void **state)
{
    static const float reference[] = {0, -0.0f, 1, -1, 0, 3, -2};
    static const float model[] = {-0.0f, 2, 0, -0.0f, 0, 1, 0};
    struct dq_difference d = {0};
    (void)state;
    dq_difference_add(&d, cpu, reference, model, 7, 10);
    assert_int_equal(d.first_max, 11);
    assert_true(d.max_abs == 2 && d.max_reference == 0 && d.max_model == 2);
    assert_int_equal(d.n_to_zero, 3);
    assert_int_equal(d.n_from_zero, 1);
    assert_int_equal(d.n_sign_flips, 0);
    assert_int_equal(d.n_equal_bits, 1);
    assert_int_equal(d.n_equal_values, 2);
    assert_true(d.min_step == -2 && d.max_step == 2);
}

/* 2^50 times as many pairs have the same figures, because powers of two round nothing. */
static void sums_of_many_weights_fit(void **state)
{
    static const enum kind kinds[] = {NORMAL, LARGE};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct dq_difference d = {0};
        struct dq_difference_figures f;
        struct dq_difference_figures wanted;
        make(kinds[i], 4096);
        dq_difference_add(&d, cpu, a, b, 4096, 0);
        dq_difference_figures(&d, &wanted);
        for (int k = 0; k < 50; k++) {
            const struct dq_difference same = d;
            dq_difference_merge(&d, &same);
        }
        dq_difference_figures(&d, &f);
        assert_true(dq_difference_n_finite(&d) == (uint64_t)1 << 62);
        check_figures(&f, &wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_exact),
        cmocka_unit_test(parts_give_what_the_whole_gives),
        cmocka_unit_test(what_is_the_same_does_not_differ),
        cmocka_unit_test(scales_are_found),
        cmocka_unit_test(patterns_are_found),
        cmocka_unit_test(a_few_weights_have_no_pattern),
        cmocka_unit_test(other_weights_than_numbers_are_counted),
        cmocka_unit_test(places_and_zeros),
        cmocka_unit_test(sums_of_many_weights_fit),
    };
    int n_failed = 0;
    while ((cpu = level_after(cpu)) != NULL)
        n_failed += cmocka_run_group_tests_name(cpu->name, tests, NULL, NULL);
    return n_failed;
}
