/* A trial of a decoder: blocks in the buffer of a lane, decoded there and by the reference. It is
 * what verifying a model and the self-test have in common. */
#ifndef DQ_CHECK_LANE_H
#define DQ_CHECK_LANE_H

#include "engine/lane.h"
#include "verify/compare.h"

/* Decodes the nblocks blocks at lane->in on the lane, such that what it does not write is junk. */
int dq_check_lane_decode(struct dq_lane *lane, enum dq_type type, enum dq_dtype dtype,
    size_t nblocks, struct dq_error *e);

/* Compares nblocks of them, from the at-th on, with what the reference makes of them, as many at a
 * time as it has room for; first_block is the number of the first one in the tensor. */
int dq_check_lane_compare(struct dq_lane *lane, struct dq_lane *reference, struct dq_comparison *c,
    size_t at, size_t nblocks, uint64_t first_block, struct dq_error *e);

/* Decodes them again and notes whether the weights are others than before. */
int dq_check_lane_stable(
    struct dq_lane *lane, struct dq_comparison *c, size_t nblocks, struct dq_error *e);

#endif
