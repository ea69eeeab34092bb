/* The CUDA driver API, taken from libcuda.so.1 when a GPU is wanted: the second platform of the HIP
 * kernels. Names with _v2 are the current forms of functions that once had others. */
#include "gpu/driver.h"

#include "gpu/code.h"
#include "gpu/runtime.h"

#include <cuda.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* FUNCTION(name without cu, its arguments), as the header declares them. */
#define FUNCTIONS(F)                                                                               \
    F(Init, (unsigned))                                                                            \
    F(DriverGetVersion, (int *))                                                                   \
    F(DeviceGetCount, (int *))                                                                     \
    F(DeviceGet, (CUdevice *, int))                                                                \
    F(DeviceGetName, (char *, int, CUdevice))                                                      \
    F(DeviceTotalMem_v2, (size_t *, CUdevice))                                                     \
    F(DeviceGetAttribute, (int *, CUdevice_attribute, CUdevice))                                   \
    F(DevicePrimaryCtxSetFlags_v2, (CUdevice, unsigned))                                           \
    F(DevicePrimaryCtxRetain, (CUcontext *, CUdevice))                                             \
    F(DevicePrimaryCtxRelease_v2, (CUdevice))                                                      \
    F(CtxSetCurrent, (CUcontext))                                                                  \
    F(ModuleLoadData, (CUmodule *, const void *))                                                  \
    F(ModuleUnload, (CUmodule))                                                                    \
    F(ModuleGetFunction, (CUfunction *, CUmodule, const char *))                                   \
    F(MemAlloc_v2, (CUdeviceptr *, size_t))                                                        \
    F(MemFree_v2, (CUdeviceptr))                                                                   \
    F(MemHostAlloc, (void **, size_t, unsigned))                                                   \
    F(MemFreeHost, (void *))                                                                       \
    F(StreamCreate, (CUstream *, unsigned))                                                        \
    F(StreamDestroy_v2, (CUstream))                                                                \
    F(StreamSynchronize, (CUstream))                                                               \
    F(MemcpyHtoDAsync_v2, (CUdeviceptr, const void *, size_t, CUstream))                           \
    F(MemcpyDtoHAsync_v2, (void *, CUdeviceptr, size_t, CUstream))                                 \
    F(MemsetD8Async, (CUdeviceptr, unsigned char, size_t, CUstream))                               \
    F(LaunchKernel, (CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,       \
                        unsigned, CUstream, void **, void **))                                     \
    F(GetErrorName, (CUresult, const char **))                                                     \
    F(GetErrorString, (CUresult, const char **))

static struct {
#define FUNCTION(name, args) CUresult(*name) args;
    FUNCTIONS(FUNCTION)
#undef FUNCTION
} cuda;

#define FUNCTION(name, args)                                                                       \
    _Static_assert(_Generic(&cu##name, CUresult(*) args : 1, default : 0), "cu" #name);
FUNCTIONS(FUNCTION)
#undef FUNCTION

struct dq_gpu_ctx {
    CUdevice device;
    CUcontext context;
    CUmodule module;
    void *file; /* the code that replaces the built-in one, or NULL */
};

/* Names what failed: the call, the code and the driver's own words. */
static int check(CUresult code, const char *call, struct dq_error *e)
{
    const char *name = "?";
    const char *words = "unknown error";
    if (code == CUDA_SUCCESS)
        return 0;
    cuda.GetErrorName(code, &name);
    cuda.GetErrorString(code, &words);
    return dq_fail(e, code == CUDA_ERROR_OUT_OF_MEMORY ? DQ_ERR_MEMORY : DQ_ERR_GPU,
        "%s: %s (%d, %s)", call, words, (int)code, name);
}

#define CHECK(call, args, e) check(cuda.call args, "cu" #call, e)

static int begin(struct dq_error *e)
{
    return CHECK(Init, (0), e);
}

static const char *const libraries[] = {"libcuda.so.1", NULL};

static const char *const functions[] = {
#define FUNCTION(name, args) "cu" #name,
    FUNCTIONS(FUNCTION)
#undef FUNCTION
        NULL};

static struct dq_gpu_runtime runtime = {
    .what = "CUDA driver",
    .libraries = libraries,
    .functions = functions,
    .slots = (void **)(void *)&cuda, /* all members are function pointers, in this order */
    .begin = begin,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

static bool is_loaded(void)
{
    return dq_gpu_runtime_is_loaded(&runtime);
}

static int count(int *out, struct dq_error *e)
{
    int rc = dq_gpu_runtime_need(&runtime, e);
    if (rc == 0)
        rc = CHECK(DeviceGetCount, (out), e);
    if (rc == 0 && *out == 0)
        rc = dq_fail(e, DQ_ERR_GPU, "cuDeviceGetCount: no device");
    return rc;
}

static int describe(int number, struct dq_gpu_info *out, struct dq_error *e)
{
    struct dq_gpu_info info = {0};
    CUdevice device;
    size_t memory = 0;
    int major = 0;
    int minor = 0;
    int version = 0;
    int rc = dq_gpu_runtime_need(&runtime, e);
    if (rc == 0)
        rc = CHECK(DeviceGet, (&device, number), e);
    if (rc == 0)
        rc = CHECK(DeviceGetName, (info.name, sizeof info.name, device), e);
    if (rc == 0)
        rc = CHECK(DeviceTotalMem_v2, (&memory, device), e);
    if (rc == 0)
        rc = CHECK(
            DeviceGetAttribute, (&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device), e);
    if (rc == 0)
        rc = CHECK(
            DeviceGetAttribute, (&minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device), e);
    if (rc == 0)
        rc = CHECK(DriverGetVersion, (&version), e);
    if (rc != 0)
        return rc;
    info.memory = memory;
    snprintf(info.arch, sizeof info.arch, "sm_%d%d", major, minor);
    snprintf(info.driver, sizeof info.driver, "CUDA %d.%d", version / 1000, version % 1000 / 10);
    *out = info;
    return 0;
}

static void close_gpu(struct dq_gpu_ctx *g)
{
    if (!g)
        return;
    if (g->context && cuda.CtxSetCurrent(g->context) == CUDA_SUCCESS) {
        if (g->module)
            cuda.ModuleUnload(g->module);
        cuda.CtxSetCurrent(NULL);
    }
    if (g->context)
        cuda.DevicePrimaryCtxRelease_v2(g->device);
    free(g->file);
    free(g);
}

static int load_module(struct dq_gpu_ctx *g, int number, struct dq_error *e)
{
    struct dq_gpu_info info = {0};
    struct dq_error unused;
    const CUresult code = cuda.ModuleLoadData(&g->module, g->file ? g->file : dq_cuda_code);
    if (code != CUDA_ERROR_NO_BINARY_FOR_GPU)
        return check(code, "cuModuleLoadData", e);
    describe(number, &info, &unused);
    return dq_fail(e, DQ_ERR_GPU,
        "cuModuleLoadData: no code for %s (%s); there is: %s. GGUF_DQ_HSACO names a file with "
        "other "
        "code",
        info.arch, info.name, dq_cuda_targets);
}

static int open_gpu(int number, struct dq_gpu_ctx **out, struct dq_error *e)
{
    struct dq_gpu_ctx *g = calloc(1, sizeof *g);
    if (!g)
        return dq_fail_nomem(e);
    int rc = dq_gpu_runtime_need(&runtime, e);
    if (rc == 0)
        rc = dq_gpu_code_file(&g->file, e);
    if (rc == 0)
        rc = CHECK(DeviceGet, (&g->device, number), e);
    if (rc == 0 && dq_gpu_should_sleep()) /* a wish: refused on a device in use */
        cuda.DevicePrimaryCtxSetFlags_v2(g->device, CU_CTX_SCHED_BLOCKING_SYNC);
    if (rc == 0)
        rc = CHECK(DevicePrimaryCtxRetain, (&g->context, g->device), e);
    if (rc == 0)
        rc = CHECK(CtxSetCurrent, (g->context), e);
    if (rc == 0)
        rc = load_module(g, number, e);
    if (rc != 0) {
        close_gpu(g);
        return rc;
    }
    *out = g;
    return 0;
}

static int kernel(struct dq_gpu_ctx *g, const char *name, void **out, struct dq_error *e)
{
    CUfunction function;
    int rc = CHECK(CtxSetCurrent, (g->context), e);
    if (rc == 0)
        rc = CHECK(ModuleGetFunction, (&function, g->module, name), e);
    if (rc == 0)
        *out = function;
    return rc;
}

static int alloc(struct dq_gpu_ctx *g, size_t len, void **out, struct dq_error *e)
{
    CUdeviceptr address;
    int rc = CHECK(CtxSetCurrent, (g->context), e);
    if (rc == 0)
        rc = CHECK(MemAlloc_v2, (&address, len), e);
    if (rc == 0)
        *out = (void *)(uintptr_t)address;
    return rc;
}

static void free_device(struct dq_gpu_ctx *g, void *d_ptr)
{
    if (d_ptr && cuda.CtxSetCurrent(g->context) == CUDA_SUCCESS)
        cuda.MemFree_v2((CUdeviceptr)(uintptr_t)d_ptr);
}

static int alloc_host(struct dq_gpu_ctx *g, size_t len, void **out, struct dq_error *e)
{
    const int rc = CHECK(CtxSetCurrent, (g->context), e);
    return rc != 0 ? rc : CHECK(MemHostAlloc, (out, len, CU_MEMHOSTALLOC_PORTABLE), e);
}

static void free_host(struct dq_gpu_ctx *g, void *ptr)
{
    if (ptr && cuda.CtxSetCurrent(g->context) == CUDA_SUCCESS)
        cuda.MemFreeHost(ptr);
}

static int stream_new(struct dq_gpu_ctx *g, void **out, struct dq_error *e)
{
    CUstream stream;
    int rc = CHECK(CtxSetCurrent, (g->context), e);
    if (rc == 0)
        rc = CHECK(StreamCreate, (&stream, CU_STREAM_NON_BLOCKING), e);
    if (rc == 0)
        *out = stream;
    return rc;
}

static void stream_free(struct dq_gpu_ctx *g, void *stream)
{
    if (stream && cuda.CtxSetCurrent(g->context) == CUDA_SUCCESS)
        cuda.StreamDestroy_v2(stream);
}

static int copy_in(struct dq_gpu_ctx *g, void *stream, void *d_dst, const void *src, size_t len,
    struct dq_error *e)
{
    const int rc = CHECK(CtxSetCurrent, (g->context), e);
    return rc != 0
               ? rc
               : CHECK(MemcpyHtoDAsync_v2, ((CUdeviceptr)(uintptr_t)d_dst, src, len, stream), e);
}

static int copy_out(struct dq_gpu_ctx *g, void *stream, void *dst, const void *d_src, size_t len,
    struct dq_error *e)
{
    const int rc = CHECK(CtxSetCurrent, (g->context), e);
    return rc != 0
               ? rc
               : CHECK(MemcpyDtoHAsync_v2, (dst, (CUdeviceptr)(uintptr_t)d_src, len, stream), e);
}

static int fill(
    struct dq_gpu_ctx *g, void *stream, void *d_dst, uint8_t value, size_t len, struct dq_error *e)
{
    const int rc = CHECK(CtxSetCurrent, (g->context), e);
    return rc != 0 ? rc
                   : CHECK(MemsetD8Async, ((CUdeviceptr)(uintptr_t)d_dst, value, len, stream), e);
}

static int launch(struct dq_gpu_ctx *g, void *stream, void *function, uint64_t nblocks,
    unsigned block_size, void **args, struct dq_error *e)
{
    const int rc = CHECK(CtxSetCurrent, (g->context), e);
    if (rc != 0)
        return rc;
    if (nblocks > INT32_MAX)
        return dq_fail(e, DQ_ERR_GPU, "cuLaunchKernel: a grid of %" PRIu64 " blocks", nblocks);
    return CHECK(LaunchKernel,
        (function, (unsigned)nblocks, 1, 1, block_size, 1, 1, 0, stream, args, NULL), e);
}

static int sync(struct dq_gpu_ctx *g, void *stream, struct dq_error *e)
{
    const int rc = CHECK(CtxSetCurrent, (g->context), e);
    return rc != 0 ? rc : CHECK(StreamSynchronize, (stream), e);
}

const struct dq_gpu_driver dq_gpu_cuda = {
    .name = "cuda",
    .targets = dq_cuda_targets,
    .block_32 = 256,
    .block_16 = 128,
    .is_loaded = is_loaded,
    .count = count,
    .describe = describe,
    .open = open_gpu,
    .close = close_gpu,
    .kernel = kernel,
    .alloc = alloc,
    .free = free_device,
    .alloc_host = alloc_host,
    .free_host = free_host,
    .stream_new = stream_new,
    .stream_free = stream_free,
    .copy_in = copy_in,
    .copy_out = copy_out,
    .fill = fill,
    .launch = launch,
    .sync = sync,
};
