/* Small models of random blocks, lanes, and sinks in memory, for tests of the chunk runner. */
#ifndef DQ_RUN_PLAN_H
#define DQ_RUN_PLAN_H

#include "build_gguf.h"
#include "run/run.h"
#include "sink/sink.h"

#include <pthread.h>

enum { NEVER = -1 };

/* Keeps the bytes that are put, which must come in order, without gaps. */
struct memory_sink {
    struct dq_sink sink;
    pthread_mutex_t lock;
    uint8_t *bytes;
    size_t cap;
    size_t len;
    int fails_at; /* index of the first put that fails, as do all later ones; or NEVER */
    int n_puts;
};

struct memory_sink *memory_new(size_t cap);
void memory_free(struct memory_sink *s);

/* Opens a model of one tensor of this type and random bytes: 2 planes of n_rows rows of 3 blocks. */
struct dq_model *open_random(
    struct scratch *s, const struct dq_type_info *info, uint64_t n_rows, uint64_t seed);

/* Returns all items of a tensor in file order. The caller frees them. */
uint8_t *decode_directly(const struct dq_model *m, const struct dq_tensor *t, enum dq_dtype dtype);

/* CPU lanes whose buffers hold nblocks blocks and their weights as floats. */
struct lanes {
    struct dq_lane *items[DQ_LANES_MAX];
    size_t n;
};

struct lanes lanes_new(const struct dq_type_info *info, size_t nblocks, size_t n);
void lanes_free(struct lanes *lanes);

/* Runs a plan and puts its values into a sink, in order. Adds to *n_overflow and *n_bytes. */
int run_plan(struct dq_lane *const *lanes, size_t n_lanes, const struct dq_plan *plan,
    struct dq_sink *sink, uint64_t *n_overflow, uint64_t *n_bytes, struct dq_error *e);

#endif
