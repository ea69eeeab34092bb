/* GPU runtimes behind one table of functions.
 *
 * Three structs stand for a GPU: struct dq_gpu_id (engine/device.h) names one by driver and
 * ordinal, struct dq_gpu (engine/lane_gpu.h) is an open one with its kernels cached, and struct
 * dq_gpu_ctx, here, is what a driver keeps for an open one.
 *
 * A driver opens its runtime library when it is first called, never before, and never closes it.
 * Functions that return int return 0 or a DQ_ERR_ code and write their results only on success.
 * Their errors name the runtime's function that failed and quote the runtime's own description and
 * code. Lengths are in bytes. d_ marks addresses of the device, which the host must not follow.
 *
 * Threads: all functions may be called by several threads at once. Those that take no context act
 * on the one that is current in the calling thread, which make_current sets; so a thread calls
 * make_current before it uses a context, and again after it used another one. A stream is used by
 * one thread at a time. Any thread may free memory and streams, in their own context. */
#ifndef DQ_GPU_DRIVER_H
#define DQ_GPU_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct dq_gpu_ctx; /* an open GPU with the kernels loaded; each driver has its own */

struct dq_gpu_info {
    char name[128];  /* "AMD Radeon PRO W7900" */
    char arch[64];   /* "gfx1100", "sm_90"; "" if the runtime does not report it */
    char driver[64]; /* the version of the runtime and driver: "HIP 6.2" */
    uint64_t memory; /* of the device, in bytes */
};

struct dq_gpu_driver {
    const char *name;    /* "hip", as in --device hip:0 */
    const char *targets; /* of the built-in code objects: "gfx900 gfx906 ..." */

    /* Threads per block with which kernels run fastest whose weights have 32 or 16 bits. */
    unsigned block_32;
    unsigned block_16;

    /* Whether the runtime library is open, even if it turned out to be unusable. */
    bool (*is_loaded)(void);

    /* Counts the GPUs: at least 1. DQ_ERR_GPU: there is no runtime library, or it finds no GPU. */
    int (*count)(int *out, struct dq_error *e);

    /* ordinal is from 0 to count - 1. */
    int (*describe)(int ordinal, struct dq_gpu_info *out, struct dq_error *e);

    /* Opens a GPU and loads the kernels, from the file $GGUF_DQ_HSACO if that is set. The caller
     * closes it, after freeing its memory and streams; close(NULL) does nothing. Which context is
     * current afterwards is unspecified. */
    int (*open)(int ordinal, struct dq_gpu_ctx **out, struct dq_error *e);
    void (*close)(struct dq_gpu_ctx *g);

    /* Makes a context the calling thread's current one. */
    int (*make_current)(struct dq_gpu_ctx *g, struct dq_error *e);

    /* Finds a kernel by its name. It belongs to g, which must be current, and lives as long. */
    int (*kernel)(struct dq_gpu_ctx *g, const char *name, void **out, struct dq_error *e);

    /* Memory of the device, aligned to at least 256 bytes, and page-locked memory of the host, to
     * and from which the device copies at full speed. The caller frees both; NULL may be freed.
     * DQ_ERR_MEMORY: not enough is free. */
    int (*alloc)(size_t len, void **out, struct dq_error *e);
    void (*free)(void *d_ptr);
    int (*alloc_host)(size_t len, void **out, struct dq_error *e);
    void (*free_host)(void *ptr);

    /* A queue of work, which is done in order. The caller frees it once no work is left in it; NULL
     * may be freed. */
    int (*stream_new)(void **out, struct dq_error *e);
    void (*stream_free)(void *stream);

    /* Queue a copy or a fill. Memory of the host must be from alloc_host and stay unchanged until
     * sync. */
    int (*copy_in)(void *stream, void *d_dst, const void *src, size_t len, struct dq_error *e);
    int (*copy_out)(void *stream, void *dst, const void *d_src, size_t len, struct dq_error *e);
    int (*fill)(void *stream, void *d_dst, uint8_t value, size_t len, struct dq_error *e);

    /* Queues nblocks blocks of block_size threads of a kernel; args points to each of its
     * arguments. */
    int (*launch)(void *stream, void *kernel, uint64_t nblocks, unsigned block_size, void **args,
        struct dq_error *e);

    /* Waits until all work in the stream is done, if possible without keeping a processor busy.
     * Errors of work queued earlier may be reported here. */
    int (*sync)(void *stream, struct dq_error *e);
};

extern const struct dq_gpu_driver dq_gpu_hip;
extern const struct dq_gpu_driver dq_gpu_cuda;

/* The drivers that are built in, terminated by NULL. */
extern const struct dq_gpu_driver *const dq_gpu_drivers[];

#endif
