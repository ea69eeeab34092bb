/* What a run decodes with: some lanes of one device, chosen by a person or by the program. */
#ifndef DQ_ENGINE_H
#define DQ_ENGINE_H

#include <stdbool.h>

#include "backend_gpu.h"

/* What a person asks for: "auto", "cpu", "gpu", "gpu:1", "cuda:0". */
struct dq_device_choice {
    enum { DQ_DEVICE_AUTO, DQ_DEVICE_CPU, DQ_DEVICE_GPU } kind;
    const struct dq_gpu_driver *driver; /* DQ_DEVICE_GPU: NULL is any, counted through */
    int number;
    const char *absent; /* a driver that is known but not built in, or NULL */
};

struct dq_engine_wish {
    struct dq_device_choice device;
    const struct dq_cpu *cpu; /* the level; NULL: the best */
    unsigned n_threads;       /* CPU; 0: all processors */
    uint64_t n_bytes;         /* how much will be written, which decides for auto */
};

struct dq_engine {
    struct dq_lane *lanes[DQ_LANES_MAX];
    size_t n_lanes;
    struct dq_gpu_device *gpu; /* NULL: the CPU */
    char label[32];            /* "cpu", "cuda:0" */
    char why[256];             /* in words, why this device */
};

/* Reads a choice; fails with DQ_ERR_USAGE. */
int dq_device_parse(const char *text, struct dq_device_choice *out, struct dq_error *e);

/* The number of threads: as it is, or, for 0, one for each processor; at most DQ_LANES_MAX. */
unsigned dq_engine_threads(unsigned n_threads);

/* Opens what is wished for. A GPU that is asked for is taken or the call fails with DQ_ERR_GPU;
 * auto takes one only if that is worth while, and the CPU if it cannot be had. */
int dq_engine_open(struct dq_engine *engine, const struct dq_engine_wish *wish, struct dq_error *e);

/* Gives a GPU up and goes on with the CPU. */
int dq_engine_fall_back(
    struct dq_engine *engine, const struct dq_engine_wish *wish, struct dq_error *e);

void dq_engine_close(struct dq_engine *engine);

#endif
