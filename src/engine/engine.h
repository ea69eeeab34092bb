/* What a run decodes with: some lanes of the CPU, of a GPU or of several, chosen by a person or by
 * the program. */
#ifndef DQ_ENGINE_H
#define DQ_ENGINE_H

#include <stdbool.h>

#include "engine/device.h"
#include "engine/lane_gpu.h"

/* The lanes of a GPU. What is to be kept busy is the way out, because most bytes take it: at 54
 * GB/s an output of 4 MiB takes it for 78 us. Around it a lane spends, for each chunk, up to 200 us
 * on reading the blocks (10 GB/s in one thread), copying them in while another copies out, the
 * kernel, the calls, and waking up behind the wait. On an H100, 4 lanes reached 85 to 93 % of the
 * transfer rate for nearly all types; 6 of half the size, of as much memory, 79 to 90 %.
 *
 * Where the output is compared, lanes have half the size, and there are more of them: more wait for
 * a thread that compares than for the device. For many such threads they have a quarter of it: with
 * 32 threads and 16 lanes of half the size, an H100 decoded for 15 % of the time.
 *
 * DQ_GPU_PINNED bounds the memory of all lanes together (but each GPU has one); with the buffers of
 * the comparing threads and the rest of the program that is less than 64 MiB. Every lane has the
 * same size, so that a tensor falls into the same chunks on however many. */
enum {
    DQ_GPU_IN = 2 << 20,
    DQ_GPU_OUT = 4 << 20,
    DQ_GPU_LANES = 4, /* of one GPU */
    DQ_GPU_PINNED = 48 << 20,
};

struct dq_engine_options {
    struct dq_device_choice device;
    const struct dq_cpu *cpu; /* the level; NULL: the best */
    unsigned n_threads;       /* CPU; 0: all processors */
    unsigned n_comparing;     /* GPU: so many more lanes, whose output is being looked at */
    size_t per_lane_extra;    /* bytes that will be taken for each lane beside its buffers */
    uint64_t n_bytes;         /* how much will be written, which decides for auto */
};

enum { DQ_LABEL_MAX = 128 };

struct dq_engine {
    struct dq_lane *lanes[DQ_LANES_MAX]; /* all of one size; those of GPUs in turn */
    size_t n_lanes;
    struct dq_gpu *gpus[DQ_GPUS_MAX];
    size_t n_gpus;            /* 0: the CPU */
    char label[DQ_LABEL_MAX]; /* "cpu", "cuda:0", "cuda:0-3" */
    char why[256];            /* in words, why this device */
    char left_out[512];       /* "cuda:1: WORDS": of all GPUs, those that cannot be used; "" */
};

/* The number of threads: as it is, or, for 0, one for each processor that there was at the first
 * call; at most DQ_LANES_MAX. */
unsigned dq_engine_threads(unsigned n_threads);

/* Opens what is wished for, with fewer lanes, or else a smaller one, where the memory that may be
 * taken is not enough. A GPU that is asked for is taken or the call fails with DQ_ERR_GPU; of
 * all GPUs, those that can be used are. auto takes one only if that is worth while, and the CPU if
 * it cannot be had. */
int dq_engine_open(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e);

/* Gives a GPU up and goes on with the CPU. */
int dq_engine_fall_back(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e);

void dq_engine_close(struct dq_engine *engine);

#endif
