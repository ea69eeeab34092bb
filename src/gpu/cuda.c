/* The driver for NVIDIA GPUs, for which the HIP kernels are compiled too: CUDA's driver API, from
 * libcuda.so.1. Names with _v2 are the current forms of functions whose ABI once changed. */
#include "gpu/code.h"

#include <cuda.h>
#include <stdio.h>

typedef CUresult api_result;
typedef CUstream api_stream;
typedef CUfunction api_function;
typedef CUmodule api_module;
typedef CUdeviceptr api_address;

#define API_SUCCESS CUDA_SUCCESS
#define API_OUT_OF_MEMORY CUDA_ERROR_OUT_OF_MEMORY
#define API_HOST_FLAGS CU_MEMHOSTALLOC_PORTABLE
#define API_STREAM_FLAGS CU_STREAM_NON_BLOCKING

/* clang-format off */
#define FUNCTIONS(F)                                                                               \
    F(CUresult, init, cuInit, (unsigned))                                                          \
    F(CUresult, driver_get_version, cuDriverGetVersion, (int *))                                   \
    F(CUresult, get_device_count, cuDeviceGetCount, (int *))                                       \
    F(CUresult, device_get, cuDeviceGet, (CUdevice *, int))                                        \
    F(CUresult, device_get_name, cuDeviceGetName, (char *, int, CUdevice))                         \
    F(CUresult, device_total_mem, cuDeviceTotalMem_v2, (size_t *, CUdevice))                       \
    F(CUresult, device_get_attribute, cuDeviceGetAttribute,                                        \
        (int *, CUdevice_attribute, CUdevice))                                                     \
    F(CUresult, ctx_set_flags, cuDevicePrimaryCtxSetFlags_v2, (CUdevice, unsigned))                \
    F(CUresult, ctx_retain, cuDevicePrimaryCtxRetain, (CUcontext *, CUdevice))                     \
    F(CUresult, ctx_release, cuDevicePrimaryCtxRelease_v2, (CUdevice))                             \
    F(CUresult, ctx_set_current, cuCtxSetCurrent, (CUcontext))                                     \
    F(CUresult, module_load_data, cuModuleLoadData, (CUmodule *, const void *))                    \
    F(CUresult, module_unload, cuModuleUnload, (CUmodule))                                         \
    F(CUresult, module_get_function, cuModuleGetFunction, (CUfunction *, CUmodule, const char *))  \
    F(CUresult, mem_alloc, cuMemAlloc_v2, (CUdeviceptr *, size_t))                                 \
    F(CUresult, mem_free, cuMemFree_v2, (CUdeviceptr))                                             \
    F(CUresult, host_alloc, cuMemHostAlloc, (void **, size_t, unsigned))                           \
    F(CUresult, host_free, cuMemFreeHost, (void *))                                                \
    F(CUresult, stream_create, cuStreamCreate, (CUstream *, unsigned))                             \
    F(CUresult, stream_destroy, cuStreamDestroy_v2, (CUstream))                                    \
    F(CUresult, stream_synchronize, cuStreamSynchronize, (CUstream))                               \
    F(CUresult, memcpy_h_to_d, cuMemcpyHtoDAsync_v2,                                               \
        (CUdeviceptr, const void *, size_t, CUstream))                                             \
    F(CUresult, memcpy_d_to_h, cuMemcpyDtoHAsync_v2, (void *, CUdeviceptr, size_t, CUstream))      \
    F(CUresult, memset_d8, cuMemsetD8Async, (CUdeviceptr, unsigned char, size_t, CUstream))        \
    F(CUresult, launch_kernel, cuLaunchKernel,                                                     \
        (CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,         \
            CUstream, void **, void **))                                                           \
    F(CUresult, get_error_name, cuGetErrorName, (CUresult, const char **))                         \
    F(CUresult, get_error_string, cuGetErrorString, (CUresult, const char **))
/* clang-format on */

#include "gpu/driver_template.h"

static void describe_result(CUresult code, const char **name, const char **description)
{
    api.get_error_name(code, name);
    api.get_error_string(code, description);
}

static bool is_no_code(CUresult result)
{
    return result == CUDA_ERROR_NO_BINARY_FOR_GPU;
}

static void advise(const char *arch, char *out, size_t size)
{
    (void)arch;
    (void)size;
    out[0] = '\0';
}

static int describe(int ordinal, struct dq_gpu_info *out, struct dq_error *e)
{
    struct dq_gpu_info info = {0};
    CUdevice device;
    size_t memory = 0;
    int major = 0;
    int minor = 0;
    int version = 0;
    int rc = dq_gpu_runtime_need(&runtime, e);
    if (rc == 0)
        rc = CHECK(device_get, (&device, ordinal), e);
    if (rc == 0)
        rc = CHECK(device_get_name, (info.name, sizeof info.name, device), e);
    if (rc == 0)
        rc = CHECK(device_total_mem, (&memory, device), e);
    if (rc == 0)
        rc = CHECK(device_get_attribute,
            (&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device), e);
    if (rc == 0)
        rc = CHECK(device_get_attribute,
            (&minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device), e);
    if (rc == 0)
        rc = CHECK(driver_get_version, (&version), e);
    if (rc != 0)
        return rc;
    info.memory = memory;
    snprintf(info.arch, sizeof info.arch, "sm_%d%d", major, minor);
    snprintf(info.driver, sizeof info.driver, "CUDA %d.%d", version / 1000, version % 1000 / 10);
    *out = info;
    return 0;
}

static int make_current(struct dq_gpu_ctx *g, struct dq_error *e)
{
    return CHECK(ctx_set_current, (g->context), e);
}

static int load(struct dq_gpu_ctx *g, struct dq_error *e)
{
    CUcontext context;
    bool is_missing = false;
    int rc = CHECK(device_get, (&g->device, g->ordinal), e);
    if (rc == 0 && dq_gpu_should_sleep()) /* best effort: refused on a device in use */
        api.ctx_set_flags(g->device, CU_CTX_SCHED_BLOCKING_SYNC);
    if (rc == 0)
        rc = CHECK(ctx_retain, (&context, g->device), e);
    if (rc != 0)
        return rc;
    g->context = context;
    rc = make_current(g, e);
    if (rc == 0)
        rc = load_image(g, g->file.path ? g->file.bytes : dq_cuda_code, &is_missing, e);
    return rc == 0 && is_missing ? fail_no_code(g, &dq_gpu_cuda, "", e) : rc;
}

static void unload(struct dq_gpu_ctx *g)
{
    if (!g->context)
        return;
    if (api.ctx_set_current(g->context) == CUDA_SUCCESS) {
        if (g->module)
            api.module_unload(g->module);
        api.ctx_set_current(NULL);
    }
    api.ctx_release(g->device);
}

static int begin(struct dq_error *e)
{
    return CHECK(init, (0), e);
}

static const char *const libraries[] = {"libcuda.so.1", NULL};
static const char *const folders[] = {"", NULL};

static struct dq_gpu_runtime runtime = {
    .what = "CUDA driver",
    RUNTIME_FUNCTIONS,
    .libraries = libraries,
    .folders = folders,
    .begin = begin,
    .load = load,
    .unload = unload,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

const struct dq_gpu_driver dq_gpu_cuda = {
    .name = "cuda",
    .targets = dq_cuda_targets,
    .block_32 = 256,
    .block_16 = 128,
    DRIVER_OPERATIONS,
};
