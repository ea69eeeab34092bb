/* Narrowing to f16 and bf16 at every level: every code, every midpoint between neighbours, every
 * kind of NaN. */
#include "cpu/cpu.h"
#include "dq_test.h"
#include "guard.h"
#include "levels.h"

#include <math.h>
#include <stdlib.h>

/* The number that a positive f16 code stands for; 0x7c00 stands for 2^16, where it would be if the
 * exponent went on. */
static float f16_number(uint32_t h)
{
    const int exponent = (int)(h >> 10);
    const double mantissa = (double)(h & 0x3ff);

    if (exponent == 0)
        return (float)ldexp(mantissa, -24);
    return (float)ldexp(1024 + mantissa, exponent - 25);
}

static float float_of(uint32_t bits)
{
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

static uint16_t narrow1(dq_round_fn narrow, float x, size_t *overflows)
{
    enum { N = 17 }; /* more than are looked at together */
    float src[N];
    uint16_t h[N];

    for (int i = 0; i < N; i++)
        src[i] = x;
    const size_t counted = narrow(src, h, N);
    for (int i = 1; i < N; i++)
        assert_int_equal(h[i], h[0]);
    assert_int_equal(counted % N, 0);
    *overflows = counted / N;
    return h[0];
}

/* Checks x and -x. infinity is the code of it in the narrow type. */
static void check(dq_round_fn narrow, float x, uint16_t want, uint16_t infinity)
{
    size_t overflows, overflows_minus;
    const uint16_t got = narrow1(narrow, x, &overflows);
    const uint16_t minus = narrow1(narrow, -x, &overflows_minus);
    const size_t want_overflows = want == infinity && isfinite(x);

    if (got != want || minus != (want | 0x8000))
        fail_msg("%.9g (%a) gives 0x%04x, minus 0x%04x, expected 0x%04x", (double)x, (double)x, got,
            minus, want);
    if (overflows != want_overflows || overflows_minus != want_overflows)
        fail_msg("%.9g counts %zu overflows, minus %zu", (double)x, overflows, overflows_minus);
}

/* low and high are neighbours, h is the code of low; halfway between them is an f32. */
static void check_between(dq_round_fn narrow, float low, float high, uint16_t h, uint16_t infinity)
{
    const float middle = (float)(((double)low + (double)high) / 2);
    const uint16_t even = (uint16_t)(h % 2 ? h + 1 : h);

    check(narrow, low, h, infinity);
    if (h > 0)
        check(narrow, nextafterf(low, 0), h, infinity);
    check(narrow, nextafterf(low, INFINITY), h, infinity);
    check(narrow, nextafterf(middle, 0), h, infinity);
    check(narrow, middle, even, infinity);
    check(narrow, nextafterf(middle, INFINITY), (uint16_t)(h + 1), infinity);
}

static void f16_rounds_to_nearest_even(const struct dq_cpu *cpu)
{
    for (uint32_t h = 0; h < 0x7c00; h++)
        check_between(cpu->to_f16, f16_number(h), f16_number(h + 1), (uint16_t)h, 0x7c00);
}

static void f16_has_edges(const struct dq_cpu *cpu)
{
    const dq_round_fn narrow = cpu->to_f16;

    check(narrow, 0x1p-149f, 0, 0x7c00);
    check(narrow, 65519.996f, 0x7bff, 0x7c00);
    check(narrow, 65520.0f, 0x7c00, 0x7c00);
    check(narrow, 0x1.fffffep127f, 0x7c00, 0x7c00);
    check(narrow, INFINITY, 0x7c00, 0x7c00);
}

static void bf16_rounds_to_nearest_even(const struct dq_cpu *cpu)
{
    for (uint32_t h = 0; h < 0x7f7f; h++)
        check_between(
            cpu->to_bf16, float_of(h << 16), float_of((h + 1) << 16), (uint16_t)h, 0x7f80);
}

static void bf16_has_edges(const struct dq_cpu *cpu)
{
    const dq_round_fn narrow = cpu->to_bf16;

    check(narrow, float_of(0x7f7f0000), 0x7f7f, 0x7f80);
    check(narrow, float_of(0x7f7f7fff), 0x7f7f, 0x7f80);
    check(narrow, float_of(0x7f7f8000), 0x7f80, 0x7f80);
    check(narrow, 0x1.fffffep127f, 0x7f80, 0x7f80);
    check(narrow, INFINITY, 0x7f80, 0x7f80);
}

static void nans_become_quiet_nans(const struct dq_cpu *cpu)
{
    static const uint32_t nans[] = {
        0x7f800001, 0x7f801fff, 0x7f80ffff, 0x7fa00000, 0x7fbfffff, 0x7fc00000, 0x7fffffff};

    for (size_t i = 0; i < 2 * (sizeof nans / sizeof *nans); i++) {
        const float x = float_of(nans[i / 2] | (i % 2 ? 0x80000000 : 0));
        size_t overflows;

        assert_int_equal(narrow1(cpu->to_f16, x, &overflows) & 0x7e00, 0x7e00);
        assert_int_equal(overflows, 0);
        assert_int_equal(narrow1(cpu->to_bf16, x, &overflows) & 0x7fc0, 0x7fc0);
        assert_int_equal(overflows, 0);
    }
}

static void overflows_are_counted(const struct dq_cpu *cpu)
{
    enum { N = 100003 };
    float *src = malloc(N * sizeof *src);
    uint16_t *dst = malloc(N * sizeof *dst);

    assert_non_null(src);
    assert_non_null(dst);
    for (size_t i = 0; i < N; i++)
        src[i] = i % 3 == 0 ? -65520.0f : i % 3 == 1 ? INFINITY : NAN;
    assert_int_equal(cpu->to_f16(src, dst, N), (N + 2) / 3);
    assert_int_equal(cpu->to_bf16(src, dst, N), 0);
    for (size_t i = 0; i < N; i++)
        src[i] = i % 2 ? 0x1.fffffep127f : -0x1.fffffep127f;
    assert_int_equal(cpu->to_f16(src, dst, N), N);
    assert_int_equal(cpu->to_bf16(src, dst, N), N);
    free(src);
    free(dst);
}

static void narrow_at(dq_round_fn narrow, uint8_t *src, struct guard *out, uint8_t *dst, size_t n)
{
    float *x = (float *)(void *)src;

    for (size_t i = 0; i < n; i++)
        x[i] = 1.0f;
    guard_paint(out, 0xa5);
    assert_int_equal(narrow(x, (uint16_t *)(void *)dst, n), 0);
    guard_check(out, 0xa5, dst, 2 * n);
    for (size_t i = 0; i < 2 * n; i++)
        assert_int_not_equal(dst[i], 0xa5);
}

static void nothing_outside_is_touched(const struct dq_cpu *cpu)
{
    const dq_round_fn narrow[] = {cpu->to_f16, cpu->to_bf16};

    for (size_t k = 0; k < 2; k++) {
        for (size_t n = 0; n < 5000; n = n < 100 ? n + 1 : n * 2 - 3) {
            struct guard in = guard_new(4 * n);
            struct guard out = guard_new(2 * n);

            narrow_at(narrow[k], guard_last(&in, 4 * n), &out, guard_last(&out, 2 * n), n);
            narrow_at(narrow[k], guard_first(&in), &out, guard_first(&out), n);
            guard_free(&in);
            guard_free(&out);
        }
    }
}

#define FOR_EACH_LEVEL_TEST(test)                                                                  \
    static void test##_at_every_level(void **state)                                                \
    {                                                                                              \
        (void)state;                                                                               \
        for (const struct dq_cpu *cpu = level_after(NULL); cpu; cpu = level_after(cpu))            \
            test(cpu);                                                                             \
    }
FOR_EACH_LEVEL_TEST(f16_rounds_to_nearest_even)
FOR_EACH_LEVEL_TEST(bf16_rounds_to_nearest_even)
FOR_EACH_LEVEL_TEST(f16_has_edges)
FOR_EACH_LEVEL_TEST(bf16_has_edges)
FOR_EACH_LEVEL_TEST(nans_become_quiet_nans)
FOR_EACH_LEVEL_TEST(overflows_are_counted)
FOR_EACH_LEVEL_TEST(nothing_outside_is_touched)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f16_rounds_to_nearest_even_at_every_level),
        cmocka_unit_test(f16_has_edges_at_every_level),
        cmocka_unit_test(bf16_rounds_to_nearest_even_at_every_level),
        cmocka_unit_test(bf16_has_edges_at_every_level),
        cmocka_unit_test(nans_become_quiet_nans_at_every_level),
        cmocka_unit_test(overflows_are_counted_at_every_level),
        cmocka_unit_test(nothing_outside_is_touched_at_every_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
