/* Reading and decoding one chunk, for the runner. */
#ifndef DQ_RUN_DECODE_H
#define DQ_RUN_DECODE_H

#include "run/run.h"

/* Reads the blocks of v->chunk into v->lane and decodes them: only the selected values, or those of
 * all blocks (checks_decoder). Sets the other members of *v. Returns the errors of reading and of the
 * lane. One thread per lane. */
int dq_chunk_decode(struct dq_values *v, bool checks_decoder, struct dq_error *e);

/* Returns how many weights a chunk of a plan may have, for dq_plan_next. */
uint64_t dq_chunk_capacity(const struct dq_plan *p, const struct dq_lane *lane);

#endif
