/* What the drivers share: a vendor's runtime library, opened when it is first needed, and the
 * skeleton of contexts. */
#ifndef DQ_GPU_RUNTIME_H
#define DQ_GPU_RUNTIME_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "gpu/code.h"
#include "gpu/driver.h"

struct dq_gpu_ctx {
    int ordinal;
    int device;                   /* CUDA's handle; HIP uses ordinals */
    void *context;                /* CUDA's; HIP has none */
    void *module;                 /* the loaded kernels */
    struct dq_gpu_code_file file; /* used in place of the built-in code, if there is one */
    void *image;                  /* dq_mem: memory that the module may refer to, or NULL */
};

struct dq_gpu_runtime {
    const char *what;             /* "HIP runtime" */
    const char *const *libraries; /* file names to try in turn, terminated by NULL */
    /* Where to try them, terminated by NULL: patterns, which may begin with $VARIABLE, or "" for
     * where the loader looks. */
    const char *const *folders;
    const char *const *functions; /* those needed */
    void **slots;                 /* receive their addresses, in the same order */
    size_t n_functions;
    int (*begin)(struct dq_error *); /* the runtime's initialisation, or NULL */

    /* Opens g->ordinal and loads the kernels, and undoes as much of that as was done. */
    int (*load)(struct dq_gpu_ctx *g, struct dq_error *e);
    void (*unload)(struct dq_gpu_ctx *g);

    pthread_mutex_t lock; /* protects the following; PTHREAD_MUTEX_INITIALIZER */
    bool tried;
    bool loaded;
    int rc;
    struct dq_error reason;
};

/* Opens the library and looks up its functions on the first call; later calls return the same
 * result. DQ_ERR_GPU: it cannot be used. It stays open, because ROCm does not survive dlclose. */
int dq_gpu_runtime_need(struct dq_gpu_runtime *r, struct dq_error *e);

/* Whether the library is open, even if it cannot be used. */
bool dq_gpu_runtime_is_loaded(struct dq_gpu_runtime *r);

/* Implement a driver's open and close. */
int dq_gpu_ctx_open(
    struct dq_gpu_runtime *r, int ordinal, struct dq_gpu_ctx **out, struct dq_error *e);
void dq_gpu_ctx_close(const struct dq_gpu_runtime *r, struct dq_gpu_ctx *g);

/* Whether threads should sleep rather than spin while they wait for a device. Sleeping leaves the
 * processors to others but costs some tens of microseconds a wait; with enough processors, spinning
 * is faster. */
bool dq_gpu_should_sleep(void);

#endif
