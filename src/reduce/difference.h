/* How far weights are from those of a reference: counts, extremes and exact sums, from which every figure is rounded
 * once, so that figures are the same on every device and do not depend on threads, chunks or their order. */
#ifndef DQ_DIFFERENCE_H
#define DQ_DIFFERENCE_H

#include "cpu/cpu.h"
#include "reduce/wide.h"

#include <stddef.h>

/* What a weight can be. */
enum dq_weight_kind { DQ_NUMBER, DQ_NAN, DQ_PINF, DQ_NINF, DQ_WEIGHT_KINDS };

/* One of the two sides. */
struct dq_side {
    struct dq_wide sum;     /* in units of 2^-149 */
    struct dq_wide squares; /* in units of 2^-298 */
    uint64_t bits
        [2]; /* sums of the bits of all weights, and of their squares, modulo 2^64: equal for the
                         same weights in another order */
};

/* A pair is a weight of the reference and the one with the same number in the model. "Finite" are pairs of two
 * finite weights; only these have sums and distances. All zero at first. */
struct dq_difference {
    uint64_t n_weights; /* pairs */
    uint64_t kinds[DQ_WEIGHT_KINDS]
                  [DQ_WEIGHT_KINDS]; /* pairs by kind of the reference's, and of the other */
    uint64_t n_equal_bits;
    uint64_t n_equal_other;  /* of these, the pairs that are not finite */
    uint64_t n_equal_values; /* as IEEE 754 compares: -0 and +0 are equal, NaN is never */
    /* Of finite pairs: */
    uint64_t n_sign_flips; /* neither is 0 */
    uint64_t n_to_zero;    /* 0 instead of another number */
    uint64_t n_from_zero;
    struct dq_side reference;
    struct dq_side model;
    struct dq_wide products; /* in units of 2^-298 */
    float max_abs;           /* the largest distance, subtracted in f32 */
    uint64_t first_max;      /* the first pair with it; nothing if it is 0 */
    float max_reference;     /* this pair */
    float max_model;
    float
        min_step; /* of the model's weights minus those of the reference, in f32; nothing without finite pairs */
    float max_step;
};

/* Adds n pairs, f32 of any alignment, of which the first is number `first` of its tensor, with the loops of a level;
 * every level gives the same. */
void dq_difference_add(struct dq_difference *d, const struct dq_cpu *cpu, const void *reference,
    const void *model, size_t n, uint64_t first);

/* Adds those of other parts of the same tensor, or of another tensor: then the places mean nothing. */
void dq_difference_merge(struct dq_difference *d, const struct dq_difference *other);

/* The number of finite pairs. */
static inline uint64_t dq_difference_n_finite(const struct dq_difference *d)
{
    return d->kinds[DQ_NUMBER][DQ_NUMBER];
}

/* The number of pairs of different kinds, which no distance tells: a number and NaN, infinities of both signs. */
uint64_t dq_difference_n_unlike(const struct dq_difference *d);

/* What follows from them. NaN where it is not defined. Sums are over finite pairs, a being the reference's weight. */
struct dq_difference_figures {
    double mse;    /* mean of (a - b)^2 */
    double rmse;   /* its root */
    double nmse;   /* sum of (a - b)^2 / sum of a^2; not defined if that is 0 */
    double rel;    /* its root */
    double snr;    /* -10 log10 nmse, rounded to 2 decimals, in dB; infinite if nmse is 0 */
    double cosine; /* sum of a b / root(sum of a^2 * sum of b^2) */
    double gain;   /* what b should be multiplied with: sum of a b / sum of b^2 */
    double bias;   /* mean of b - a */
};

void dq_difference_figures(const struct dq_difference *d, struct dq_difference_figures *out);

/* Returns nmse alone, in less time. */
double dq_difference_nmse(const struct dq_difference *d);

/* What the differences have in common. */
enum dq_difference_pattern {
    DQ_DIFFERENCE_NONE, /* nothing known */
    DQ_DIFFERENCE_EQUAL,
    DQ_DIFFERENCE_ZERO_SIGNS, /* equal but for the signs of zeros */
    DQ_DIFFERENCE_ALL_ZERO,   /* the model's weights are all 0, and the others are not */
    DQ_DIFFERENCE_OFFSET,     /* b = a + c */
    DQ_DIFFERENCE_SCALED,     /* b = g a, but for rounding to f32 */
    DQ_DIFFERENCE_REORDERED,  /* the same weights in another order */
    /* More of it is known to those who have sums of rows: */
    DQ_DIFFERENCE_IN_ROWS, /* the same weights in another order in each row */
    DQ_DIFFERENCE_ROWS,    /* each row has the weights of another one, in any order */
    DQ_DIFFERENCE_PATTERNS
};

enum dq_difference_pattern dq_difference_pattern(const struct dq_difference *d);

/* Returns its description, NULL for NONE. */
const char *dq_difference_description(enum dq_difference_pattern pattern);

#endif
