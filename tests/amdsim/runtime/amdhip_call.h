/* What each HIP function of the stand-in begins and ends with. */
#ifndef AMDHIP_CALL_H
#define AMDHIP_CALL_H

#include "amdhip_faults.h"

/* Begins a call: takes the library's lock, which the caller releases by hip_leave even if this
 * fails. *out_device is this thread's current device, or NULL if the call needs none. */
hipError_t hip_enter(enum hip_call call, struct hip_device **out_device);

/* The error with which the work that this call queues will fail, or hipSuccess. */
hipError_t hip_fault_of_work(void);

/* Ends a call; returns code. */
hipError_t hip_leave(hipError_t code);

/* If this thread's device is $DQ_AMD_SLOW, waits as that has it, without the lock. */
void hip_be_slow(void);

/* Finds a device by its ordinal. */
hipError_t hip_need_device(int number, struct hip_device **out);

/* Sets this thread's current device. */
void hip_set_current(int number);

#endif
