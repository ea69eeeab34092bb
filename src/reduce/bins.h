/* Counts of weights by the upper 16 bits of their f32: sign, exponent and seven bits, which is all of a BF16 weight.
 * What follows from them is true of each weight to within 1 part in 128. */
#ifndef DQ_BINS_H
#define DQ_BINS_H

#include <stddef.h>
#include <stdint.h>

#include "type/reduction.h"

enum { DQ_BINS = DQ_REDUCE_BINS, DQ_OCTAVES = 256 };

/* Adds n weights, f32 of any alignment, to DQ_BINS counts. */
void dq_bins_add(uint64_t *bins, const void *weights, size_t n);

/* Adds DQ_BINS counts of weights that a lane has reduced. */
void dq_bins_add_reduced(uint64_t *bins, const uint32_t *counts);

/* Adds other bins, of weights that have these numbers by biased exponent. */
void dq_bins_merge(uint64_t *bins, const uint64_t *other, const uint64_t octaves[DQ_OCTAVES]);

/* Such counts, and those of the same weights by biased exponent, which save looking at empty bins. */
struct dq_bins {
    const uint64_t *counts;
    const uint64_t *octaves;
};

/* Returns the lower edge of the bin of the magnitude that has this rank, from 1, among the finite weights; NaN if there
 * are not so many. */
float dq_bins_rank(const struct dq_bins *b, uint64_t rank);

/* Returns how many finite weights have at least this magnitude, rounded up to the lower edge of a bin. */
uint64_t dq_bins_beyond(const struct dq_bins *b, double magnitude);

/* Returns the entropy of the bins in bits, rounded to 2 decimals; NaN if they are empty. */
double dq_bins_entropy(const struct dq_bins *b);

/* A percentage, in units of 10^-6 percent. */
enum { DQ_PERCENT = 1000000 };

/* Returns the rank of a percentile among n: n percent / 100, rounded up, and at least 1. */
uint64_t dq_percentile_rank(uint32_t percentile, uint64_t n);

#endif
