/* HIP's functions for devices and modules. */
#include "amdhip.h"

#include "amdhip_call.h"
#include "amdhip_faults.h"
#include "amdhip_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The version of ROCm that this plays. */
static int rocm(void)
{
    return (int)hip_setting("DQ_AMD_ROCM", 7);
}

hipError_t hipGetDeviceCount(int *count)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_GetDeviceCount, &d);
    if (!count)
        return hip_leave(hip_refuse(hipErrorInvalidValue, "NULL"));
    *count = 0;
    if (rc == hipSuccess) {
        hip_devices(count);
        rc = *count == 0 ? hipErrorNoDevice : hipSuccess;
    }
    return hip_leave(rc);
}

hipError_t hipDeviceGetName(char *name, int len, hipDevice_t device)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_DeviceGetName, &d);
    if (rc == hipSuccess && (!name || len <= 0))
        rc = hip_refuse(hipErrorInvalidValue, "%d bytes at %p", len, (void *)name);
    if (rc == hipSuccess)
        rc = hip_need_device(device, &d);
    if (rc == hipSuccess)
        snprintf(name, (size_t)len, "interpreted %s", d->target.processor);
    return hip_leave(rc);
}

hipError_t hipDeviceGetPCIBusId(char *text, int len, int device)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_DeviceGetPCIBusId, &d);
    if (rc == hipSuccess && (!text || len < 13))
        rc = hip_refuse(hipErrorInvalidValue, "%d bytes at %p", len, (void *)text);
    if (rc == hipSuccess)
        rc = hip_need_device(device, &d);
    if (rc == hipSuccess) /* in a domain in which there is no real card */
        snprintf(text, (size_t)len, "fffe:%02x:00.0", (unsigned)d->number & 0xff);
    return hip_leave(rc);
}

hipError_t hipDeviceTotalMem(size_t *bytes, hipDevice_t device)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_DeviceTotalMem, &d);
    if (rc == hipSuccess && !bytes)
        rc = hip_refuse(hipErrorInvalidValue, "NULL");
    if (rc == hipSuccess)
        rc = hip_need_device(device, &d);
    if (rc == hipSuccess)
        *bytes = d->total;
    return hip_leave(rc);
}

static hipError_t version(enum hip_call call, int *out)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(call, &d);
    if (rc == hipSuccess && !out)
        rc = hip_refuse(hipErrorInvalidValue, "NULL");
    if (rc == hipSuccess)
        *out = rocm() * 10000000;
    return hip_leave(rc);
}

hipError_t hipDriverGetVersion(int *out)
{
    return version(HIP_DriverGetVersion, out);
}

hipError_t hipRuntimeGetVersion(int *out)
{
    return version(HIP_RuntimeGetVersion, out);
}

hipError_t hipSetDevice(int device)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_SetDevice, &d);
    if (rc == hipSuccess)
        rc = hip_need_device(device, &d);
    if (rc == hipSuccess)
        hip_set_current(device);
    return hip_leave(rc);
}

/* How a thread waits is of no account here; nor has a device that is in use other flags. */
hipError_t hipSetDeviceFlags(unsigned flags)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_SetDeviceFlags, &d);
    if (rc == hipSuccess && flags & ~(unsigned)(hipDeviceScheduleMask | hipDeviceMapHost))
        rc = hip_refuse(hipErrorInvalidValue, "flags 0x%x", flags);
    return hip_leave(rc);
}

/* Writes a code object to $DQ_AMD_CODE. */
static void save(const void *code, size_t len)
{
    const char *path = getenv("DQ_AMD_CODE");
    FILE *file = path ? fopen(path, "wb") : NULL;
    if (file && (fwrite(code, 1, len, file) != len || fclose(file) != 0))
        hip_bad_setting("DQ_AMD_CODE", path);
}

static hipError_t load(struct hip_device *d, const void *image, struct hip_module **out)
{
    const bool takes_generic = rocm() >= 7;
    struct hip_target built;
    struct dq_error e;
    const void *code;
    size_t len;
    const hipError_t rc = hip_pick_code(image, &d->target, takes_generic, &code, &len);
    if (rc != hipSuccess)
        return rc;
    struct hip_module *m = calloc(1, sizeof *m);
    if (!m)
        return hipErrorOutOfMemory;
    if (amd_code_load(&d->memory, code, len, &m->code, &e) != 0) {
        free(m);
        return hip_refuse(hipErrorInvalidImage, "%s", e.text);
    }
    if (!hip_target_parse(m->code->target, strlen(m->code->target), &built) ||
        !hip_target_runs(&d->target, &built, takes_generic)) {
        const hipError_t refused = hip_refuse(hipErrorInvalidImage,
            "the code object is for %s by its metadata alone", m->code->target);
        amd_code_free(&d->memory, m->code);
        free(m);
        return refused;
    }
    save(code, len);
    *out = m;
    return hipSuccess;
}

hipError_t hipModuleLoadData(hipModule_t *module, const void *image)
{
    struct hip_device *d;
    struct hip_module *m;
    hipError_t rc = hip_enter(HIP_ModuleLoadData, &d);
    if (rc == hipSuccess && (!module || !image))
        rc = hip_refuse(hipErrorInvalidValue, "NULL");
    if (rc == hipSuccess)
        rc = load(d, image, &m);
    if (rc == hipErrorNoBinaryForGpu && rocm() >= 7)
        rc = hipErrorInvalidImage;
    if (rc == hipSuccess) {
        m->handle = hip_new_handle();
        m->device = d;
        m->next = d->modules;
        d->modules = m;
        *module = (hipModule_t)m->handle;
    }
    return hip_leave(rc);
}

static hipError_t unload(struct hip_module *m)
{
    struct hip_device *d = m->device;
    struct hip_module **place = &d->modules;
    hip_run_all();
    while (*place != m)
        place = &(*place)->next;
    *place = m->next;
    while (m->functions) {
        struct hip_function *next = m->functions->next;
        free(m->functions);
        m->functions = next;
    }
    amd_code_free(&d->memory, m->code);
    free(m);
    return d->fault;
}

hipError_t hipModuleUnload(hipModule_t module)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_ModuleUnload, &d);
    struct hip_module *m = hip_find_module(module);
    if (rc == hipSuccess && !module)
        rc = hip_refuse(hipErrorInvalidResourceHandle, "NULL");
    if (rc == hipSuccess && !m)
        rc = hip_refuse(hipErrorNotFound, "%p is no module", (void *)module);
    if (rc == hipSuccess)
        rc = unload(m);
    return hip_leave(rc);
}

static hipError_t get_function(struct hip_module *m, const char *name, hipFunction_t *out)
{
    const struct amd_kernel *kernel = amd_code_kernel(m->code, name);
    struct hip_function *f = m->functions;
    if (!kernel)
        return hipErrorNotFound;
    while (f && f->kernel != kernel)
        f = f->next;
    if (!f) {
        f = malloc(sizeof *f);
        if (!f)
            return hipErrorOutOfMemory;
        *f = (struct hip_function){m->functions, hip_new_handle(), m, kernel};
        m->functions = f;
    }
    *out = (hipFunction_t)f->handle;
    return hipSuccess;
}

hipError_t hipModuleGetFunction(hipFunction_t *function, hipModule_t module, const char *name)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_ModuleGetFunction, &d);
    struct hip_module *m = hip_find_module(module);
    if (rc == hipSuccess && (!function || !name || !*name))
        rc = hip_refuse(hipErrorInvalidValue, "NULL, or no name");
    if (rc == hipSuccess && !module)
        rc = hip_refuse(hipErrorInvalidResourceHandle, "NULL");
    if (rc == hipSuccess && !m)
        rc = hip_refuse(hipErrorNotFound, "%p is no module", (void *)module);
    if (rc == hipSuccess && m->device != d)
        rc = hip_refuse(hipErrorNotFound, "the module is of device %d", m->device->number);
    if (rc == hipSuccess)
        rc = get_function(m, name, function);
    return hip_leave(rc);
}
