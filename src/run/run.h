/* The chunk runner: reads, decodes and hands over tensors chunk by chunk, on all lanes at once, so
 * that memory does not depend on the size of a tensor. Everything that looks at the data of tensors
 * is a consumer of it.
 *
 * A run is a list of items, each a plan. Threads live as long as the run and move on to the next
 * item while others are still at the last one. */
#ifndef DQ_RUN_H
#define DQ_RUN_H

#include "engine/lane.h"
#include "run/plan.h"

/* A decoded chunk, valid during the call that it is handed to. */
struct dq_values {
    size_t item;
    const struct dq_plan *plan;   /* of the item */
    const struct dq_chunk *chunk; /* which part of it */
    struct dq_lane *lane;         /* that holds it: lane->in has the blocks as they were read */
    const uint8_t *bytes;         /* the wanted values, one after another */
    size_t len;                   /* of them, in bytes */
    uint64_t offset;              /* of them, in bytes from the first value of the item */
    uint64_t n_overflow;          /* finite weights that became infinite */
    double read_seconds;
    double decode_seconds; /* with the way to a device and back */
};

/* What becomes of the values. All functions but plan and consume may be NULL. */
struct dq_consumer {
    /* In order: consume is called for one chunk at a time, in the order of the items and of the
     * chunks of each, between begin and end of its item. Otherwise it is called by all threads at
     * once, in any order. end is called in the order of the items in both cases. */
    bool in_order;

    /* Check decoders: the values are those of all blocks that were read, in lane->out, wanted or not,
     * and what a decoder did not write is a pattern (dq_lane_poison). */
    bool checks_decoder;

    /* Returns the plan of an item, which stays as it is until its end; NULL leaves the item out. */
    const struct dq_plan *(*plan)(void *arg, size_t item);

    /* Begins an item; *state is handed to the other functions. */
    int (*begin)(void *arg, size_t item, void **state, struct dq_error *e);

    int (*consume)(void *arg, void *state, const struct dq_values *v, struct dq_error *e);

    /* Ends an item. rc is 0 after its last chunk, or else why it ended early, with the reason in e;
     * state is then what begin left, or NULL if the item was not begun. Returns rc, or an error. */
    int (*end)(void *arg, size_t item, void *state, int rc, struct dq_error *e);

    void *arg;
};

/* Runs the items from `first` up to, but without, n_items, on lanes that are all of one size.
 * Returns 0, or the error that came first in the order of the chunks; what comes before it is
 * consumed. */
int dq_run_chunks(struct dq_lane *const *lanes, size_t n_lanes, size_t first, size_t n_items,
    const struct dq_consumer *consumer, struct dq_error *e);

#endif
