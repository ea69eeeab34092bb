/* What fails in the stand-in for the HIP runtime:
 *
 *   DQ_AMD_FAIL=LIST   LIST is FUNCTION:N, FUNCTION:N+, ... separated by commas. Of the calls of a
 *                      function, counted from 1 over all devices and threads, the N-th fails; with
 *                      + all later ones fail too. FUNCTION is one of HIP_CALLS after "hip". The
 *                      error is the most usual one for that function, or the one given by its
 *                      number, as in hipMalloc:2=999. With ~ after N or +, the call of a copy, fill
 *                      or launch succeeds, and its error shows at the next synchronisation. */
#ifndef AMDHIP_FAULTS_H
#define AMDHIP_FAULTS_H

#include "amdhip.h"

/* What a call needs: nothing, a current device, or one without a fault. */
enum hip_need { HIP_NOTHING, HIP_DEVICE, HIP_SOUND };

/* CALL(name without hip, the error for DQ_AMD_FAIL, what it needs) */
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

/* Counts a call. *out_now is the error with which it must fail, *out_later the one for the work
 * that it queues; hipSuccess: none. */
void hip_call_counted(enum hip_call call, hipError_t *out_now, hipError_t *out_later);

/* The value of a numeric variable, or `otherwise` if it is not set. */
uint64_t hip_setting(const char *name, uint64_t otherwise);

/* Reports a malformed variable and ends the program. */
_Noreturn void hip_bad_setting(const char *name, const char *value);

#endif
