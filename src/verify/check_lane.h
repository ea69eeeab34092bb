/* Checks a lane: decodes the blocks in its buffer and compares the weights with those of a reference
 * lane. Shared by verify and the self-test. The functions return the errors of the lanes. */
#ifndef DQ_CHECK_LANE_H
#define DQ_CHECK_LANE_H

#include "engine/lane.h"
#include "verify/compare.h"

/* Poisons the lane's output and decodes the nblocks blocks in lane->in. */
int dq_check_lane_decode(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype,
    size_t nblocks, struct dq_error *e);

/* Compares the weights of nblocks blocks, from the at-th in lane->in on, with those of the reference,
 * which decodes as many blocks at a time as fit its buffers. first_block is the number of the at-th
 * block in the tensor. */
int dq_check_lane_compare(struct dq_lane *lane, struct dq_lane *reference, struct dq_comparison *c,
    size_t at, size_t nblocks, uint64_t first_block, struct dq_error *e);

/* Decodes all nblocks blocks again and sets c->unstable if the weights differ from those before. */
int dq_check_lane_stable(
    struct dq_lane *lane, struct dq_comparison *c, size_t nblocks, struct dq_error *e);

#endif
