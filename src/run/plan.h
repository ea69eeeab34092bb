/* Plans: which weights of a tensor are selected, and the chunks in which they are read and decoded.
 *
 * Plans count items: weights, or stored blocks with dtype native. Items are in the order of the file,
 * dimension 0 fastest. Only blocks that contain a selected item are read.
 *
 * The selected items form segments of the same shape: `count` items, `step` apart (backwards if
 * negative), within a contiguous part of the tensor. A whole tensor is one segment; a slice of columns
 * is one segment per row. A chunk is several whole segments, or a part of one. */
#ifndef DQ_PLAN_H
#define DQ_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/gather.h"

/* The selected indices along one axis: start, start + step, ..., count of them. step is not 0. */
struct dq_range {
    uint64_t start;
    uint64_t count;
    int64_t step;
};

/* What weights are multiplied by. */
struct dq_scaling {
    float *factors;
    uint64_t n_weights; /* consecutive weights of the tensor that share a factor */
};

/* Constant after dq_plan_init, so threads may share it. Owns nothing; the model must outlive it. */
struct dq_plan {
    const struct dq_model *model;
    const struct dq_tensor *tensor; /* NULL: see gather */
    const struct dq_gather *gather; /* NULL: the items are those of the tensor */
    enum dq_dtype dtype;
    size_t item_len;       /* bytes of an item of the output */
    uint64_t block_items;  /* items in a block: its weights, or 1 with dtype native */
    size_t block_len;      /* bytes of a block in the file */
    uint64_t n_items;      /* selected, in total */
    struct dq_range inner; /* the items of a segment, counted from its base */
    struct {
        struct dq_range range;
        uint64_t stride;  /* items from one index to the next */
    } outer[DQ_DIMS_MAX]; /* the bases of the segments, innermost dimension first */
    size_t n_outer;
    uint64_t n_segments;
    /* Set by the caller, whose it stays; NULL: none. Each decoded weight is multiplied by a factor in
     * f32, which rounds once, before it is rounded to dtype. Not with native. */
    const struct dq_scaling *scaling;
};

/* A position in a plan. All zero is the start. */
struct dq_plan_pos {
    uint64_t segment;
    uint64_t item; /* in that segment */
};

struct dq_chunk {
    uint64_t first_item; /* its number in the output */
    size_t n_items;
    uint64_t segment; /* the first of its segments */
    size_t n_segments;
    uint64_t from;     /* its first item in that segment, if it is a part of one */
    size_t seg_items;  /* items of each segment */
    size_t seg_blocks; /* blocks to read for each segment */
    size_t lead;       /* position of the lowest selected item in those blocks */
};

/* Plans a whole tensor (ranges NULL), or one range per dimension, innermost first; the ranges must be
 * inside the tensor. With dtype native, ranges of dimension 0 count blocks. A tensor of unknown type
 * is a row of bytes: its blocks are single bytes, and ranges must be NULL, as for the stored blocks of a
 * tensor whose rows are not whole blocks. Cannot fail. */
void dq_plan_init(struct dq_plan *p, const struct dq_model *m, const struct dq_tensor *t,
    enum dq_dtype dtype, const struct dq_range *ranges);

/* Plans an array that is gathered. Sets the last members of *g, which must then outlive the plan. With
 * dtype native, all sources have tensors of the same type, of single weights. Its chunks are parts of
 * the array: `segment` is the first of their n_segments units, of each of which they hold seg_items
 * items from `from` on. Only dq_plan_next and dq_plan_done apply to it. */
void dq_plan_init_gather(struct dq_plan *p, struct dq_gather *g, enum dq_dtype dtype);

/* Returns the next chunk and advances pos. The blocks of a chunk hold at most n_weights weights, which
 * must be at least one block; a gathered chunk has at most that many items. If it is a multiple of the blocks of several types, their plans are cut
 * at the same weights. Returns false at the end. */
bool dq_plan_next(
    const struct dq_plan *p, struct dq_plan_pos *pos, uint64_t n_weights, struct dq_chunk *out);

/* Whether pos is at the end. */
bool dq_plan_done(const struct dq_plan *p, const struct dq_plan_pos *pos);

/* Returns the position of an item, counted in the output, of a plan that has it. Of a gathered plan, the item
 * must be the first of a chunk. */
struct dq_plan_pos dq_plan_at(const struct dq_plan *p, uint64_t item);

/* Cuts a chunk of a plan that is not gathered after at most n_items of its items, at least 1. */
void dq_plan_cut(const struct dq_plan *p, struct dq_chunk *c, size_t n_items);

/* Says where an item, counted in the output, comes from: a tensor, NULL if it is a constant, and the index of a
 * weight there. */
void dq_plan_locate(
    const struct dq_plan *p, uint64_t item, const struct dq_tensor **tensor, uint64_t *index);

/* Returns the offset, in bytes from the start of the tensor's data, of the blocks of the i-th segment
 * of a chunk. */
uint64_t dq_plan_offset(const struct dq_plan *p, const struct dq_chunk *c, size_t i);

/* Returns the number, among the blocks of a chunk as dq_plan_read reads them, of the block that holds the
 * i-th selected item of the chunk. */
size_t dq_plan_block(const struct dq_plan *p, const struct dq_chunk *c, size_t i);
/* Returns the index in the tensor of the k-th item of the i-th segment of a chunk. */
uint64_t dq_plan_index(const struct dq_plan *p, const struct dq_chunk *c, size_t i, size_t k);

/* Reads the blocks of a chunk into in, segment after segment. */
int dq_plan_read(
    const struct dq_plan *p, const struct dq_chunk *c, uint8_t *in, struct dq_error *e);

/* Gathers the selected items of a chunk from its decoded blocks: moves them, in order, to the front of
 * the buffer, or leaves them where they are contiguous. len is the size of an item in bytes. Returns
 * the first one. */
uint8_t *dq_plan_gather(
    const struct dq_plan *p, const struct dq_chunk *c, uint8_t *items, size_t len);

#endif
