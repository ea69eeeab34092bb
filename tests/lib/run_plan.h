/* Small models of random blocks, lanes for them, and sinks in memory: what tests of the pipeline
 * run on. */
#ifndef DQ_RUN_PLAN_H
#define DQ_RUN_PLAN_H

#include "build_gguf.h"
#include "run/pipeline.h"

#include <pthread.h>

enum { NEVER = -1 };

/* Keeps what is put, and expects it from the start on, in one piece after the other. */
struct memory_sink {
    struct dq_sink sink;
    pthread_mutex_t lock;
    uint8_t *bytes;
    size_t room;
    size_t len;
    int fails_at; /* the put, from 0 on, from which on all fail, or NEVER */
    int n_puts;
};

struct memory_sink *memory_new(size_t room);
void memory_free(struct memory_sink *s);

/* A model of one tensor of this type: 3 blocks a row, n_rows rows, 2 planes of random bytes. */
struct dq_model *open_random(
    struct scratch *s, const struct dq_type_info *info, uint64_t n_rows, uint64_t seed);

/* All of a tensor's items, in the order of the file. The caller frees them. */
uint8_t *decode_directly(const struct dq_model *m, const struct dq_tensor *t, enum dq_dtype dtype);

/* Some lanes with room for so many blocks each: their weights as floats, and as halves where the
 * blocks were. */
struct lanes {
    struct dq_lane *items[DQ_LANES_MAX];
    size_t n;
};

struct lanes lanes_new(const struct dq_type_info *info, size_t nblocks, size_t n);
void lanes_free(struct lanes *lanes);

#endif
