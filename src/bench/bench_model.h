/* A model in memory: tensors of one type and size, which share their blocks. */
#ifndef DQ_BENCH_MODEL_H
#define DQ_BENCH_MODEL_H

#include "gguf/gguf.h"

enum { DQ_BENCH_NAME_MAX = 40 };

struct dq_bench_model {
    uint8_t *blocks;
    char (*names)[DQ_BENCH_NAME_MAX];
    struct dq_tensor *tensors;
    struct dq_shard shard;
    struct dq_model model;
};

/* Each of the n tensors has n_weights weights, in whole blocks; fewer if its blocks would take more than
 * 64 MiB. It points into itself, so it must not be moved; dq_bench_model_finish frees what it has. */
int dq_bench_model_init(struct dq_bench_model *m, enum dq_type type, uint64_t n_weights, unsigned n,
    struct dq_error *e);
void dq_bench_model_finish(struct dq_bench_model *m);

/* The name of tensor i: "gguf-dq-bench-PID-1" for 0. A file could have it, with an extension. */
void dq_bench_model_name(unsigned i, char name[DQ_BENCH_NAME_MAX]);

#endif
