/* The shortest decimal numbers that read back as the same float. */
#ifndef DQ_DECIMAL_H
#define DQ_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

enum { DQ_DECIMAL_DIGITS = 17, DQ_DECIMAL_SIZE = 32 };

/* The number d.ddd * 10^exponent: as few digits as read back, no 0 at the end unless it is the only one. */
struct dq_decimal {
    bool is_negative; /* or -0 */
    char digits[DQ_DECIMAL_DIGITS];
    int n_digits;
    int exponent;
};

/* Returns the digits of a finite number, which is a binary32 number (is_f32) or any binary64 number. */
struct dq_decimal dq_decimal_of(double x, bool is_f32);

/* Writes them as C and JSON read them: "0.1", "-1e-05", "123456"; or "nan", "inf", "-inf". Returns out. */
const char *dq_decimal_text(double x, bool is_f32, char out[DQ_DECIMAL_SIZE]);

#endif
