/* The driver for AMD GPUs: HIP's module API, from libamdhip64.so. It uses only functions whose ABI
 * is the same in ROCm 5, 6 and 7; that of hipGetDeviceProperties, for one, is not. */
#define __HIP_PLATFORM_AMD__
#include "base/mem.h"
#include "gpu/amd_target.h"
#include "gpu/code.h"
#include "gpu/code_object.h"
#include "type/half.h"

#include <hip/hip_runtime_api.h>
#include <stdio.h>
#include <zstd.h>

/* The one declaration that changed. */
#if HIP_VERSION_MAJOR >= 7
typedef const void *copy_source;
#else
typedef void *copy_source;
#endif

typedef hipError_t api_result;
typedef hipStream_t api_stream;
typedef hipFunction_t api_function;
typedef hipModule_t api_module;
typedef hipDeviceptr_t api_address;

#define API_SUCCESS hipSuccess
#define API_OUT_OF_MEMORY hipErrorOutOfMemory
#define API_HOST_FLAGS hipHostMallocDefault
#define API_STREAM_FLAGS hipStreamNonBlocking

/* clang-format off */
#define FUNCTIONS(F)                                                                               \
    F(hipError_t, get_device_count, hipGetDeviceCount, (int *))                                    \
    F(hipError_t, device_get_name, hipDeviceGetName, (char *, int, hipDevice_t))                   \
    F(hipError_t, device_get_pci_bus_id, hipDeviceGetPCIBusId, (char *, int, int))                 \
    F(hipError_t, device_total_mem, hipDeviceTotalMem, (size_t *, hipDevice_t))                    \
    F(hipError_t, driver_get_version, hipDriverGetVersion, (int *))                                \
    F(hipError_t, runtime_get_version, hipRuntimeGetVersion, (int *))                              \
    F(hipError_t, set_device, hipSetDevice, (int))                                                 \
    F(hipError_t, set_device_flags, hipSetDeviceFlags, (unsigned))                                 \
    F(hipError_t, module_load_data, hipModuleLoadData, (hipModule_t *, const void *))              \
    F(hipError_t, module_unload, hipModuleUnload, (hipModule_t))                                   \
    F(hipError_t, module_get_function, hipModuleGetFunction,                                       \
        (hipFunction_t *, hipModule_t, const char *))                                              \
    F(hipError_t, mem_alloc, hipMalloc, (void **, size_t))                                         \
    F(hipError_t, mem_free, hipFree, (void *))                                                     \
    F(hipError_t, host_alloc, hipHostMalloc, (void **, size_t, unsigned))                          \
    F(hipError_t, host_free, hipHostFree, (void *))                                                \
    F(hipError_t, stream_create, hipStreamCreateWithFlags, (hipStream_t *, unsigned))              \
    F(hipError_t, stream_destroy, hipStreamDestroy, (hipStream_t))                                 \
    F(hipError_t, stream_synchronize, hipStreamSynchronize, (hipStream_t))                         \
    F(hipError_t, memcpy_h_to_d, hipMemcpyHtoDAsync,                                               \
        (hipDeviceptr_t, copy_source, size_t, hipStream_t))                                        \
    F(hipError_t, memcpy_d_to_h, hipMemcpyDtoHAsync,                                               \
        (void *, hipDeviceptr_t, size_t, hipStream_t))                                             \
    F(hipError_t, memset_d8, hipMemsetD8Async,                                                     \
        (hipDeviceptr_t, unsigned char, size_t, hipStream_t))                                      \
    F(hipError_t, launch_kernel, hipModuleLaunchKernel,                                            \
        (hipFunction_t, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,      \
            hipStream_t, void **, void **))                                                        \
    F(const char *, get_error_name, hipGetErrorName, (hipError_t))                                 \
    F(const char *, get_error_string, hipGetErrorString, (hipError_t))
/* clang-format on */

#include "gpu/driver_template.h"

static void describe_result(hipError_t code, const char **name, const char **description)
{
    *name = api.get_error_name(code);
    *description = api.get_error_string(code);
}

static const char kernel_driver[] = "/sys/class/kfd/kfd/topology/nodes";

/* ROCm 7 says that code without a part for the card is invalid. */
static bool is_no_code(hipError_t result)
{
    return result == hipErrorNoBinaryForGpu || result == hipErrorInvalidImage;
}

static void advise(const char *arch, char *out, size_t size)
{
    dq_amd_advise(arch, dq_hip_targets, out, size);
}

static int describe(int ordinal, struct dq_gpu_info *out, struct dq_error *e)
{
    struct dq_gpu_info info = {0};
    char pci[64] = "";
    size_t memory = 0;
    int version = 0;
    int driver = 0;
    int rc = dq_gpu_runtime_need(&runtime, e);
    if (rc == 0)
        rc = CHECK(device_get_name, (info.name, sizeof info.name, ordinal), e);
    if (rc == 0)
        rc = CHECK(device_total_mem, (&memory, ordinal), e);
    if (rc == 0)
        rc = CHECK(device_get_pci_bus_id, (pci, sizeof pci, ordinal), e);
    if (rc == 0)
        rc = CHECK(runtime_get_version, (&version), e);
    if (rc == 0)
        rc = CHECK(driver_get_version, (&driver), e);
    if (rc != 0)
        return rc;
    info.memory = memory;
    dq_amd_target(kernel_driver, pci, info.arch, sizeof info.arch);
    snprintf(
        info.driver, sizeof info.driver, "HIP %d.%d", version / 10000000, version / 100000 % 100);
    *out = info;
    return 0;
}

static int make_current(struct dq_gpu_ctx *g, struct dq_error *e)
{
    return CHECK(set_device, (g->ordinal), e);
}

/* Loads the first of some code objects that is for the device. Those that name its target come first; but
 * generic code does not name it, the target may be unknown, and the runtime may be told to take the device for
 * another, so all are tried. */
static int load_suitable(
    struct dq_gpu_ctx *g, const struct dq_code_objects *c, const char *arch, struct dq_error *e)
{
    bool is_missing = true;
    char targets[512];
    int rc = 0;
    for (int named = 1; named >= 0; named--)
        for (size_t i = 0; rc == 0 && is_missing && i < c->n; i++)
            if (dq_amd_is_among(c->list[i].target, arch) == named)
                rc = load_image(g, c->list[i].elf, &is_missing, e);
    if (rc != 0 || !is_missing)
        return rc;
    dq_code_objects_targets(c, targets, sizeof targets);
    return fail_no_code(g, &dq_gpu_hip, targets, e);
}

static int load_file(struct dq_gpu_ctx *g, const char *arch, struct dq_error *e)
{
    struct dq_code_objects c;
    struct dq_error why;
    int rc = dq_code_objects_read(g->file.bytes, g->file.len, &c, &why);
    if (rc != 0)
        return dq_fail(e, rc, "GGUF_DQ_HSACO=%s: %s", g->file.path, why.text);
    rc = load_suitable(g, &c, arch, e);
    g->image = c.decompressed; /* the module refers to it */
    c.decompressed = NULL;
    dq_code_objects_free(&c);
    return rc;
}

/* Loads what is built in for a target. */
static int load_part(
    struct dq_gpu_ctx *g, const struct dq_hip_part *part, bool *is_missing, struct dq_error *e)
{
    const uint8_t *row = dq_hip_code + (size_t)8 * part->object;
    const uint8_t *packed = dq_hip_code + dq_u32(row);
    const size_t packed_len = dq_u32(row + 4);
    const size_t len = (size_t)ZSTD_getFrameContentSize(packed, packed_len);
    uint8_t *elf = dq_mem_alloc(len);
    if (!elf || ZSTD_isError(ZSTD_decompress(elf, len, packed, packed_len))) {
        dq_mem_free(elf);
        return dq_fail_nomem(e);
    }
    if (part->flags != 0)
        dq_amd_make_sibling(elf, len, part->target, part->flags);
    const int rc = load_image(g, elf, is_missing, e);
    if (rc == 0 && !*is_missing)
        g->image = elf; /* the module refers to it */
    else
        dq_mem_free(elf);
    return rc;
}

/* As load_suitable, with what is built in. */
static int load_built_in(struct dq_gpu_ctx *g, const char *arch, struct dq_error *e)
{
    bool is_missing = true;
    int rc = 0;
    for (int named = 1; named >= 0; named--)
        for (const struct dq_hip_part *p = dq_hip_parts; rc == 0 && is_missing && p->target; p++)
            if (dq_amd_is_among(p->target, arch) == named)
                rc = load_part(g, p, &is_missing, e);
    return rc == 0 && is_missing ? fail_no_code(g, &dq_gpu_hip, "", e) : rc;
}

static int load(struct dq_gpu_ctx *g, struct dq_error *e)
{
    struct dq_gpu_info info;
    int rc = make_current(g, e);
    if (rc == 0)
        rc = describe(g->ordinal, &info, e);
    if (rc != 0)
        return rc;
    if (dq_gpu_should_sleep()) /* best effort: refused on a device in use */
        api.set_device_flags(hipDeviceScheduleBlockingSync);
    return g->file.path ? load_file(g, info.arch, e) : load_built_in(g, info.arch, e);
}

static void unload(struct dq_gpu_ctx *g)
{
    if (g->module && api.set_device(g->ordinal) == hipSuccess)
        api.module_unload(g->module);
}

/* ROCm 8 to 5; the bare name exists where development files are installed. */
static const char *const libraries[] = {"libamdhip64.so.8", "libamdhip64.so.7", "libamdhip64.so.6",
    "libamdhip64.so.5", "libamdhip64.so", NULL};

/* AMD's own packages do not tell the loader where they are; those for pip are _rocm_sdk_core and torch. */
static const char *const folders[] = {"$ROCM_PATH/lib", "", "/opt/rocm/lib", "/opt/rocm-*/lib",
    "$VIRTUAL_ENV/lib/python3*/site-packages/*/lib",
    "$HOME/.local/lib/python3*/site-packages/*/lib", "/usr/local/lib/python3*/*-packages/*/lib",
    NULL};

static struct dq_gpu_runtime runtime = {
    .what = "HIP runtime",
    RUNTIME_FUNCTIONS,
    .libraries = libraries,
    .folders = folders,
    .load = load,
    .unload = unload,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

const struct dq_gpu_driver dq_gpu_hip = {
    .name = "hip",
    .targets = dq_hip_targets,
    .block_32 = 256,
    .block_16 = 256,
    DRIVER_OPERATIONS,
};
