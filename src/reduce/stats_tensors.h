/* The statistics of tensors, or of their matrices, rows or blocks. */
#ifndef DQ_STATS_TENSORS_H
#define DQ_STATS_TENSORS_H

#include "reduce/codes.h"
#include "reduce/stats.h"
#include "run/run.h"
#include "run/units.h"

enum { DQ_PERCENTILES_MAX = 16, DQ_OUTLIERS = 3 };

/* What follows from the bins of weights. */
struct dq_bin_figures {
    float percentiles
        [DQ_PERCENTILES_MAX];       /* of the magnitudes of finite weights; NaN if there are none */
    uint64_t outliers[DQ_OUTLIERS]; /* magnitudes of at least dq_outlier_factors times std */
    double entropy;                 /* of all weights of a BF16 tensor, in bits; else NaN */
};

/* How many standard deviations are far. */
extern const unsigned dq_outlier_factors[DQ_OUTLIERS];

/* The result for one unit. */
struct dq_unit_stats {
    struct dq_stats stats; /* first_min and first_max count in the unit */
    struct dq_fit fit;     /* if it was asked for */
    struct dq_bin_figures bins;
    struct dq_code_stats *codes; /* if they were asked for and the type has some, else NULL */
    struct dq_range ranges[DQ_DIMS_MAX]; /* the unit in its tensor, innermost dimension first */
};

struct dq_stats_job {
    const struct dq_model *model;
    size_t n_arrays;
    enum dq_unit unit;
    bool fit;
    bool codes;
    uint32_t percentiles[DQ_PERCENTILES_MAX]; /* in units of 10^-6 percent */
    size_t n_percentiles;                     /* 0: no bins */
    /* Returns the tensor of an array and sets ranges, innermost first, which have whole blocks if units are blocks or
     * for codes; NULL leaves the array out. */
    const struct dq_tensor *(*array)(void *arg, size_t i, struct dq_range ranges[DQ_DIMS_MAX]);
    /* Called after each chunk, by several threads at once, with the bytes of weights. May be NULL. */
    void (*progress)(void *arg, uint64_t n_bytes);
    /* Called for each unit in order, by one thread at a time, with its result. An error ends the run. */
    int (*end)(void *arg, size_t i, const struct dq_unit_stats *u, struct dq_error *e);
    void *arg;
};

/* What the units of a tensor are: those of types without blocks of several weights have no blocks, but rows. */
enum dq_unit dq_stats_unit(enum dq_unit unit, const struct dq_tensor *t);

/* Reduces tensors that can be decoded. The results do not depend on the lanes. Returns the errors of reading and of
 * the lanes, of end, or DQ_ERR_MEMORY. */
int dq_stats_tensors(struct dq_lane *const *lanes, size_t n_lanes, const struct dq_stats_job *job,
    struct dq_error *e);

#endif
