/* Which weights of a tensor are wanted, and the chunks in which they are read and decoded.
 *
 * Everything is counted in items: a weight, or a stored block with dtype native. Items are in the
 * order of the file, dimension 0 fastest. Only blocks that hold a wanted item are read.
 *
 * The wanted items form segments that all look alike: `count` items, `step` apart (backwards if
 * negative), along one stretch of the tensor. A whole tensor is one segment; a slice of columns is
 * one segment per row. A chunk is several whole segments, or a part of one. */
#ifndef DQ_PLAN_H
#define DQ_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf/gguf.h"

/* The wanted indices along one axis: start, start + step, ..., count of them. step is not 0. */
struct dq_range {
    uint64_t start;
    uint64_t count;
    int64_t step;
};

/* Does not change once it is made, so threads may share it. The model must outlive it. */
struct dq_plan {
    const struct dq_model *model;
    const struct dq_tensor *tensor;
    enum dq_dtype dtype;
    size_t item_len;       /* bytes of an item of the output */
    uint64_t block_items;  /* items in a block: its weights, or 1 with dtype native */
    size_t block_len;      /* bytes of a block in the file */
    uint64_t n_items;      /* wanted in all */
    struct dq_range inner; /* the items of a segment, counted from its base */
    struct {
        struct dq_range range;
        uint64_t stride;  /* items from one index to the next */
    } outer[DQ_DIMS_MAX]; /* where the bases of the segments are, innermost first */
    size_t n_outer;
    uint64_t n_segments;
};

/* How far a walk through a plan has come. All zero is its start. */
struct dq_plan_pos {
    uint64_t segment;
    uint64_t item; /* in that segment */
};

struct dq_chunk {
    uint64_t first_item; /* of the output */
    size_t n_items;
    uint64_t segment; /* the first segment that it takes from */
    size_t n_segments;
    uint64_t from;     /* its first item in that segment, if it is a part of one */
    size_t seg_items;  /* items taken from each segment */
    size_t seg_blocks; /* blocks read for each segment */
    size_t lead;       /* position of the lowest wanted item in those blocks */
};

/* Plans a whole tensor (ranges NULL) or one range per dimension, innermost first; the ranges lie
 * inside the tensor. With dtype native, ranges of dimension 0 count blocks. A tensor of unknown type
 * is a row of bytes: its blocks are single bytes, and ranges must be NULL. */
void dq_plan_init(struct dq_plan *p, const struct dq_model *m, const struct dq_tensor *t,
    enum dq_dtype dtype, const struct dq_range *ranges);

/* Moves pos on by one chunk, whose blocks hold at most n_weights weights: a whole number of blocks,
 * at least one. So plans of different types advance side by side. Returns false at the end. */
bool dq_plan_next(
    const struct dq_plan *p, struct dq_plan_pos *pos, uint64_t n_weights, struct dq_chunk *out);

/* Whether a walk is at its end. */
bool dq_plan_done(const struct dq_plan *p, const struct dq_plan_pos *pos);

/* Offset in bytes, in the tensor's data, of the blocks of the i-th segment of a chunk. */
uint64_t dq_plan_offset(const struct dq_plan *p, const struct dq_chunk *c, size_t i);

/* Reads the blocks of a chunk into in, segment after segment. */
int dq_plan_read(
    const struct dq_plan *p, const struct dq_chunk *c, uint8_t *in, struct dq_error *e);

/* Moves the wanted items among the decoded ones, of len bytes each, to the front, in order; returns
 * where they start. */
uint8_t *dq_plan_gather(
    const struct dq_plan *p, const struct dq_chunk *c, uint8_t *items, size_t len);

#endif
