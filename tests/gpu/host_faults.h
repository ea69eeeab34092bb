/* What goes wrong on the host GPU, as environment variables say:
 *
 *   DQ_HOST_ABSENT=1      there is no runtime library
 *   DQ_HOST_DEVICES=N     there are N GPUs; 2 if unset
 *   DQ_HOST_MEMORY=BYTES  memory of each GPU; 1 GiB if unset
 *   DQ_HOST_FAIL=LIST     calls fail. LIST is KIND:N, KIND:N+, ... separated by commas. Of the
 *                         calls of a kind, counted from 1 over all GPUs and threads, the N-th
 *                         fails; with + all later ones fail too. KIND is count, describe, open,
 *                         make_current, kernel, alloc, alloc_host, stream_new, copy_in, copy_out,
 *                         fill, launch or sync. Calls that allocate report that memory ran out, the
 *                         others something else; with ! at the end it is the other way round.
 *   DQ_HOST_WRONG=HOW:FIRST-LAST[:KERNEL]
 *                         launches of all kernels, or of one, write wrong weights FIRST to LAST.
 *                         HOW says what is wrong with them:
 *                           bits       the last bit is flipped
 *                           kept       they keep their value from before the launch
 *                           nan        they are NaN
 *                           zero-sign  zeros have the other sign
 *                           flushed    subnormals are zeros
 *                           from-32    the last bit is flipped from the 32nd element of a block on
 *                           unstable   another bit is flipped in each launch */
#ifndef DQ_HOST_FAULTS_H
#define DQ_HOST_FAULTS_H

#include "base/err.h"
#include "type/type.h"

enum host_call {
    HOST_COUNT,
    HOST_DESCRIBE,
    HOST_OPEN,
    HOST_MAKE_CURRENT,
    HOST_KERNEL,
    HOST_ALLOC,
    HOST_ALLOC_HOST,
    HOST_STREAM_NEW,
    HOST_COPY_IN,
    HOST_COPY_OUT,
    HOST_FILL,
    HOST_LAUNCH,
    HOST_SYNC,
    HOST_CALLS
};

/* The value of a numeric variable, or `otherwise` if it is not set. */
uint64_t host_setting(const char *name, uint64_t otherwise);

/* Starts counting calls at 1 again. */
void host_forget_calls(void);

/* Counts a call. Fails, worded as a runtime would, if DQ_HOST_FAIL says so. */
int host_call(enum host_call call, struct dq_error *e);

/* Makes weights wrong that a launch wrote over `before`, if DQ_HOST_WRONG says so. */
void host_corrupt(const char *kernel, const struct dq_type_info *type, enum dq_dtype dtype,
    const void *before, void *weights, uint64_t n);

#endif
