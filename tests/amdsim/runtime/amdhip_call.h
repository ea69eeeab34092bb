/* What every function of the stand-in for the HIP runtime begins and ends with. */
#ifndef AMDHIP_CALL_H
#define AMDHIP_CALL_H

#include "amdhip_faults.h"

/* Begins a call, which has the lock of the library until hip_leave(), also if this fails.
 * *out_device is the one that this thread has set, NULL if the call wants none. */
hipError_t hip_enter(enum hip_call call, struct hip_device **out_device);

/* What the work is to fail with that the call asks for; hipSuccess: nothing. */
hipError_t hip_fault_of_work(void);

/* Ends a call, which returns code. */
hipError_t hip_leave(hipError_t code);

/* The device of a number. */
hipError_t hip_need_device(int number, struct hip_device **out);

/* Says of which device this thread's calls are. */
void hip_set_current(int number);

#endif
