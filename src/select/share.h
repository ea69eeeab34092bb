/* Shares: the parts into which N runs, on one machine or on many, divide the tensors of a model.
 *
 * Which share has a tensor depends only on the sizes of the selected tensors and on N, so each of N runs
 * works it out alone, and every machine gets the same answer. */
#ifndef DQ_SHARE_H
#define DQ_SHARE_H

#include "select/select.h"

/* "I/N" on the command line: part `number` of `count`, from 1. count 0: everything. */
struct dq_share {
    uint32_t number;
    uint32_t count;
};

/* Returns the cost of a pick: its bytes as stored, plus two for each weight, which does not depend on the
 * type of the output. Saturates. */
uint64_t dq_pick_cost(const struct dq_pick *pick);

/* Assigns n units of work to `count` shares, at least 1: share_of[i] becomes the share of unit i, from 1.
 * The units are taken by falling cost, those of equal cost in their order, and each goes to the share with
 * the least cost so far, of several to the one with the lowest number. Takes O(n log n) time, and memory
 * for n units, whatever the count. DQ_ERR_MEMORY. */
int dq_shares_assign(
    const uint64_t *costs, size_t n, uint32_t count, uint32_t *share_of, struct dq_error *e);

/* Keeps the picks of a share. */
int dq_picks_keep_share(struct dq_picks *picks, const struct dq_share *share, struct dq_error *e);

#endif
