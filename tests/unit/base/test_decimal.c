/* The shortest decimal numbers. */
#include "base/decimal.h"
#include "dq_test.h"
#include "rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void texts_are_the_shortest(void **state)
{
    static const struct {
        double x;
        bool is_f32;
        const char *text;
    } rows[] = {
        {0, true, "0"},
        {-0.0, true, "-0.0"},
        {1, true, "1"},
        {-1234.5, true, "-1234.5"},
        {(double)0.1F, true, "0.1"},
        {(double)0.1F, false, "0.10000000149011612"},
        {0.1, false, "0.1"},
        {(double)(1.0F / 3), true, "0.33333334"},
        {0x1p-149, true, "1e-45"},
        {0x1p-126, true, "1.1754944e-38"},
        {0x1.fffffep127, true, "3.4028235e+38"},
        {0x1p-96, true, "1.2621775e-29"}, /* whose nearest number of 8 digits is another float */
        {0x1p90, true, "1.2379401e+27"},
        {0x1p-1074, false, "5e-324"},
        {0x1p-44, false, "5.684341886080802e-14"},
        {9007199254740993.0, false, "9007199254740992"},
        {16777216, true, "16777216"},
        {1e16, false, "10000000000000000"},
        {1e17, false, "1e+17"},
        {0.0001, false, "0.0001"},
        {0.00012345, false, "0.00012345"},
        {0.00001, false, "1e-05"},
        {-2.5e-300, false, "-2.5e-300"},
        {HUGE_VAL, true, "inf"},
        {-HUGE_VAL, false, "-inf"},
        {(double)NAN, true, "nan"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[DQ_DECIMAL_SIZE];
        dq_decimal_text(rows[i].x, rows[i].is_f32, text);
        if (strcmp(text, rows[i].text) != 0)
            fail_msg("%a: %s, but should be %s", rows[i].x, text, rows[i].text);
    }
}

/* Whether a float is read back from some number with n digits. */
static bool has_number(float x, int n)
{
    const double steps[] = {0, -1, 1};
    char text[DQ_DECIMAL_SIZE];
    snprintf(text, sizeof text, "%.*e", n - 1, (double)x);
    const double unit = pow(10, atoi(strchr(text, 'e') + 1) - n + 1);
    for (size_t i = 0; i < 3; i++) {
        char near[DQ_DECIMAL_SIZE];
        snprintf(near, sizeof near, "%.*e", n - 1, strtod(text, NULL) + steps[i] * unit);
        if (strtof(near, NULL) == x)
            return true;
    }
    return false;
}

static void floats_are_read_back(void **state)
{
    struct rng r = {7};
    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        const uint32_t bits = i < 255 ? i << 23 : (uint32_t)rng_u64(&r);
        char text[DQ_DECIMAL_SIZE];
        float x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x) || x == 0)
            continue;
        dq_decimal_text((double)x, true, text);
        const float again = strtof(text, NULL);
        if (memcmp(&again, &x, sizeof x) != 0)
            fail_msg("%a is not read back from %s", (double)x, text);
        const struct dq_decimal d = dq_decimal_of((double)x, true);
        if (d.n_digits > 1 && has_number(x, d.n_digits - 1))
            fail_msg("%a: %s is too long", (double)x, text);
        if (d.n_digits > 1 && d.digits[d.n_digits - 1] == '0')
            fail_msg("%a: %s ends in a zero", (double)x, text);
    }
}

static void doubles_are_read_back(void **state)
{
    struct rng r = {8};
    (void)state;
    for (int i = 0; i < 20000; i++) {
        const uint64_t bits = rng_u64(&r);
        char text[DQ_DECIMAL_SIZE];
        double x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        const double again = strtod(dq_decimal_text(x, false, text), NULL);
        if (memcmp(&again, &x, sizeof x) != 0)
            fail_msg("%a is not read back from %s", x, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_the_shortest),
        cmocka_unit_test(floats_are_read_back),
        cmocka_unit_test(doubles_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
