/* How far tensors, or their matrices, rows or blocks, are from those of a reference. */
#ifndef DQ_DIFFERENCE_TENSORS_H
#define DQ_DIFFERENCE_TENSORS_H

#include "reduce/difference.h"
#include "reduce/stats_tensors.h"
#include "run/run.h"

/* Bytes of the buffers that each lane needs for the reference: what an engine has to leave free. */
enum { DQ_DIFFERENCE_LEN = 384 << 10 };

/* The plans of a tensor and of its reference, as f32 and of as many weights. */
struct dq_plan_pair {
    struct dq_plan model;
    struct dq_plan reference; /* not gathered */
    uint64_t unit_len;        /* weights of each unit, of which there are whole ones */
    uint64_t row_len; /* of each row of a unit, if the worst one is looked for; 0: it is not */
};

/* The result for a unit. */
struct dq_unit_difference {
    struct dq_difference difference; /* places count in the pair */
    enum dq_difference_pattern pattern;
    uint64_t number;    /* of the unit in the pair */
    double worst_nmse;  /* of the row with the largest one; NaN if no row differs that has one */
    uint64_t worst_row; /* its number in the pair; of equal ones, the first */
    float percentiles
        [DQ_PERCENTILES_MAX]; /* of the distances of finite pairs; NaN if there are none */
};

struct dq_difference_job {
    size_t n_pairs;
    /* Units are parts of tensors. Chunks are then compared one after the other, in order, so that any number of units
     * takes the same memory; otherwise each tensor is one unit. */
    bool by_units;
    uint32_t percentiles[DQ_PERCENTILES_MAX]; /* in units of 10^-6 percent */
    size_t n_percentiles;                     /* 0: no bins */
    /* Returns the plans of a pair, which must not change before its end. Called for each in order, as in struct
     * dq_consumer. */
    const struct dq_plan_pair *(*plan)(void *arg, size_t pair);
    /* Called after each chunk, by several threads at once, with the bytes of the model's weights. */
    void (*progress)(void *arg, uint64_t n_bytes);
    /* Called for each unit in order, by one thread at a time, with its result. An error ends the run. */
    int (*end)(void *arg, size_t pair, const struct dq_unit_difference *u, struct dq_error *e);
    void *arg;
};

/* Compares tensors that can be decoded. Those of the reference are decoded on the CPU. The results do not depend on
 * the lanes. Returns the errors of reading and of the lanes, of end, or DQ_ERR_MEMORY. */
int dq_difference_tensors(struct dq_lane *const *lanes, size_t n_lanes,
    const struct dq_difference_job *job, struct dq_error *e);

#endif
