/* What the stand-in for the HIP runtime fails at when DQ_AMD_FAIL says so:
 *
 *   DQ_AMD_FAIL=LIST   LIST is FUNCTION:N, FUNCTION:N+ ... with commas between: of the calls of a
 *                      function, over all devices and threads, the N-th (from 1 on) fails, with +
 *                      also all after it. FUNCTION is one of HIP_CALLS with hip before it. It fails
 *                      with the error that is most usual there, or with that of a number:
 *                      hipMalloc:2=999. With ~ behind N or +, a copy, fill or launch fails only
 * once it is done: the call succeeds, and the error shows at the next synchronisation. */
#ifndef AMDHIP_FAULTS_H
#define AMDHIP_FAULTS_H

#include "amdhip.h"

/* What a call wants: nothing, a device that was set in this thread, or one that is sound as well.
 */
enum hip_need { HIP_NOTHING, HIP_DEVICE, HIP_SOUND };

/* CALL(name without hip, the error that DQ_AMD_FAIL makes of it, what it wants) */
#define HIP_CALLS(CALL)                                                                            \
    CALL(GetDeviceCount, NoDevice, NOTHING)                                                        \
    CALL(DeviceGetName, InvalidDevice, NOTHING)                                                    \
    CALL(DeviceGetPCIBusId, InvalidDevice, NOTHING)                                                \
    CALL(DeviceTotalMem, InvalidDevice, NOTHING)                                                   \
    CALL(DriverGetVersion, InvalidValue, NOTHING)                                                  \
    CALL(RuntimeGetVersion, InvalidValue, NOTHING)                                                 \
    CALL(SetDevice, InvalidDevice, NOTHING)                                                        \
    CALL(SetDeviceFlags, InvalidValue, DEVICE)                                                     \
    CALL(ModuleLoadData, InvalidImage, SOUND)                                                      \
    CALL(ModuleUnload, InvalidResourceHandle, DEVICE)                                              \
    CALL(ModuleGetFunction, NotFound, SOUND)                                                       \
    CALL(Malloc, OutOfMemory, SOUND)                                                               \
    CALL(Free, InvalidValue, DEVICE)                                                               \
    CALL(HostMalloc, OutOfMemory, SOUND)                                                           \
    CALL(HostFree, InvalidValue, DEVICE)                                                           \
    CALL(StreamCreateWithFlags, OutOfMemory, SOUND)                                                \
    CALL(StreamDestroy, ContextIsDestroyed, DEVICE)                                                \
    CALL(StreamSynchronize, LaunchFailure, SOUND)                                                  \
    CALL(MemcpyHtoDAsync, InvalidValue, SOUND)                                                     \
    CALL(MemcpyDtoHAsync, InvalidValue, SOUND)                                                     \
    CALL(MemsetD8Async, InvalidValue, SOUND)                                                       \
    CALL(ModuleLaunchKernel, LaunchOutOfResources, SOUND)

enum hip_call {
#define CALL(name, error, need) HIP_##name,
    HIP_CALLS(CALL)
#undef CALL
        HIP_N_CALLS
};

const char *hip_call_name(enum hip_call call); /* "hipMalloc" */
enum hip_need hip_call_need(enum hip_call call);

/* Counts a call. *out_now is the error that it is to fail with, *out_later that of the work which
 * it asks for. */
void hip_call_counted(enum hip_call call, hipError_t *out_now, hipError_t *out_later);

/* The value of a variable that is a number. */
uint64_t hip_setting(const char *name, uint64_t otherwise);

/* Says that a variable is not understood, and ends the program. */
_Noreturn void hip_bad_setting(const char *name, const char *value);

#endif
