/* Comparing weights: which count as different, by how much, and which pattern they have. */
#include "dq_test.h"
#include "verify/compare.h"

#include <math.h>
#include <string.h>

static const uint8_t no_bytes[DQ_BLOCK_BYTES_MAX * 4];

/* Compares words of which 16-bit types use the low half. */
static uint64_t compare_at(struct dq_comparison *c, const uint32_t *got, const uint32_t *want,
    size_t n, uint64_t first_block)
{
    uint16_t narrow_got[1024];
    uint16_t narrow_want[1024];
    const uint32_t weights = dq_types[c->type].weights;
    assert_true(n <= 1024 && n % weights == 0);
    if (c->dtype == DQ_DTYPE_f32)
        return dq_compare(c, got, want, no_bytes, first_block, n / weights);
    for (size_t i = 0; i < n; i++) {
        narrow_got[i] = (uint16_t)got[i];
        narrow_want[i] = (uint16_t)want[i];
    }
    return dq_compare(c, narrow_got, narrow_want, no_bytes, first_block, n / weights);
}

/* Compares one weight. */
static struct dq_comparison compare1(enum dq_dtype dtype, uint32_t ulp, uint32_t got, uint32_t want)
{
    struct dq_comparison c;
    dq_compare_init(&c, DQ_TYPE_f32, dtype, ulp);
    const uint64_t n = compare_at(&c, &got, &want, 1, 0);
    assert_int_equal(n, c.n_mismatches);
    assert_int_equal(c.n_weights, 1);
    return c;
}

static void distances_are_counted_in_units(void **state)
{
    static const struct {
        enum dq_dtype dtype;
        uint32_t got;
        uint32_t want;
        uint64_t ulp;
        double abs;
    } rows[] = {
        {DQ_DTYPE_f32, 0x3f800001, 0x3f800000, 1, 0x1p-23},
        {DQ_DTYPE_f32, 0x3f800000, 0x3f800001, 1, 0x1p-23},
        {DQ_DTYPE_f32, 0xbf800001, 0xbf800000, 1, 0x1p-23},
        {DQ_DTYPE_f32, 0x3f800000, 0x3f7fffff, 1, 0x1p-24}, /* across a power of two */
        {DQ_DTYPE_f32, 0x00000001, 0x80000001, 2, 0x1p-148},
        {DQ_DTYPE_f32, 0x00000001, 0x80000000, 1, 0x1p-149},
        {DQ_DTYPE_f32, 0x00800000, 0x007fffff, 1, 0x1p-149},
        {DQ_DTYPE_f32, 0x3f800000, 0xbf800000, 2 * 0x3f800000u, 2},
        {DQ_DTYPE_f32, 0x7f7fffff, 0xff7fffff, 2 * 0x7f7fffffu, 0x1.fffffep128},
        {DQ_DTYPE_f32, 0x7f800000, 0x7f7fffff, 1, HUGE_VAL},
        {DQ_DTYPE_f32, 0x7f800000, 0xff800000, 2 * 0x7f800000u, HUGE_VAL},
        {DQ_DTYPE_f16, 0x3c01, 0x3c00, 1, 0x1p-10},
        {DQ_DTYPE_f16, 0x0001, 0x8001, 2, 0x1p-23},
        {DQ_DTYPE_f16, 0xc000, 0x4000, 0x8000, 4},
        {DQ_DTYPE_f16, 0x7c00, 0x7bff, 1, HUGE_VAL},
        {DQ_DTYPE_bf16, 0x3f81, 0x3f80, 1, 0x1p-7},
        {DQ_DTYPE_bf16, 0x8001, 0x0001, 2, 0x1p-132},
        {DQ_DTYPE_bf16, 0xff80, 0xff7f, 1, HUGE_VAL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct dq_comparison c = compare1(rows[i].dtype, 0, rows[i].got, rows[i].want);
        if (c.n_mismatches != 1 || c.max_ulp != rows[i].ulp || c.max_abs != rows[i].abs)
            fail_msg("row %zu: %d mismatches, %llu units, %a", i, (int)c.n_mismatches,
                (unsigned long long)c.max_ulp, c.max_abs);
        assert_int_equal(c.first.got, rows[i].got);
        assert_int_equal(c.first.want, rows[i].want);
    }
}

static void any_nan_equals_any_nan(void **state)
{
    static const struct {
        enum dq_dtype dtype;
        uint32_t nans[4];
        uint32_t infinity;
    } rows[] = {
        {DQ_DTYPE_f32, {0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff}, 0x7f800000},
        {DQ_DTYPE_f16, {0x7e00, 0xfe00, 0x7c01, 0xffff}, 0x7c00},
        {DQ_DTYPE_bf16, {0x7fc0, 0xffc0, 0x7f81, 0xffff}, 0x7f80},
    };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 16; k++) {
            const struct dq_comparison c =
                compare1(rows[i].dtype, 0, rows[i].nans[k / 4], rows[i].nans[k % 4]);
            assert_int_equal(c.n_mismatches, 0);
            assert_int_equal(c.max_ulp, 0);
            assert_true(c.max_abs == 0);
        }
        for (size_t k = 0; k < 4; k++) {
            const uint32_t numbers[] = {0, 1, rows[i].infinity};
            for (size_t n = 0; n < 3; n++) {
                struct dq_comparison c =
                    compare1(rows[i].dtype, UINT32_MAX, rows[i].nans[k], numbers[n]);
                assert_int_equal(c.n_mismatches, 1);
                assert_true(c.max_ulp == UINT64_MAX && c.max_abs == HUGE_VAL);
                c = compare1(rows[i].dtype, 0, numbers[n], rows[i].nans[k]);
                assert_int_equal(c.n_mismatches, 1);
            }
        }
    }
}

static void signs_of_zeros_count(void **state)
{
    static const struct {
        enum dq_dtype dtype;
        uint32_t sign;
    } rows[] = {{DQ_DTYPE_f32, 0x80000000}, {DQ_DTYPE_f16, 0x8000}, {DQ_DTYPE_bf16, 0x8000}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct dq_comparison c = compare1(rows[i].dtype, 0, 0, rows[i].sign);
        assert_int_equal(c.n_mismatches, 1);
        assert_int_equal(c.max_ulp, 0);
        assert_true(c.max_abs == 0);
        assert_int_equal(dq_compare_pattern(&c), DQ_PATTERN_ZERO_SIGN);
        c = compare1(rows[i].dtype, 1, 0, rows[i].sign);
        assert_int_equal(c.n_mismatches, 0);
        c = compare1(rows[i].dtype, 0, rows[i].sign, rows[i].sign);
        assert_int_equal(c.n_mismatches, 0);
    }
}

static void small_differences_can_be_tolerated(void **state)
{
    (void)state;
    for (uint32_t ulp = 0; ulp < 5; ulp++) {
        for (uint32_t distance = 1; distance < 6; distance++) {
            const struct dq_comparison c =
                compare1(DQ_DTYPE_f32, ulp, 0x40000000 + distance, 0x40000000);
            assert_int_equal(c.n_mismatches, distance > ulp);
            assert_int_equal(c.max_ulp, distance);
        }
    }
}

static void the_first_mismatch_is_kept(void **state)
{
    enum { N = 3 * 256 };
    uint32_t got[N] = {0};
    uint32_t want[N] = {0};
    uint8_t bytes[3 * 144];
    struct dq_comparison c;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i / 144 + 7);
    dq_compare_init(&c, DQ_TYPE_q4_k, DQ_DTYPE_f32, 0);
    assert_int_equal(dq_compare(&c, got, want, bytes, 10, 3), 0);
    assert_int_equal(c.n_weights, N);
    got[256 + 9] = 0x3f800000;
    got[700] = 0x40000000;
    assert_int_equal(dq_compare(&c, got, want, bytes, 100, 3), 2);
    got[3] = 1;
    assert_int_equal(dq_compare(&c, got, want, bytes, 200, 3), 3);
    assert_int_equal(c.n_weights, 3 * N);
    assert_int_equal(c.n_mismatches, 5);
    assert_int_equal(c.first.weight, 101 * 256 + 9);
    assert_int_equal(c.first.block, 101);
    assert_int_equal(c.first.got, 0x3f800000);
    assert_int_equal(c.first.want, 0);
    assert_memory_equal(c.first.bytes, bytes + 144, 144);
    assert_int_equal(c.max_ulp, 0x40000000);
    assert_true(c.max_abs == 2);
}

/* Compares blocks of 32 weights in parts, and merges the parts in some order. */
static void parts_in_any_order_are_the_whole(void **state)
{
    enum { PARTS = 6, BLOCKS = 96, N = PARTS * BLOCKS * 32 };
    static uint32_t got[N];
    static uint32_t want[N];
    static const uint8_t bytes[PARTS * BLOCKS * 34];
    struct dq_comparison whole;
    (void)state;
    for (size_t i = 0; i < N; i++)
        want[i] = got[i] = (uint32_t)(i * 2654435761u) & 0x7f7fffff;
    for (size_t i = 4 * BLOCKS * 32 - 1; i < N; i += 1023) /* across the edges of memcmp's pieces */
        got[i] ^= 1u << i % 24;
    got[N - 1] = 0x7fc00000;
    got[N - 5] = 0;
    want[N - 5] = 0x80000000;
    dq_compare_init(&whole, DQ_TYPE_q8_0, DQ_DTYPE_f32, 0);
    dq_compare(&whole, got, want, bytes, 1000, PARTS * BLOCKS);
    assert_in_range(whole.n_mismatches, 8, 12);
    assert_int_equal(whole.first.weight, 1000 * 32 + 4 * BLOCKS * 32 - 1);
    for (size_t order = 1; order < 7; order++) {
        struct dq_comparison sum;
        dq_compare_init(&sum, DQ_TYPE_q8_0, DQ_DTYPE_f32, 0);
        for (size_t k = 1; k < 7; k++) {
            const size_t part = order * k % 7 - 1;
            struct dq_comparison c;
            dq_compare_init(&c, DQ_TYPE_q8_0, DQ_DTYPE_f32, 0);
            c.unstable = part == 3;
            dq_compare(&c, got + part * BLOCKS * 32, want + part * BLOCKS * 32,
                bytes + part * BLOCKS * 34, 1000 + part * BLOCKS, BLOCKS);
            dq_compare_merge(&sum, &c);
        }
        assert_true(sum.unstable);
        assert_true(sum.has_before_2g);
        assert_int_equal(sum.n_weights, whole.n_weights);
        assert_int_equal(sum.n_mismatches, whole.n_mismatches);
        assert_int_equal(sum.max_ulp, whole.max_ulp);
        assert_true(memcmp(&sum.max_abs, &whole.max_abs, sizeof sum.max_abs) == 0);
        assert_int_equal(sum.first.weight, whole.first.weight);
        assert_int_equal(sum.first.got, whole.first.got);
        assert_int_equal(sum.n_zero_sign, whole.n_zero_sign);
        assert_int_equal(sum.n_from_32, whole.n_from_32);
    }
}

/* Returns the pattern of mismatches in blocks of 256 weights. */
static enum dq_pattern pattern_of(
    enum dq_dtype dtype, const uint32_t *got, const uint32_t *want, size_t n, uint64_t first_block)
{
    struct dq_comparison c;
    dq_compare_init(&c, DQ_TYPE_q6_k, dtype, 0);
    compare_at(&c, got, want, n, first_block);
    return dq_compare_pattern(&c);
}

static void patterns_are_recognised(void **state)
{
    enum { N = 2 * 256 };
    static const struct {
        enum dq_dtype dtype;
        uint32_t normal;
        uint32_t subnormal;
        uint32_t sign;
    } types[] = {
        {DQ_DTYPE_f32, 0x00800000, 0x007fffff, 0x80000000},
        {DQ_DTYPE_f16, 0x0400, 0x03ff, 0x8000},
        {DQ_DTYPE_bf16, 0x0080, 0x007f, 0x8000},
    };
    (void)state;
    for (size_t t = 0; t < 3; t++) {
        const enum dq_dtype dtype = types[t].dtype;
        uint32_t got[N] = {0};
        uint32_t want[N] = {0};
        assert_int_equal(pattern_of(dtype, got, want, N, 0), DQ_PATTERN_NONE);
        /* Zeros instead of subnormals, of either sign. */
        want[3] = types[t].subnormal;
        want[300] = 1 | types[t].sign;
        assert_int_equal(pattern_of(dtype, got, want, N, 0), DQ_PATTERN_FLUSHED);
        got[300] = types[t].sign;
        assert_int_equal(pattern_of(dtype, got, want, N, 0), DQ_PATTERN_FLUSHED);
        /* One that was not a subnormal. */
        want[4] = types[t].normal;
        assert_int_equal(pattern_of(dtype, got, want, N, 0), DQ_PATTERN_NONE);
        memset(got, 0, sizeof got);
        memset(want, 0, sizeof want);
        for (size_t i = 32; i < N; i += i % 256 == 255 ? 33 : 1)
            want[i] = types[t].normal;
        assert_int_equal(pattern_of(dtype, got, want, N, 0), DQ_PATTERN_FROM_32);
        want[256 + 31] = types[t].normal;
        assert_int_equal(pattern_of(dtype, got, want, N, 0), DQ_PATTERN_NONE);
        /* Zeros of the wrong sign, alone and among other mismatches. */
        memset(want, 0, sizeof want);
        for (size_t i = 0; i < N; i += 5)
            want[i] = types[t].sign;
        assert_int_equal(pattern_of(dtype, got, want, N, 0), DQ_PATTERN_ZERO_SIGN);
        assert_int_equal(pattern_of(dtype, want, got, N, 0), DQ_PATTERN_ZERO_SIGN);
        want[1] = types[t].normal;
        assert_int_equal(pattern_of(dtype, got, want, N, 0), DQ_PATTERN_NONE);
    }
}

/* A few mismatches, or those of a slice, may be in one part by chance. */
static void patterns_of_place_need_evidence(void **state)
{
    enum { N = 2 * 256 };
    const uint64_t block_2g = ((uint64_t)1 << 31) / 256;
    const uint32_t zeros[N] = {0};
    uint32_t got[N] = {0};
    struct dq_comparison c;
    (void)state;
    got[40] = got[50] = 0x3f803c00;
    assert_int_equal(pattern_of(DQ_DTYPE_f32, got, zeros, N, 0), DQ_PATTERN_NONE);
    for (size_t i = 0; i < N; i++)
        got[i] = 0x3f803c00;
    assert_int_equal(pattern_of(DQ_DTYPE_f32, got, zeros, N, block_2g), DQ_PATTERN_NONE);
    assert_int_equal(pattern_of(DQ_DTYPE_f32, got, zeros, N, block_2g - 1), DQ_PATTERN_NONE);
    for (int d = DQ_DTYPE_f32; d < DQ_DTYPE_native; d++) {
        dq_compare_init(&c, DQ_TYPE_q6_k, (enum dq_dtype)d, 0);
        compare_at(&c, zeros, zeros, N, block_2g - 2); /* equal below 2^31 */
        assert_int_equal(dq_compare_pattern(&c), DQ_PATTERN_NONE);
        compare_at(&c, got, zeros, N, block_2g);
        assert_int_equal(dq_compare_pattern(&c), DQ_PATTERN_FROM_2G);
        compare_at(&c, zeros, got, N, 0);
        assert_int_equal(dq_compare_pattern(&c), DQ_PATTERN_NONE);
    }
}

static void instability_comes_first(void **state)
{
    struct dq_comparison c = compare1(DQ_DTYPE_f32, 0, 0, 0x80000000);
    (void)state;
    c.unstable = true;
    assert_int_equal(dq_compare_pattern(&c), DQ_PATTERN_UNSTABLE);
    c = compare1(DQ_DTYPE_f32, 0, 0, 0);
    c.unstable = true; /* nothing differs: there is no pattern */
    assert_int_equal(dq_compare_pattern(&c), DQ_PATTERN_NONE);
}

static void patterns_have_descriptions(void **state)
{
    (void)state;
    for (int i = 0; i < DQ_PATTERN_COUNT; i++) {
        assert_non_null(dq_pattern_description((enum dq_pattern)i));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(dq_pattern_description((enum dq_pattern)i),
                dq_pattern_description((enum dq_pattern)k));
    }
}

static void bits_encode_numbers(void **state)
{
    (void)state;
    assert_true(dq_value_of_bits(0x3fc00000, DQ_DTYPE_f32) == 1.5);
    assert_true(dq_value_of_bits(0xbe00, DQ_DTYPE_f16) == -1.5);
    assert_true(dq_value_of_bits(0x0001, DQ_DTYPE_f16) == 0x1p-24);
    assert_true(dq_value_of_bits(0x3fc0, DQ_DTYPE_bf16) == 1.5);
    assert_true(dq_value_of_bits(0xff80, DQ_DTYPE_bf16) == -HUGE_VAL);
    assert_true(isnan(dq_value_of_bits(0x7e00, DQ_DTYPE_f16)));
}

static void the_largest_block_fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++)
        assert_true(dq_types[i].bytes <= DQ_BLOCK_BYTES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_counted_in_units),
        cmocka_unit_test(any_nan_equals_any_nan),
        cmocka_unit_test(signs_of_zeros_count),
        cmocka_unit_test(small_differences_can_be_tolerated),
        cmocka_unit_test(the_first_mismatch_is_kept),
        cmocka_unit_test(parts_in_any_order_are_the_whole),
        cmocka_unit_test(patterns_are_recognised),
        cmocka_unit_test(patterns_of_place_need_evidence),
        cmocka_unit_test(instability_comes_first),
        cmocka_unit_test(patterns_have_descriptions),
        cmocka_unit_test(bits_encode_numbers),
        cmocka_unit_test(the_largest_block_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
