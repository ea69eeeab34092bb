/* A GPU that is none: its kernels are those of hip/, run on the host, and it sees to it that it is
 * used as a real one wants to be. Host_faults.h tells how it is made to fail.
 *
 * - Its addresses are of no use to the host, nor the host's to it.
 * - Copies and launches lie inside memory that is allocated when they are put into a stream and
 *   still is when they run; host memory that is copied is of alloc_host.
 * - What is put into a stream runs when it is waited for, and not before.
 * - New memory begins with junk, and what a launch is to write is full of it.
 * - A stream is used by one thread at a time, and nothing is left in it, nor in a device, at its
 *   end.
 *
 * Whoever breaks one of these ends the program with a message. */
#ifndef DQ_GPU_HOST_H
#define DQ_GPU_HOST_H

#include "gpu/driver.h"

extern const struct dq_gpu_driver dq_gpu_host;

#endif
