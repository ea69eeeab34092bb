/* What the GPU of the host does wrong when environment variables say so:
 *
 *   DQ_HOST_ABSENT=1      there is no runtime library
 *   DQ_HOST_DEVICES=N     there are N devices; 2 if it is not set
 *   DQ_HOST_MEMORY=BYTES  each has so much memory; 1 GiB if it is not set
 *   DQ_HOST_FAIL=LIST     calls fail. LIST is KIND:N, KIND:N+ ... with commas between: of the calls
 *                         of a kind, over all devices and threads, the N-th (from 1 on) fails, with
 *                         + also all after it. KIND is count, describe, open, kernel, alloc,
 *                         alloc_host, stream_new, copy_in, copy_out, fill, launch or sync. Those
 *                         that allocate say that memory ran out, the others something else; with !
 * at the end it is the other way round. DQ_HOST_WRONG=HOW:FIRST-LAST[:KERNEL] kernels (or one)
 * write something wrong at some of the weights FIRST to LAST of a launch. HOW is bits       the
 * last bit of all of them is another kept       they stay what they were before the launch nan all
 * are NaN zero-sign  zeros have the other sign flushed    subnormals are zeros from-32    the last
 * bit of elements from the 32nd of a block on unstable   another bit in each launch */
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

/* The value of a variable that is a number. */
uint64_t host_setting(const char *name, uint64_t otherwise);

/* Counts calls from 1 again. */
void host_forget_calls(void);

/* Counts a call; fails, in the words of a runtime, if it is one that is to fail. */
int host_call(enum host_call call, struct dq_error *e);

/* Spoils what a launch of a kernel wrote where `before` was. */
void host_spoil(const char *kernel, const struct dq_type_info *type, enum dq_dtype dtype,
    const void *before, void *weights, uint64_t n);

#endif
