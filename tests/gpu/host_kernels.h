/* The kernels of hip/, compiled for the host, to be launched in place of a GPU's. */
#ifndef DQ_HOST_KERNELS_H
#define DQ_HOST_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns 1 if there is a kernel of this name, else 0. */
int dq_host_kernel_exists(const char *kernel);

/* Runs a grid of `grid` blocks of `block` threads, one thread after the other, in an order that is
 * neither ascending nor descending. The other arguments are those of a kernel (hip/kernels.hip).
 * Returns 0, or -1 if there is no such kernel. */
int dq_host_launch(const char *kernel, uint64_t grid, uint32_t block, const uint8_t *src, void *dst,
    uint64_t n_weights, uint32_t *overflow);

/* The same for a kernel of hip/reduce.h. */
int dq_host_reduce(const char *kernel, uint64_t grid, uint32_t block, const uint32_t *weights,
    uint64_t n, uint64_t n_threads, uint64_t parameter, void *out);

/* Runs one block of a grid, given its index. */
int dq_host_launch_block(const char *kernel, uint64_t number, uint32_t block, const uint8_t *src,
    void *dst, uint64_t n_weights, uint32_t *overflow);

#ifdef __cplusplus
}
#endif

#endif
