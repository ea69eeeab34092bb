/* The small float types and the loads of half.h: every code. */
#include "cpu/decode_simd.h"
#include "dq_test.h"
#include "type/half.h"

#include <math.h>

/* The value of a code with a sign bit, exponent bits and mantissa bits, by its definition. */
static double small_float(uint32_t code, int exponent_bits, int mantissa_bits)
{
    const int top = (1 << exponent_bits) - 1;
    const int bias = top / 2;
    const int exponent = (int)(code >> mantissa_bits) & top;
    const double fraction = ldexp(code & ((1u << mantissa_bits) - 1), -mantissa_bits);

    return exponent == 0 ? ldexp(fraction, 1 - bias) : ldexp(1 + fraction, exponent - bias);
}

static void f16_is_exact(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++) {
        const uint32_t mag = h & 0x7fff;
        const uint32_t bits = dq_bits_of_f32(dq_f16_to_f32((uint16_t)h));
        const float value = (float)small_float(mag, 5, 10);
        uint32_t want = dq_bits_of_f32(value);

        if (mag >= 0x7c00)
            want = 0x7f800000 | (mag & 0x3ff) << 13 | (mag > 0x7c00 ? 1u << 22 : 0);
        want |= (h >> 15) << 31;
        if (bits != want)
            fail_msg("f16 0x%04x gives 0x%08x, expected 0x%08x", h, bits, want);
        const uint8_t bytes[] = {(uint8_t)h, (uint8_t)(h >> 8)};
        assert_int_equal(dq_bits_of_f32(dq_f16_at(bytes)), want);
    }
}

static void bf16_is_exact(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++)
        assert_int_equal(dq_bits_of_f32(dq_bf16_to_f32((uint16_t)h)), h * 65536);
}

static void e8m0_is_half_a_power_of_two(void **state)
{
    (void)state;
    for (int e = 0; e < 256; e++) {
        if ((double)dq_e8m0_half((uint8_t)e) != ldexp(1, e - 128))
            fail_msg("E8M0 %d gives %a", e, (double)dq_e8m0_half((uint8_t)e));
    }
}

static void ue4m3_is_half_the_number(void **state)
{
    (void)state;
    for (uint32_t x = 0; x < 256; x++) {
        const double want = x == 0x7f ? 0 : small_float(x & 0x7f, 4, 3) / 2;
        const float got = dq_ue4m3_half((uint8_t)x);

        if ((double)got != want || signbit(got))
            fail_msg("UE4M3 0x%02x gives %a, expected %a", x, (double)got, want);
    }
    assert_true(dq_ue4m3_half(0x7e) == 224.0f);
    assert_true(dq_ue4m3_half(0xff) == 240.0f);
}

static void loads_are_little_endian_at_any_address(void **state)
{
    static const uint8_t bytes[] = {0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x3c};

    (void)state;
    assert_int_equal(dq_u16(bytes), 0x1100);
    assert_int_equal(dq_u16(bytes + 1), 0x2211);
    assert_int_equal(dq_u32(bytes + 1), 0x44332211);
    assert_true(dq_u64(bytes + 1) == 0x8877665544332211);
    assert_true(dq_f16_at(bytes + 8) == 1.1328125f);
    assert_int_equal(dq_nibble(bytes, 0), 0);
    assert_int_equal(dq_nibble(bytes + 9, 0), 0xc);
    assert_int_equal(dq_nibble(bytes, 19), 0x3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f16_is_exact),
        cmocka_unit_test(bf16_is_exact),
        cmocka_unit_test(e8m0_is_half_a_power_of_two),
        cmocka_unit_test(ue4m3_is_half_the_number),
        cmocka_unit_test(loads_are_little_endian_at_any_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
