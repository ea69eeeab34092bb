/* What a run decodes with: lanes on the CPU, or on one or several GPUs, as requested or as suits
 * the amount of work. */
#ifndef DQ_ENGINE_H
#define DQ_ENGINE_H

#include <stdbool.h>

#include "engine/device.h"
#include "engine/lane_gpu.h"

/* Buffers of a GPU lane in bytes, and numbers of lanes.
 *
 * The transfer of the output is the bottleneck, because most bytes take it: 4 MiB take 78 us at 54
 * GB/s. Per chunk a lane also spends up to 200 us on reading the blocks (10 GB/s in one thread),
 * copying them in while another lane copies out, the kernel, the calls, and waking up after the
 * wait. On an H100, 4 lanes reached 85 to 93 % of the transfer rate for nearly all types, and 6
 * lanes of half the size 79 to 90 %.
 *
 * Where the output is compared, lanes have half the size and there are more of them, because more
 * of them wait for a comparing thread than for the device. With many such threads lanes have a
 * quarter of the size: with 32 threads and 16 lanes of half the size, an H100 decoded for only 15 %
 * of the time.
 *
 * DQ_GPU_PINNED bounds the page-locked memory of all lanes of all GPUs, except that each GPU has at
 * least one lane. With the buffers of comparing threads and the rest of the program, that stays
 * below 64 MiB. All lanes have the same size, so that chunks do not depend on how many there
 * are. */
enum {
    DQ_GPU_IN = 2 << 20,
    DQ_GPU_OUT = 4 << 20,
    DQ_GPU_LANES = 4, /* per GPU */
    DQ_GPU_PINNED = 48 << 20,
};

struct dq_engine_options {
    struct dq_device_choice device;
    const struct dq_cpu *cpu; /* the level of CPU lanes; NULL: the best */
    unsigned n_threads;       /* CPU lanes; 0: one per processor */
    unsigned n_consuming;     /* threads that compare or write output; each adds a GPU lane */
    /* Lanes gather (lane.h) as much at once as all of them may have memory for, if that is more than their
     * output buffers: a transposition decodes each block as often as a column of blocks does not fit. */
    bool gathers;
    size_t per_lane_extra; /* bytes that the caller will allocate per lane, besides its buffers */
    uint64_t n_bytes;      /* output of the whole run, which decides for auto */
    bool to_files;         /* it goes to files of this program */
};

enum { DQ_LABEL_MAX = 128 };

struct dq_engine {
    struct dq_lane *lanes[DQ_LANES_MAX]; /* all of the same size; GPUs take turns */
    size_t n_lanes;
    struct dq_gpu *gpus[DQ_GPUS_MAX];
    size_t n_gpus;            /* 0: the lanes are on the CPU */
    char label[DQ_LABEL_MAX]; /* "cpu", "cuda:0", "cuda:0-3" */
    char why[256];            /* why this device, as a phrase for people */
    char skipped[512];        /* requested GPUs that cannot be used: "cuda:1: REASON; ...", or "" */
};

/* The number of threads to use: n_threads, or, for 0, the number of processors (processors.h) at the
 * first call with 0, which reads files; at most DQ_LANES_MAX. */
unsigned dq_engine_threads(unsigned n_threads);

/* From how many bytes of output on auto uses a GPU: $GGUF_DQ_AUTO_MIN, or what the options suggest;
 * DQ_AUTO_NEVER if it never does. DQ_ERR_USAGE if the variable is not a size. */
#define DQ_AUTO_NEVER UINT64_MAX
int dq_engine_auto_min(const struct dq_engine_options *options, uint64_t *out, struct dq_error *e);

/* Opens the device, reducing first the lane count and then the lane size to fit the memory limit.
 *
 * A requested GPU is opened or the call fails. Of "the first usable" or of all GPUs, those that
 * cannot be used are skipped. auto opens a GPU only if the output is large enough, and the CPU if
 * no GPU is usable. DQ_ERR_GPU; DQ_ERR_MEMORY: the memory limit does not allow one lane;
 * DQ_ERR_USAGE: $GGUF_DQ_AUTO_MIN is malformed. On failure *engine is empty. The caller closes it
 * otherwise; to close an empty or closed one does nothing. One thread opens and closes; each lane
 * may then be used by a thread of its own. */
int dq_engine_open(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e);
void dq_engine_close(struct dq_engine *engine);

/* Closes the GPUs and opens the CPU instead. */
int dq_engine_fall_back(
    struct dq_engine *engine, const struct dq_engine_options *options, struct dq_error *e);

#endif
