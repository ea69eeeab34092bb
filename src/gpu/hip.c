/* The HIP module API, taken from libamdhip64.so when a GPU is wanted. No function is used whose ABI
 * changed between ROCm 5, 6 and 7; hipGetDeviceProperties is one that did. */
#define __HIP_PLATFORM_AMD__
#include "gpu/driver.h"

#include "gpu/code.h"
#include "gpu/runtime.h"

#include <hip/hip_runtime_api.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FUNCTION(name without hip, its arguments), as the header declares them. */
#define FUNCTIONS(F)                                                                               \
    F(GetDeviceCount, (int *))                                                                     \
    F(DeviceGetName, (char *, int, hipDevice_t))                                                   \
    F(DeviceGetPCIBusId, (char *, int, int))                                                       \
    F(DeviceTotalMem, (size_t *, hipDevice_t))                                                     \
    F(DriverGetVersion, (int *))                                                                   \
    F(RuntimeGetVersion, (int *))                                                                  \
    F(SetDevice, (int))                                                                            \
    F(SetDeviceFlags, (unsigned))                                                                  \
    F(ModuleLoadData, (hipModule_t *, const void *))                                               \
    F(ModuleUnload, (hipModule_t))                                                                 \
    F(ModuleGetFunction, (hipFunction_t *, hipModule_t, const char *))                             \
    F(Malloc, (void **, size_t))                                                                   \
    F(Free, (void *))                                                                              \
    F(HostMalloc, (void **, size_t, unsigned))                                                     \
    F(HostFree, (void *))                                                                          \
    F(StreamCreateWithFlags, (hipStream_t *, unsigned))                                            \
    F(StreamDestroy, (hipStream_t))                                                                \
    F(StreamSynchronize, (hipStream_t))                                                            \
    F(MemcpyHtoDAsync, (hipDeviceptr_t, void *, size_t, hipStream_t))                              \
    F(MemcpyDtoHAsync, (void *, hipDeviceptr_t, size_t, hipStream_t))                              \
    F(MemsetD8Async, (hipDeviceptr_t, unsigned char, size_t, hipStream_t))                         \
    F(ModuleLaunchKernel, (hipFunction_t, unsigned, unsigned, unsigned, unsigned, unsigned,        \
                              unsigned, unsigned, hipStream_t, void **, void **))

static struct {
#define FUNCTION(name, args) hipError_t(*name) args;
    FUNCTIONS(FUNCTION)
#undef FUNCTION
    const char *(*GetErrorName)(hipError_t);
    const char *(*GetErrorString)(hipError_t);
} hip;

#define FUNCTION(name, args)                                                                       \
    _Static_assert(_Generic(&hip##name, hipError_t(*) args : 1, default : 0), "hip" #name);
FUNCTIONS(FUNCTION)
#undef FUNCTION

struct dq_gpu_ctx {
    int device;
    hipModule_t module;
    void *file; /* the code object that replaces the built-in one, or NULL */
};

/* Names what failed: the call, the code and the runtime's own words. */
static int check(hipError_t code, const char *call, struct dq_error *e)
{
    if (code == hipSuccess)
        return 0;
    return dq_fail(e, code == hipErrorOutOfMemory ? DQ_ERR_MEMORY : DQ_ERR_GPU, "%s: %s (%d, %s)",
        call, hip.GetErrorString(code), (int)code, hip.GetErrorName(code));
}

#define CHECK(call, args, e) check(hip.call args, "hip" #call, e)

/* ROCm 7, 6, 5; the bare name is there where development files are installed. */
static const char *const libraries[] = {
    "libamdhip64.so.7", "libamdhip64.so.6", "libamdhip64.so.5", "libamdhip64.so", NULL};

static const char *const functions[] = {
#define FUNCTION(name, args) "hip" #name,
    FUNCTIONS(FUNCTION)
#undef FUNCTION
        "hipGetErrorName",
    "hipGetErrorString", NULL};

static struct dq_gpu_runtime runtime = {
    .what = "HIP runtime",
    .libraries = libraries,
    .functions = functions,
    .slots = (void **)(void *)&hip, /* all members are function pointers, in this order */
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
        rc = CHECK(GetDeviceCount, (out), e);
    if (rc == 0 && *out == 0)
        rc = dq_fail(e, DQ_ERR_GPU, "hipGetDeviceCount: no device");
    return rc;
}

/* The target, which HIP tells only in a structure whose layout changes: the kernel driver's word
 * for the device with this PCI address, 90010 for gfx90a. */
static void find_arch(const char *pci, char *out, size_t size)
{
    unsigned domain;
    unsigned bus;
    unsigned slot;
    out[0] = '\0';
    if (sscanf(pci, "%x:%x:%x", &domain, &bus, &slot) != 3)
        return;
    for (int node = 0; node < 256; node++) {
        char path[96];
        char line[128];
        unsigned long long value;
        unsigned long long version = 0;
        unsigned long long location = ~0ull;
        unsigned long long its_domain = 0;
        snprintf(path, sizeof path, "/sys/class/kfd/kfd/topology/nodes/%d/properties", node);
        FILE *file = fopen(path, "re");
        if (!file)
            return;
        while (fgets(line, sizeof line, file)) {
            if (sscanf(line, "gfx_target_version %llu", &value) == 1)
                version = value;
            else if (sscanf(line, "location_id %llu", &value) == 1)
                location = value;
            else if (sscanf(line, "domain %llu", &value) == 1)
                its_domain = value;
        }
        fclose(file);
        if (version != 0 && location >> 8 == bus && (location >> 3 & 31) == slot &&
            its_domain == domain) {
            snprintf(
                out, size, "gfx%llu%llx%llx", version / 10000, version / 100 % 100, version % 100);
            return;
        }
    }
}

static int describe(int device, struct dq_gpu_info *out, struct dq_error *e)
{
    struct dq_gpu_info info = {0};
    char pci[64] = "";
    size_t memory = 0;
    int version = 0;
    int driver = 0;
    int rc = dq_gpu_runtime_need(&runtime, e);
    if (rc == 0)
        rc = CHECK(DeviceGetName, (info.name, sizeof info.name, device), e);
    if (rc == 0)
        rc = CHECK(DeviceTotalMem, (&memory, device), e);
    if (rc == 0)
        rc = CHECK(DeviceGetPCIBusId, (pci, sizeof pci, device), e);
    if (rc == 0)
        rc = CHECK(RuntimeGetVersion, (&version), e);
    if (rc == 0)
        rc = CHECK(DriverGetVersion, (&driver), e);
    if (rc != 0)
        return rc;
    info.memory = memory;
    find_arch(pci, info.arch, sizeof info.arch);
    snprintf(
        info.driver, sizeof info.driver, "HIP %d.%d", version / 10000000, version / 100000 % 100);
    *out = info;
    return 0;
}

static void close_gpu(struct dq_gpu_ctx *g)
{
    if (!g)
        return;
    if (g->module && hip.SetDevice(g->device) == hipSuccess)
        hip.ModuleUnload(g->module);
    free(g->file);
    free(g);
}

/* hipErrorNoBinaryForGpu says little; this says which targets there are. */
static int fail_no_code(int device, struct dq_error *e)
{
    struct dq_gpu_info info = {0};
    struct dq_error unused;
    if (describe(device, &info, &unused) != 0)
        snprintf(info.name, sizeof info.name, "device %d", device);
    return dq_fail(e, DQ_ERR_GPU,
        "hipModuleLoadData: no code object for %s (%s); there are: %s. GGUF_DQ_HSACO names a file "
        "with others",
        info.arch[0] ? info.arch : "this device", info.name, dq_hip_targets);
}

static int open_gpu(int device, struct dq_gpu_ctx **out, struct dq_error *e)
{
    const void *code = dq_hip_code;
    struct dq_gpu_ctx *g = calloc(1, sizeof *g);
    if (!g)
        return dq_fail_nomem(e);
    g->device = device;
    int rc = dq_gpu_runtime_need(&runtime, e);
    if (rc == 0)
        rc = dq_gpu_code_file(&g->file, e);
    if (rc == 0)
        rc = CHECK(SetDevice, (device), e);
    if (rc == 0) {
        if (dq_gpu_should_sleep()) /* a wish: refused on a device in use */
            hip.SetDeviceFlags(hipDeviceScheduleBlockingSync);
        const hipError_t code_rc = hip.ModuleLoadData(&g->module, g->file ? g->file : code);
        if (code_rc == hipErrorNoBinaryForGpu)
            rc = fail_no_code(device, e);
        else
            rc = check(code_rc, "hipModuleLoadData", e);
    }
    if (rc != 0) {
        close_gpu(g);
        return rc;
    }
    *out = g;
    return 0;
}

static int kernel(struct dq_gpu_ctx *g, const char *name, void **out, struct dq_error *e)
{
    hipFunction_t function;
    int rc = CHECK(SetDevice, (g->device), e);
    if (rc == 0)
        rc = CHECK(ModuleGetFunction, (&function, g->module, name), e);
    if (rc == 0)
        *out = function;
    return rc;
}

static int alloc(struct dq_gpu_ctx *g, size_t len, void **out, struct dq_error *e)
{
    const int rc = CHECK(SetDevice, (g->device), e);
    return rc != 0 ? rc : CHECK(Malloc, (out, len), e);
}

static void free_device(struct dq_gpu_ctx *g, void *d_ptr)
{
    if (d_ptr && hip.SetDevice(g->device) == hipSuccess)
        hip.Free(d_ptr);
}

static int alloc_host(struct dq_gpu_ctx *g, size_t len, void **out, struct dq_error *e)
{
    const int rc = CHECK(SetDevice, (g->device), e);
    return rc != 0 ? rc : CHECK(HostMalloc, (out, len, hipHostMallocDefault), e);
}

static void free_host(struct dq_gpu_ctx *g, void *ptr)
{
    if (ptr && hip.SetDevice(g->device) == hipSuccess)
        hip.HostFree(ptr);
}

static int stream_new(struct dq_gpu_ctx *g, void **out, struct dq_error *e)
{
    hipStream_t stream;
    int rc = CHECK(SetDevice, (g->device), e);
    if (rc == 0)
        rc = CHECK(StreamCreateWithFlags, (&stream, hipStreamNonBlocking), e);
    if (rc == 0)
        *out = stream;
    return rc;
}

static void stream_free(struct dq_gpu_ctx *g, void *stream)
{
    if (stream && hip.SetDevice(g->device) == hipSuccess)
        hip.StreamDestroy(stream);
}

static int copy_in(struct dq_gpu_ctx *g, void *stream, void *d_dst, const void *src, size_t len,
    struct dq_error *e)
{
    const int rc = CHECK(SetDevice, (g->device), e);
    /* The header wants a pointer to what may be changed, and changes nothing. */
    return rc != 0 ? rc : CHECK(MemcpyHtoDAsync, (d_dst, (void *)(uintptr_t)src, len, stream), e);
}

static int copy_out(struct dq_gpu_ctx *g, void *stream, void *dst, const void *d_src, size_t len,
    struct dq_error *e)
{
    const int rc = CHECK(SetDevice, (g->device), e);
    return rc != 0 ? rc : CHECK(MemcpyDtoHAsync, (dst, (void *)(uintptr_t)d_src, len, stream), e);
}

static int fill(
    struct dq_gpu_ctx *g, void *stream, void *d_dst, uint8_t value, size_t len, struct dq_error *e)
{
    const int rc = CHECK(SetDevice, (g->device), e);
    return rc != 0 ? rc : CHECK(MemsetD8Async, (d_dst, value, len, stream), e);
}

static int launch(struct dq_gpu_ctx *g, void *stream, void *function, uint64_t nblocks,
    unsigned block_size, void **args, struct dq_error *e)
{
    const int rc = CHECK(SetDevice, (g->device), e);
    if (rc != 0)
        return rc;
    if (nblocks * block_size > UINT32_MAX) /* HIP counts a grid's threads in 32 bits */
        return dq_fail(
            e, DQ_ERR_GPU, "hipModuleLaunchKernel: a grid of %" PRIu64 " blocks", nblocks);
    return CHECK(ModuleLaunchKernel,
        (function, (unsigned)nblocks, 1, 1, block_size, 1, 1, 0, stream, args, NULL), e);
}

static int sync(struct dq_gpu_ctx *g, void *stream, struct dq_error *e)
{
    const int rc = CHECK(SetDevice, (g->device), e);
    return rc != 0 ? rc : CHECK(StreamSynchronize, (stream), e);
}

const struct dq_gpu_driver dq_gpu_hip = {
    .name = "hip",
    .targets = dq_hip_targets,
    .block_32 = 256,
    .block_16 = 256,
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
