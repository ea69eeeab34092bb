/* Open GPUs, and lanes on them. */
#ifndef DQ_LANE_GPU_H
#define DQ_LANE_GPU_H

#include "engine/lane.h"
#include "gpu/driver.h"

struct dq_gpu;

/* Opens device `number` of a driver. It is closed after all its lanes are freed. */
int dq_gpu_open(
    const struct dq_gpu_driver *driver, int number, struct dq_gpu **out, struct dq_error *e);
void dq_gpu_close(struct dq_gpu *d); /* or NULL */

/* "cuda:0", and what is known of the device. */
const char *dq_gpu_label(const struct dq_gpu *d);
const struct dq_gpu_info *dq_gpu_get_info(const struct dq_gpu *d);

/* How many threads a kernel needs for so many weights. */
uint64_t dq_gpu_threads(enum dq_type type, enum dq_dtype dtype, uint64_t n_weights);

/* Makes a lane with pinned buffers, a stream and buffers on the device; if there is not enough
 * memory, with smaller buffers, down to a limit. */
int dq_lane_new_gpu(
    struct dq_gpu *d, size_t in_len, size_t out_len, struct dq_lane **out, struct dq_error *e);

#endif
