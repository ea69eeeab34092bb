/* The runtime library of a vendor, opened when a GPU is wanted, and its functions. */
#ifndef DQ_GPU_RUNTIME_H
#define DQ_GPU_RUNTIME_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct dq_gpu_runtime {
    const char *what;                /* "HIP runtime" */
    const char *const *libraries;    /* the names to try, ended by NULL */
    const char *const *functions;    /* all that are needed, ended by NULL */
    void **slots;                    /* where they go, in the same order */
    int (*begin)(struct dq_error *); /* what the runtime wants called first, or NULL */

    pthread_mutex_t lock; /* of all below; PTHREAD_MUTEX_INITIALIZER */
    bool tried;
    bool loaded;
    int rc;
    struct dq_error reason;
};

/* Opens the runtime once and takes its functions; later calls give the same answer. DQ_ERR_GPU: it
 * cannot be used. It is never closed: ROCm does not survive that. */
int dq_gpu_runtime_need(struct dq_gpu_runtime *r, struct dq_error *e);

/* Whether the library is open, even if it cannot be used. */
bool dq_gpu_runtime_is_loaded(struct dq_gpu_runtime *r);

/* Whether threads had better sleep than spin while they wait for a device. Sleeping leaves the
 * processors to others and costs some tens of microseconds at each wait; where there are enough
 * processors, that is dearer. */
bool dq_gpu_should_sleep(void);

#endif
