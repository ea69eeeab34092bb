/* Open GPUs, and lanes on them. */
#ifndef DQ_LANE_GPU_H
#define DQ_LANE_GPU_H

#include "engine/lane.h"
#include "gpu/driver.h"

/* An open GPU whose kernels are looked up once. Several threads may use it, each with its own
 * lane. */
struct dq_gpu;

/* Opens a driver's GPU. The caller closes it, after freeing all of its lanes; closing NULL does
 * nothing. DQ_ERR_GPU, or DQ_ERR_MEMORY. */
int dq_gpu_open(
    const struct dq_gpu_driver *driver, int ordinal, struct dq_gpu **out, struct dq_error *e);
void dq_gpu_close(struct dq_gpu *gpu);

/* "cuda:0", and the description of the GPU. Both belong to gpu. */
const char *dq_gpu_label(const struct dq_gpu *gpu);
const struct dq_gpu_info *dq_gpu_get_info(const struct dq_gpu *gpu);

/* The number of threads that a kernel needs for n_weights weights. */
uint64_t dq_gpu_threads(enum dq_type type, enum dq_dtype dtype, uint64_t n_weights);

/* Creates a lane with a stream of its own, page-locked buffers of in_len and out_len bytes, and
 * buffers of the same lengths on the device. If memory is short, halves the lengths, down to 64 KiB of
 * output. The caller frees the lane with dq_lane_free. DQ_ERR_MEMORY, or DQ_ERR_GPU. */
int dq_lane_new_gpu(
    struct dq_gpu *gpu, size_t in_len, size_t out_len, struct dq_lane **out, struct dq_error *e);

#endif
