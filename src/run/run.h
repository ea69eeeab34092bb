/* The chunk runner: reads and decodes tensors chunk by chunk, on all lanes in parallel, and passes the
 * values to a consumer, so that memory does not depend on the size of a tensor. It is the only loop
 * over tensor data: extract, verify, check --values and bench are consumers.
 *
 * A run is a list of items, each a plan. Threads live as long as the run. If the consumer needs order,
 * they all work on the chunks that come next; otherwise each works on an item of its own and, when no
 * other is left to begin, helps with those that are not finished. */
#ifndef DQ_RUN_H
#define DQ_RUN_H

#include "engine/lane.h"
#include "run/plan.h"

/* A decoded chunk, valid during the call that receives it. */
struct dq_values {
    size_t item;
    const struct dq_plan *plan;   /* of the item */
    const struct dq_chunk *chunk; /* the part of the plan */
    struct dq_lane *lane;         /* lane->in has the blocks as they were read */
    const uint8_t *bytes;         /* the selected values, contiguous; any alignment; or NULL: */
    const struct dq_reduction *reduction; /* what they were reduced to, as wanted */
    unsigned wanted;                      /* as in struct dq_reduction */
    size_t len;                           /* length of the values in bytes */
    uint64_t offset;     /* of the first one, in bytes from the first value of the item */
    uint64_t n_overflow; /* weights that are infinite, though what is stored of them is finite */
    double read_seconds;
    double decode_seconds; /* including the transfers to and from a GPU */
};

/* At most this many items have a plan and have not ended at any one time. */
enum { DQ_RUN_ITEMS_MAX = 2 * DQ_LANES_MAX + 1 };

/* Receives the values. All functions but plan and consume may be NULL. */
struct dq_consumer {
    /* true: begin, consume, complete and end are called by one thread at a time, in the order of the
     * items and of the chunks of each. false: begin, consume and complete are called by several
     * threads at once, for different items and chunks in any order; end is still called by one thread
     * at a time, in the order of the items. */
    bool in_order;

    /* For consumers that check decoders: the values are those of all blocks that were read, selected
     * or not, in lane->out, which is poisoned before (dq_lane_poison). */
    bool checks_decoder;

    /* Returns what would do in place of the values of a chunk, as in struct dq_reduction; 0 if nothing else does. Leaves
     * only of a chunk that consists of whole ones. Called by several threads at once. NULL: nothing else does. */
    unsigned (*wanted)(void *arg, const struct dq_values *v);

    /* Returns the plan of an item, which must not change before its end; NULL leaves the item out. */
    const struct dq_plan *(*plan)(void *arg, size_t item);

    /* Begins an item, before its first chunk; *state is passed to the other functions. */
    int (*begin)(void *arg, size_t item, void **state, struct dq_error *e);

    int (*consume)(void *arg, void *state, const struct dq_values *v, struct dq_error *e);

    /* Completes an item as soon as all its chunks are consumed, maybe long before its turn to end. */
    int (*complete)(void *arg, size_t item, void *state, struct dq_error *e);

    /* Ends an item that was begun. rc is 0 if it is complete; otherwise the error that ended the run,
     * with its text in e. state may be NULL then, if begin has not set it. Of several items that end
     * early, the first is the one that failed. Returns rc, or another error. */
    int (*end)(void *arg, size_t item, void *state, int rc, struct dq_error *e);

    void *arg;
};

/* Runs items first to n_items - 1 on lanes, all of the same size, with up to n_lanes threads. The
 * lanes stay the caller's, who must not use them meanwhile. Returns 0, or the error that is first in
 * the order of the items and their chunks; the items before it are complete. Items after it may have
 * been begun, and even completed, if order does not matter. */
int dq_run_chunks(struct dq_lane *const *lanes, size_t n_lanes, size_t first, size_t n_items,
    const struct dq_consumer *consumer, struct dq_error *e);

#endif
