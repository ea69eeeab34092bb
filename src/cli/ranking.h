/* The first of many items in an order, without keeping the others. */
#ifndef DQ_RANKING_H
#define DQ_RANKING_H

#include "cli/report.h"

/* An item and what it is ranked by. Items that are equal in that keep their order. */
struct dq_ranked {
    struct dq_cell key; /* a number, a text that stays valid, or null, which is last */
    uint64_t number;
    void *item;
};

/* A heap whose root is the last of those kept. All zero but the first three members is empty. */
struct dq_ranking {
    size_t item_len;
    size_t most;      /* items that are kept; 0: all */
    bool is_reversed; /* numbers ascend, texts descend; else the other way round */
    uint64_t n_seen;
    struct dq_ranked *items;
    size_t n;
};

/* Adds a copy of an item, unless those kept are all before it. DQ_ERR_MEMORY. */
int dq_ranking_add(struct dq_ranking *r, struct dq_cell key, const void *item, struct dq_error *e);

/* Sorts the items that were kept: items[0] is the first. Nothing can be added after that. */
void dq_ranking_sort(struct dq_ranking *r);

void dq_ranking_finish(struct dq_ranking *r);

#endif
