/* Exact sums of a few weights, added to sums of any number of them. */
#ifndef DQ_SUMS_H
#define DQ_SUMS_H

#include "cpu/cpu.h"
#include "reduce/wide.h"

#include <stddef.h>

/* Returns what the sums of finite weights take as `top`, by their largest magnitude and their smallest one that is
 * not 0, as bits (any larger number if all are 0). */
unsigned dq_sums_top(uint32_t max, uint32_t min);

/* Adds at most DQ_SUMS_MOST weights, f32 of any alignment, to *sum, in units of 2^-149, and their squares to *squares,
 * in units of 2^-298. With a top of 0, any weights, of which those that are not finite are left out. */
void dq_sums_add(struct dq_wide *sum, struct dq_wide *squares, const struct dq_cpu *cpu,
    const uint8_t *weights, size_t n, unsigned top);

/* Adds the products of at most DQ_SUMS_MOST pairs of finite weights, in units of 2^-298. */
void dq_sums_add_products(struct dq_wide *products, const struct dq_cpu *cpu, const uint8_t *a,
    const uint8_t *b, size_t n, unsigned top_a, unsigned top_b);

#endif
