/* Gathers: arrays whose values come from one or several tensors in another order than in the file.
 *
 * The array is a sequence of units of the same length. Where a unit comes from is given in closed
 * form: steps turn its number into a source and the number of a unit in that source. A unit of a
 * source is a piece of a row, a row, or several rows; or a column of a matrix, which transposes it.
 *
 * A chunk is a contiguous part of the array. Its units are read in the order of the file, decoded, and
 * copied to their places, so memory depends on the chunk alone. A column is decoded with the others of
 * its blocks; if the chunk does not hold all of them, blocks are decoded again for the next chunk. */
#ifndef DQ_GATHER_H
#define DQ_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf/gguf.h"

struct dq_chunk;
struct dq_plan_pos;
struct dq_values;

enum { DQ_GATHER_SOURCES = 3, DQ_GATHER_STEPS = 5, DQ_GATHER_NUMBERS = 4 };

/* Bytes that a lane of the usual size (lane->out_len) needs besides its buffers, at most. */
enum { DQ_GATHER_LANE_MAX = 2 << 20 };

/* Where units come from: unit u begins at item base + u / slice_units * slice_stride +
 * u % slice_units * unit_stride of the tensor. */
struct dq_gather_source {
    const struct dq_tensor *tensor; /* NULL: all items are `constant` */
    float constant;
    uint64_t base;
    uint64_t slice_units;
    uint64_t slice_stride;
    uint64_t unit_stride;
    uint64_t
        step; /* items from one item of a unit to the next: 1 in a row, the row length in a column */
    /* A scale tensor: one weight that multiplies the values, or one for each slice; or NULL. */
    const struct dq_tensor *scale;
    bool scale_by_slice;
    uint64_t first_scale; /* its index for slice 0 */
};

struct dq_gather_place {
    size_t source;
    uint64_t unit;
};

/* A step of the way from a unit's number to its place. It applies to places in one source; the way
 * begins in source 0. */
struct dq_gather_step {
    void (*move)(const struct dq_gather_step *s, struct dq_gather_place *p);
    size_t source;
    uint64_t n[DQ_GATHER_NUMBERS];
};

/* The units from n[0] on are pieces of n[3] units: (x, b, c) -> (x, c, b), b < n[1] and c < n[2]. */
void dq_gather_swap(const struct dq_gather_step *s, struct dq_gather_place *p);

/* n[0] groups, each of n[1], then n[2], then n[3] units, come from where all first parts precede all
 * second and all third ones. */
void dq_gather_group(const struct dq_gather_step *s, struct dq_gather_place *p);

/* By turns n[0] units of source 0, n[1] of source 1 and n[2] of source 2. */
void dq_gather_deal(const struct dq_gather_step *s, struct dq_gather_place *p);

/* Constant after dq_plan_init_gather, so threads may share it. */
struct dq_gather {
    const struct dq_model *model;
    struct dq_gather_source sources[DQ_GATHER_SOURCES];
    size_t n_sources;
    struct dq_gather_step steps[DQ_GATHER_STEPS];
    size_t n_steps;
    uint64_t unit_len; /* items */
    uint64_t n_units;
    uint64_t interleave; /* this many consecutive units alternate item by item; 1: none do */
    /* Chunks end at multiples of the first, or else of the second, so that what they read is contiguous;
     * multiples of interleave. */
    uint64_t grains[2];
    float (*value)(float x, float operand); /* changes the decoded values, or NULL */
    float operand;

    /* Set by dq_plan_init_gather: */
    bool as_float; /* decoded as f32, and rounded to the dtype after gathering */
};

/* The values of dq_gather.value. */
float dq_gather_add(float x, float operand);
float dq_gather_log_negative(float x, float operand); /* log(-x) in double, rounded once */

/* For plan.c and decode.c. */
void dq_gather_init(struct dq_gather *g, enum dq_dtype dtype);
bool dq_gather_is_contiguous(const struct dq_gather *g); /* and the values are as decoded */
void dq_gather_next(const struct dq_gather *g, struct dq_plan_pos *pos, uint64_t max_items,
    struct dq_chunk *out); /* pos is not at the end */
void dq_gather_locate(
    const struct dq_gather *g, uint64_t item, const struct dq_tensor **tensor, uint64_t *index);
int dq_gather_decode(struct dq_values *v, struct dq_error *e);

#endif
