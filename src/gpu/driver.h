/* GPU runtimes behind one small table of functions.
 *
 * A driver opens its runtime library when it is first asked something, never before, and never
 * closes it. Every call that fails says which call of the runtime it was and what the runtime says
 * of it. A struct dq_gpu_ctx may be used by several threads at once, each with a stream of its own. */
#ifndef DQ_GPU_DRIVER_H
#define DQ_GPU_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct dq_gpu_ctx; /* an open device with its kernels loaded; each driver has its own */

struct dq_gpu_info {
    char name[128];  /* "AMD Radeon PRO W7900" */
    char arch[64];   /* "gfx1100", "sm_90"; "" if the runtime does not say */
    char driver[64]; /* the version of the runtime and driver */
    uint64_t memory; /* bytes */
};

struct dq_gpu_driver {
    const char *name;    /* "hip", as in --device hip:0 */
    const char *targets; /* the code objects that are built in: "gfx900 gfx906 ..." */

    /* Threads in a block that the kernels with output of 32 and of 16 bits run best with. */
    unsigned block_32;
    unsigned block_16;

    /* Whether the runtime library is open, even if it is of no use. */
    bool (*is_loaded)(void);

    /* The number of devices. DQ_ERR_GPU: no runtime library, or it finds none. */
    int (*count)(int *out, struct dq_error *e);
    int (*describe)(int device, struct dq_gpu_info *out, struct dq_error *e);

    /* Opens a device and loads the kernels, those in $GGUF_DQ_HSACO if that is set. */
    int (*open)(int device, struct dq_gpu_ctx **out, struct dq_error *e);
    void (*close)(struct dq_gpu_ctx *g);

    /* Finds a kernel by its name; it lives as long as g. */
    int (*kernel)(struct dq_gpu_ctx *g, const char *name, void **out, struct dq_error *e);

    /* Memory of the device, and of the host such that the device copies to and from it at full
     * speed. DQ_ERR_MEMORY: there is not enough. */
    int (*alloc)(struct dq_gpu_ctx *g, size_t len, void **out, struct dq_error *e);
    void (*free)(struct dq_gpu_ctx *g, void *d_ptr);
    int (*alloc_host)(struct dq_gpu_ctx *g, size_t len, void **out, struct dq_error *e);
    void (*free_host)(struct dq_gpu_ctx *g, void *ptr);

    /* A queue of work: what is put into one is done in order. */
    int (*stream_new)(struct dq_gpu_ctx *g, void **out, struct dq_error *e);
    void (*stream_free)(struct dq_gpu_ctx *g, void *stream);
    int (*copy_in)(struct dq_gpu_ctx *g, void *stream, void *d_dst, const void *src, size_t len,
        struct dq_error *e);
    int (*copy_out)(struct dq_gpu_ctx *g, void *stream, void *dst, const void *d_src, size_t len,
        struct dq_error *e);
    int (*fill)(struct dq_gpu_ctx *g, void *stream, void *d_dst, uint8_t value, size_t len,
        struct dq_error *e);

    /* Starts nblocks x block_size threads of a kernel; args points to each of its arguments. */
    int (*launch)(struct dq_gpu_ctx *g, void *stream, void *kernel, uint64_t nblocks,
        unsigned block_size, void **args, struct dq_error *e);

    /* Waits until all of the stream is done, and leaves the processor to others meanwhile where the
     * runtime can. Errors of earlier calls may come up here. */
    int (*sync)(struct dq_gpu_ctx *g, void *stream, struct dq_error *e);
};

extern const struct dq_gpu_driver dq_gpu_hip;
extern const struct dq_gpu_driver dq_gpu_cuda;

/* The drivers that are built in, ended by NULL. */
extern const struct dq_gpu_driver *const dq_gpu_drivers[];

#endif
