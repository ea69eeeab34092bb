/* How fast decoding is here, and how fast it could be: medians of short runs, and the limits of the
 * machine measured in the same way. All rates are in GB/s, 10^9 bytes a second. */
#ifndef DQ_BENCH_H
#define DQ_BENCH_H

#include "engine/engine.h"

struct dq_speed {
    double gbs;    /* the median */
    double spread; /* how far the quartiles are from it, as a part of it */
};

/* Something to be timed. It is run by n_threads threads at once, each of which does it as often as
 * it is told, and moves so many bytes each time. */
struct dq_task {
    int (*run)(void *arg, unsigned thread, uint64_t times, struct dq_error *e);
    void *arg;
    unsigned n_threads;
    uint64_t bytes;
};

enum { DQ_BENCH_THREADS_MAX = 256 };

/* Times a task for about so many seconds. DQ_ERR_INTERRUPTED after a signal; what the task returns. */
int dq_bench_time(
    const struct dq_task *task, double seconds, struct dq_speed *out, struct dq_error *e);

/* Fills nblocks blocks with random bytes (always the same) that give usual weights, none of them
 * infinite or next to nothing, where the format has such. */
void dq_bench_fill(enum dq_type type, uint8_t *blocks, size_t nblocks);

/* What the CPU does. In the cache one core works on what fits the second level; in memory each
 * thread works on more than caches hold. */
enum dq_cpu_task { DQ_CPU_DECODE, DQ_CPU_FILL, DQ_CPU_COPY };
int dq_bench_cpu_cached(const struct dq_cpu *cpu, enum dq_cpu_task what, enum dq_type type,
    enum dq_dtype dtype, double seconds, struct dq_speed *out, struct dq_error *e);
int dq_bench_cpu_memory(const struct dq_cpu *cpu, unsigned n_threads, enum dq_cpu_task what,
    enum dq_type type, enum dq_dtype dtype, double seconds, struct dq_speed *out,
    struct dq_error *e);

/* What a GPU does. A kernel counts the bytes that it reads and writes; so does the copy, which is
 * the kernel of F32 to f32, and does nothing else. Transfers count those of one direction, or of
 * both together; decoding from host memory to host memory its output. */
enum dq_gpu_task {
    DQ_GPU_COPY,
    DQ_GPU_IN_ONLY,
    DQ_GPU_OUT_ONLY,
    DQ_GPU_IN_AND_OUT,
    DQ_GPU_KERNEL,
    DQ_GPU_END_TO_END
};

struct dq_bench_gpu; /* an open GPU with memory for it all */

/* Opens one for measurements on about so many weights; fewer, if the GPU has little memory. */
int dq_bench_gpu_new(const struct dq_gpu_driver *driver, int ordinal, uint64_t n_weights,
    struct dq_bench_gpu **out, struct dq_error *e);

/* Opens all GPUs of a choice, for decoding end to end on them together and nothing else. */
int dq_bench_gpu_new_all(
    const struct dq_device_choice *choice, struct dq_bench_gpu **out, struct dq_error *e);

void dq_bench_gpu_free(struct dq_bench_gpu *g);

/* Format and dtype count for kernels and decoding. A kernel's output is compared with the CPU's at
 * its end: DQ_ERR_MISMATCH if it is wrong. */
int dq_bench_gpu(struct dq_bench_gpu *g, enum dq_gpu_task what, enum dq_type type,
    enum dq_dtype dtype, double seconds, struct dq_speed *out, struct dq_error *e);

#endif
