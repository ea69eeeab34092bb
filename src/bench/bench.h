/* Measures how fast decoding is on this machine, and how fast it could be: medians of short runs, and
 * the limits of the machine measured in the same way. All rates are in GB/s, 10^9 bytes per second.
 *
 * The decoder alone (dq_bench_cpu_*, DQ_GPU_KERNEL) is measured by direct calls; dq_bench_run measures
 * it as part of a run. Measure in one thread at a time: measurements disturb each other. */
#ifndef DQ_BENCH_H
#define DQ_BENCH_H

#include "engine/engine.h"

struct dq_speed {
    double gbs;    /* median */
    double spread; /* distance of the farther quartile from the median, as a fraction of it */
};

/* Something to be timed. n_threads threads call run at once, each with an index of its own; a call
 * repeats the work `times` times, and each repetition moves `bytes` bytes. run returns 0 or an error. */
struct dq_task {
    int (*run)(void *arg, unsigned thread, uint64_t times, struct dq_error *e);
    /* Undoes what a run has done, also one that has failed; that is not measured. NULL: nothing is left to
     * undo. With it, times is always 1. */
    void (*undo)(void *arg);
    void *arg;
    unsigned n_threads; /* at most DQ_BENCH_THREADS_MAX */
    uint64_t bytes;
};

enum { DQ_BENCH_THREADS_MAX = 256 };

/* Times a task for about this many seconds. Returns 0, DQ_ERR_INTERRUPTED after a signal, or the error
 * that the task returned. */
int dq_bench_time(
    const struct dq_task *task, double seconds, struct dq_speed *out, struct dq_error *e);

/* Fills nblocks blocks with random bytes, always the same, whose weights are finite, small and not all
 * next to 0. After n_distinct blocks they repeat, because making blocks is slow. */
void dq_bench_fill(enum dq_type type, uint8_t *blocks, size_t nblocks, size_t n_distinct);

enum { DQ_BENCH_DISTINCT = 4096 }; /* enough blocks for a measurement */

/* What the CPU does: decode, or what bounds decoding. type and dtype matter for decoding only. The rate
 * is that of the bytes written. */
enum dq_cpu_task { DQ_CPU_DECODE, DQ_CPU_FILL, DQ_CPU_COPY };

/* One thread, on data that fits the level 2 cache of its core. */
int dq_bench_cpu_cached(const struct dq_cpu *cpu, enum dq_cpu_task what, enum dq_type type,
    enum dq_dtype dtype, double seconds, struct dq_speed *out, struct dq_error *e);

/* n_threads threads, each on data of its own, more than fits the caches. */
int dq_bench_cpu_memory(const struct dq_cpu *cpu, unsigned n_threads, enum dq_cpu_task what,
    enum dq_type type, enum dq_dtype dtype, double seconds, struct dq_speed *out,
    struct dq_error *e);

/* What a GPU does. The rate of a kernel is that of the bytes it reads and writes; so is that of the
 * copy on the device, which is the kernel from F32 to f32. The rate of transfers is that of the bytes in
 * one direction, or in both directions together for DQ_GPU_IN_AND_OUT. */
enum dq_gpu_task { DQ_GPU_COPY, DQ_GPU_IN_ONLY, DQ_GPU_OUT_ONLY, DQ_GPU_IN_AND_OUT, DQ_GPU_KERNEL };

struct dq_bench_gpu; /* an open GPU, with the buffers for all of these */

/* Opens a GPU for kernels on about n_weights weights, or fewer if it has little memory.
 * dq_bench_gpu_free frees *out; NULL is allowed. */
int dq_bench_gpu_new(const struct dq_gpu_driver *driver, int ordinal, uint64_t n_weights,
    struct dq_bench_gpu **out, struct dq_error *e);
void dq_bench_gpu_free(struct dq_bench_gpu *g);

/* type and dtype matter for DQ_GPU_KERNEL only. The end of a kernel's output is compared with the
 * CPU's: DQ_ERR_MISMATCH if they differ. */
int dq_bench_gpu(struct dq_bench_gpu *g, enum dq_gpu_task what, enum dq_type type,
    enum dq_dtype dtype, double seconds, struct dq_speed *out, struct dq_error *e);

/* Decoding end to end: the chunk runner, on the lanes of an engine, walks a tensor of n_weights weights
 * (fewer if its blocks would take more than 64 MiB) again and again, with a consumer that drops the
 * values. A repetition includes everything that extract does except for opening and writing: cutting
 * into chunks, reading the blocks from a memory source into a lane's buffer, transfers to and from the
 * device, the kernel, and the coordination of the threads. The rate is that of the output. */
int dq_bench_run(const struct dq_engine *engine, enum dq_type type, enum dq_dtype dtype,
    uint64_t n_weights, double seconds, struct dq_speed *out, struct dq_error *e);

/* Writing files into an open folder, one for each of n_threads threads, all of the same size: together at
 * most n_bytes bytes, or DQ_BENCH_FILES if that is less. They are removed after each run, also if a signal
 * ends it. */
struct dq_bench_files {
    int folder;
    const char *path; /* of the folder */
    unsigned n_threads;
    uint64_t n_bytes;
};

enum { DQ_BENCH_FILES = 256 << 20 };

/* What the machine can do: each thread writes a buffer that stays in its cache to its file, as dd does. */
int dq_bench_writers(
    const struct dq_bench_files *files, double seconds, struct dq_speed *out, struct dq_error *e);

/* What extract does with tensors of this type that are already in memory: all of it but opening the model
 * and the engine. The engine's lanes decode. */
int dq_bench_extract(struct dq_engine *engine, const struct dq_bench_files *files,
    enum dq_type type, enum dq_dtype dtype, double seconds, struct dq_speed *out,
    struct dq_error *e);

#endif
