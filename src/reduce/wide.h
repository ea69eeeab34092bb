/* Exact sums: integers wide enough that no sum of weights, or of their squares or products, overflows or is
 * rounded, so that it does not depend on their order. */
#ifndef DQ_WIDE_H
#define DQ_WIDE_H

#include <stdbool.h>
#include <stdint.h>

/* 704 bits. A product of two f32 is less than 2^554 units of 2^-298; with 2^64 of them, and their sum times
 * their number, 2^682 is not reached. */
enum { DQ_WIDE_LIMBS = 22 };

/* An integer in two's complement, the lowest 32 bits first. */
struct dq_wide {
    uint32_t limb[DQ_WIDE_LIMBS];
};

/* Adds value * 2^shift, or subtracts it; shift is at most 600. */
void dq_wide_add_shifted(struct dq_wide *w, uint64_t value, bool is_negative, unsigned shift);

void dq_wide_add(struct dq_wide *w, const struct dq_wide *other);
void dq_wide_subtract(struct dq_wide *w, const struct dq_wide *other);

/* Multiplies by a number. The product has to fit. */
void dq_wide_scale(struct dq_wide *w, uint64_t factor);

/* Returns the square, which has to fit. */
struct dq_wide dq_wide_square(const struct dq_wide *w);

/* Returns w * 2^exponent, rounded once, to the nearest double, ties to even. The result has to be in the range of
 * normal doubles, or 0. */
double dq_wide_round(const struct dq_wide *w, int exponent);

#endif
