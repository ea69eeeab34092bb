/* The names and descriptions of errors, as in ROCm 6. */
#include "amdhip.h"

static const struct {
    hipError_t code;
    const char *name;
    const char *description;
} errors[] = {
#define ERROR(name, words)                                                                         \
    {                                                                                              \
        hipError##name, "hipError" #name, words                                                    \
    }
    {hipSuccess, "hipSuccess", "no error"},
    ERROR(InvalidValue, "invalid argument"),
    ERROR(OutOfMemory, "out of memory"),
    ERROR(NotInitialized, "initialization error"),
    ERROR(Deinitialized, "driver shutting down"),
    ERROR(InvalidConfiguration, "invalid configuration argument"),
    ERROR(InvalidDevicePointer, "invalid device pointer"),
    ERROR(InvalidDeviceFunction, "invalid device function"),
    ERROR(NoDevice, "no ROCm-capable device is detected"),
    ERROR(InvalidDevice, "invalid device ordinal"),
    ERROR(InvalidImage, "device kernel image is invalid"),
    ERROR(InvalidContext, "invalid device context"),
    ERROR(NoBinaryForGpu, "no kernel image is available for execution on the device"),
    ERROR(InvalidKernelFile, "invalid kernel file"),
    ERROR(SharedObjectInitFailed, "shared object initialization failed"),
    ERROR(InvalidHandle, "invalid resource handle"),
    ERROR(NotFound, "named symbol not found"),
    ERROR(NotReady, "device not ready"),
    ERROR(IllegalAddress, "an illegal memory access was encountered"),
    ERROR(LaunchOutOfResources, "too many resources requested for launch"),
    ERROR(LaunchTimeOut, "the launch timed out and was terminated"),
    ERROR(ContextIsDestroyed, "context is destroyed"),
    ERROR(LaunchFailure, "unspecified launch failure"),
    ERROR(NotSupported, "operation not supported"),
    ERROR(Unknown, "unknown error"),
#undef ERROR
};

enum { N_ERRORS = sizeof errors / sizeof errors[0] };

const char *hipGetErrorName(hipError_t code)
{
    for (size_t i = 0; i < N_ERRORS; i++) {
        if (errors[i].code == code)
            return errors[i].name;
    }
    return "hipErrorUnknown";
}

const char *hipGetErrorString(hipError_t code)
{
    for (size_t i = 0; i < N_ERRORS; i++) {
        if (errors[i].code == code)
            return errors[i].description;
    }
    return "unrecognized error code";
}
