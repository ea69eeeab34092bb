/* A driver whose GPUs are the host: it runs the kernels of hip/ in this process, and ends the
 * program with a message if it is misused. host_faults.h lists the variables that make it fail.
 *
 * It checks that - each operation finds its own context current in the calling thread; - device
 * addresses are not followed by the host, nor host addresses by the device; - copies and launches
 * stay inside memory that is allocated when they are queued and still when they
 *   run, and host memory that is copied is from alloc_host;
 * - a stream is used by one thread at a time, and is empty when it is freed;
 * - nothing is left when a context is closed.
 *
 * Queued work runs in sync and not before. New memory is poisoned, and so is what a launch is to
 * write. */
#ifndef HOST_DRIVER_H
#define HOST_DRIVER_H

#include "gpu/driver.h"

extern const struct dq_gpu_driver dq_gpu_host;

#endif
