/* Statistics of weights: counts, extremes and exact sums, from which every figure is rounded once, so that figures
 * are the same on every device and do not depend on threads, chunks or their order. */
#ifndef DQ_STATS_H
#define DQ_STATS_H

#include "cpu/cpu.h"
#include "engine/reduction.h"
#include "reduce/bins.h"
#include "reduce/wide.h"

#include <stddef.h>

/* All zero at first. */
struct dq_stats {
    uint64_t n_weights;
    uint64_t n_nan;
    uint64_t n_pinf;
    uint64_t n_ninf;
    uint64_t n_pzero;
    uint64_t n_nzero;     /* -0 */
    uint64_t n_subnormal; /* but not zero */
    uint64_t octaves
        [DQ_OCTAVES];   /* weights by biased exponent; 0: zeros and subnormals, 255: not finite */
    struct dq_wide sum; /* of the finite ones, in units of 2^-149 */
    struct dq_wide squares; /* of the finite ones, in units of 2^-298 */
    float min;              /* of the finite ones, where -0 < +0; nothing if there are none */
    float max;
    uint64_t first_min; /* the number of the first weight that is min */
    uint64_t first_max;
};

/* Adds n weights, f32 of any alignment, of which the first is number `first` of its tensor, with the loops of a
 * level; every level gives the same. */
void dq_stats_add(
    struct dq_stats *s, const struct dq_cpu *cpu, const void *weights, size_t n, uint64_t first);

/* Adds n weights that a lane has reduced. */
void dq_stats_add_reduced(
    struct dq_stats *s, const struct dq_reduction *r, size_t n, uint64_t first);

/* Adds those of other parts of the same tensor. */
void dq_stats_merge(struct dq_stats *s, const struct dq_stats *other);

/* Counts what becomes of n weights in 16 bits. */
void dq_fit_add(struct dq_fit *f, const struct dq_cpu *cpu, const void *weights, size_t n);
void dq_fit_add_reduced(struct dq_fit *f, const struct dq_reduction *r);
void dq_fit_merge(struct dq_fit *f, const struct dq_fit *other);

/* The number of finite weights. */
uint64_t dq_stats_n_finite(const struct dq_stats *s);

/* What follows from them. NaN where there is no finite weight, or for crest where std is 0. */
struct dq_stats_figures {
    double mean;
    double rms;    /* the root of the mean square */
    double std;    /* the population's standard deviation */
    double absmax; /* the largest magnitude */
    double crest;  /* absmax / std */
};

void dq_stats_figures(const struct dq_stats *s, struct dq_stats_figures *out);

#endif
