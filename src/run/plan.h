/* Which parts of a tensor are wanted, and in which chunks they are read and decoded.
 *
 * Everything is counted in items: a weight, or with dtype native a block as stored. Items follow
 * one another in the order of the file, dimension 0 fastest. Only blocks that hold a wanted item
 * are read.
 *
 * The wanted items fall into segments, all alike: `count` items, `step` apart (backwards if
 * negative), along one stretch of the tensor. A whole tensor is one segment; a slice of columns is
 * a segment for each row. A chunk is several whole segments, or a part of one. */
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

struct dq_plan {
    const struct dq_tensor *tensor;
    enum dq_dtype dtype;
    size_t item_len;       /* bytes of an item of output */
    uint64_t block_items;  /* items in a block: its weights, or 1 with dtype native */
    size_t block_len;      /* bytes of a block in the file */
    uint64_t n_items;      /* wanted in all */
    struct dq_range inner; /* the items of a segment, from its base on */
    struct {
        struct dq_range range;
        uint64_t stride;  /* items from one index to the next */
    } outer[DQ_DIMS_MAX]; /* where the segments' bases are, innermost first */
    size_t n_outer;
    uint64_t n_segments;
    uint64_t next_segment; /* where the next chunk begins */
    uint64_t next_item;    /* in that segment */
};

struct dq_chunk {
    uint64_t first_item; /* of the output */
    size_t n_items;
    uint64_t segment; /* the first segment that it takes from */
    size_t n_segments;
    uint64_t from;     /* the first item of that segment, if it is a part of one */
    size_t seg_items;  /* items taken from each segment */
    size_t seg_blocks; /* blocks read for each segment */
    size_t lead;       /* where in those blocks the lowest wanted item is */
};

/* Plans a whole tensor (ranges NULL) or one range for each of its dimensions, innermost first; the
 * ranges lie inside the tensor. With dtype native, ranges of dimension 0 count blocks. An unknown
 * type is a row of bytes: its blocks are single bytes, and ranges must be NULL. */
void dq_plan_init(struct dq_plan *p, const struct dq_tensor *t, enum dq_dtype dtype,
    const struct dq_range *ranges);

/* Gives the next chunk whose blocks fit in_len bytes and whose decoded items fit out_len; both hold
 * a block at least. Returns false when all is done. */
bool dq_plan_next(struct dq_plan *p, size_t in_len, size_t out_len, struct dq_chunk *out);

/* The byte of the tensor's data where the blocks of the i-th segment of a chunk start. */
uint64_t dq_plan_offset(const struct dq_plan *p, const struct dq_chunk *c, size_t i);

/* Reads the blocks of a chunk, those of each segment behind those of the last. */
int dq_plan_read(const struct dq_model *m, const struct dq_plan *p, const struct dq_chunk *c,
    uint8_t *in, struct dq_error *e);

/* Moves the wanted items among the decoded ones, of len bytes each, to the front, in order; returns
 * where they start. */
uint8_t *dq_plan_gather(
    const struct dq_plan *p, const struct dq_chunk *c, uint8_t *items, size_t len);

#endif
