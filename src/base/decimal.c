#include "base/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reads_back(const char *text, double x, bool is_f32)
{
    return is_f32 ? strtof(text, NULL) == (float)x : strtod(text, NULL) == x;
}

/* Adds 1 to the last digit of "d.ddde-XXX". Returns false if all digits are 9. */
static bool increment(char *text)
{
    char *digit = strchr(text, 'e') - 1;
    while (digit > text && (*digit == '9' || *digit == '.')) {
        if (*digit == '9')
            *digit = '0';
        digit--;
    }
    if (*digit == '9')
        return false;
    ++*digit;
    return true;
}

/* A number is read back as a power of two from farther above than below. So the nearest number with some
 * digits may not be, while the next one is. */
static bool reads_back_at_least_next(char *text, double x, bool is_f32)
{
    int exponent;
    if (reads_back(text, x, is_f32))
        return true;
    return frexp(x, &exponent) == 0.5 && strtod(text, NULL) < x && increment(text) &&
           reads_back(text, x, is_f32);
}

struct dq_decimal dq_decimal_of(double x, bool is_f32)
{
    char text[DQ_DECIMAL_SIZE]; /* "-d.ddde-XXX" */
    struct dq_decimal d = {.is_negative = signbit(x)};
    int n = 0;
    do
        snprintf(text, sizeof text, "%.*e", n, fabs(x));
    while (!reads_back_at_least_next(text, fabs(x), is_f32) && ++n < DQ_DECIMAL_DIGITS);
    for (const char *s = text; *s != 'e'; s++) {
        if (*s != '.')
            d.digits[d.n_digits++] = *s;
    }
    d.exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    return d;
}

/* Without an exponent from 0.0001 to below 10^17, like numpy's and Python's, or nearly. */
static void put_decimal(struct dq_decimal d, char out[DQ_DECIMAL_SIZE])
{
    const char *sign = d.is_negative ? "-" : "";
    const int n = d.n_digits;
    if (d.exponent < -4 || d.exponent >= DQ_DECIMAL_DIGITS)
        snprintf(out, DQ_DECIMAL_SIZE, "%s%c%s%.*se%+03d", sign, d.digits[0], n > 1 ? "." : "",
            n - 1, d.digits + 1, d.exponent);
    else if (d.exponent < 0)
        snprintf(out, DQ_DECIMAL_SIZE, "%s0.%.*s%.*s", sign, -d.exponent - 1, "000", n, d.digits);
    else if (n <= d.exponent + 1)
        snprintf(out, DQ_DECIMAL_SIZE, "%s%.*s%.*s", sign, n, d.digits, d.exponent + 1 - n,
            "0000000000000000");
    else
        snprintf(out, DQ_DECIMAL_SIZE, "%s%.*s.%.*s", sign, d.exponent + 1, d.digits,
            n - d.exponent - 1, d.digits + d.exponent + 1);
}

const char *dq_decimal_text(double x, bool is_f32, char out[DQ_DECIMAL_SIZE])
{
    if (isnan(x))
        snprintf(out, DQ_DECIMAL_SIZE, "nan");
    else if (isinf(x))
        snprintf(out, DQ_DECIMAL_SIZE, "%s", x < 0 ? "-inf" : "inf");
    else if (x == 0)
        snprintf(
            out, DQ_DECIMAL_SIZE, "%s", signbit(x) ? "-0.0" : "0"); /* JSON's -0 is an integer */
    else
        put_decimal(dq_decimal_of(x, is_f32), out);
    return out;
}
