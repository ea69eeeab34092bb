/* HIP's functions for streams, copies and launches. */
#include "amdhip.h"

#include "amdhip_call.h"
#include "amdhip_stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_GROUP = 1024, LDS_LEN = 64 << 10 };

/* A call that asks for work ends. A program that was refused something leaves out what belongs to
 * it, which is no fault. */
static hipError_t leave_work(hipStream_t stream, hipError_t rc)
{
    struct hip_stream *s = hip_find_stream(stream);
    if (s && rc != hipSuccess)
        s->is_given_up = true;
    return hip_leave(rc);
}

/* The stream of a handle, if it is one of this device. */
static hipError_t need_stream(
    const struct hip_device *d, hipStream_t handle, struct hip_stream **out)
{
    struct hip_stream *s = hip_find_stream(handle);
    if (!handle)
        return hip_refuse(hipErrorInvalidResourceHandle, "the default stream is not played");
    if (!s)
        return hip_refuse(hipErrorContextIsDestroyed, "%p is no stream", (void *)handle);
    if (s->device != d)
        return hip_refuse(hipErrorInvalidResourceHandle,
            "the stream is of device %d, but %d is set", s->device->number, d->number);
    *out = s;
    return hipSuccess;
}

hipError_t hipStreamCreateWithFlags(hipStream_t *stream, unsigned flags)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_StreamCreateWithFlags, &d);
    if (rc == hipSuccess &&
        (!stream || (flags != hipStreamDefault && flags != hipStreamNonBlocking)))
        rc = hip_refuse(hipErrorInvalidValue, "flags %#x, %p", flags, (void *)stream);
    if (rc != hipSuccess)
        return hip_leave(rc);
    struct hip_stream *s = malloc(sizeof *s);
    if (!s)
        return hip_leave(hipErrorOutOfMemory);
    *s = (struct hip_stream){.next = d->streams, .handle = hip_new_handle(), .device = d};
    d->streams = s;
    *stream = (hipStream_t)s->handle;
    return hip_leave(hipSuccess);
}

hipError_t hipStreamDestroy(hipStream_t stream)
{
    struct hip_device *d;
    struct hip_stream *s = NULL;
    hipError_t rc = hip_enter(HIP_StreamDestroy, &d);
    if (rc == hipSuccess)
        rc = need_stream(d, stream, &s);
    if (rc != hipSuccess)
        return hip_leave(rc);
    struct hip_stream **place = &d->streams;
    hip_stream_run(s);
    hip_check_outputs(s);
    while (*place != s)
        place = &(*place)->next;
    *place = s->next;
    free(s);
    return hip_leave(d->fault);
}

hipError_t hipStreamSynchronize(hipStream_t stream)
{
    struct hip_device *d;
    struct hip_stream *s = NULL;
    bool has_launched = false;
    const hipError_t enter_rc = hip_enter(HIP_StreamSynchronize, &d);
    hipError_t rc = d ? need_stream(d, stream, &s) : enter_rc;
    if (rc == hipSuccess && enter_rc != hipSuccess) {
        hip_stream_drop(s);
        rc = enter_rc;
    }
    if (rc == hipSuccess) {
        const uint64_t n_launches = d->n_launches;
        hip_stream_run(s);
        has_launched = d->n_launches != n_launches;
        rc = hip_check_outputs(s);
    }
    rc = leave_work(stream, rc);
    if (has_launched)
        hip_be_slow();
    return rc;
}

/* A copy of len bytes between the card and the host, or a fill. */
static hipError_t put_copy(struct hip_device *d, struct hip_task *t, hipStream_t stream)
{
    struct hip_stream *s = NULL;
    const hipError_t rc = need_stream(d, stream, &s);
    if (rc != hipSuccess)
        return rc;
    if (t->len == 0)
        return hipSuccess;
    if (!t->address || (!t->host && t->work != HIP_FILL))
        return hip_refuse(hipErrorInvalidValue, "NULL");
    const struct hip_buffer *b = hip_find_buffer(d, t->address);
    if (!b || t->len > b->len - (t->address - b->base))
        return hip_refuse(hipErrorInvalidValue,
            "%zu bytes at 0x%" PRIx64 " are not all in memory of device %d", t->len, t->address,
            d->number);
    if (t->work != HIP_FILL && !hip_is_pinned(t->host, t->len))
        return hip_refuse(hipErrorInvalidValue, "%zu bytes at %p are not all in pinned memory",
            t->len, (void *)t->host);
    t->fails_with = hip_fault_of_work();
    return hip_stream_put(s, t);
}

hipError_t hipMemcpyHtoDAsync(
    hipDeviceptr_t dst, hip_copy_source src, size_t len, hipStream_t stream)
{
    struct hip_device *d;
    struct hip_task t = {
        .work = HIP_COPY_IN, .address = (uintptr_t)dst, .host = (void *)(uintptr_t)src, .len = len};
    hipError_t rc = hip_enter(HIP_MemcpyHtoDAsync, &d);
    if (rc == hipSuccess)
        rc = put_copy(d, &t, stream);
    return leave_work(stream, rc);
}

hipError_t hipMemcpyDtoHAsync(void *dst, hipDeviceptr_t src, size_t len, hipStream_t stream)
{
    struct hip_device *d;
    struct hip_task t = {.work = HIP_COPY_OUT, .address = (uintptr_t)src, .host = dst, .len = len};
    hipError_t rc = hip_enter(HIP_MemcpyDtoHAsync, &d);
    if (rc == hipSuccess)
        rc = put_copy(d, &t, stream);
    return leave_work(stream, rc);
}

hipError_t hipMemsetD8Async(hipDeviceptr_t dst, unsigned char value, size_t len, hipStream_t stream)
{
    struct hip_device *d;
    struct hip_task t = {.work = HIP_FILL, .address = (uintptr_t)dst, .value = value, .len = len};
    hipError_t rc = hip_enter(HIP_MemsetD8Async, &d);
    if (rc == hipSuccess)
        rc = put_copy(d, &t, stream);
    return leave_work(stream, rc);
}

static bool is_hidden(const struct amd_arg *a)
{
    return strncmp(a->kind, "hidden_", 7) == 0;
}

/* Copies the arguments, each to its offset. */
static hipError_t copy_args(const struct amd_kernel *k, void **args, uint8_t **out)
{
    uint8_t *copy = calloc(1, k->kernarg_len + 1);
    if (!copy)
        return hipErrorOutOfMemory;
    for (uint32_t i = 0; i < k->n_args; i++) {
        const struct amd_arg *a = &k->args[i];
        if (a->offset > k->kernarg_len || a->size > k->kernarg_len - a->offset)
            hip_crash("%s: argument %" PRIu32 " is not in the %" PRIu32 " bytes of all", k->name, i,
                k->kernarg_len);
        if (is_hidden(a))
            continue;
        if (!args[i])
            hip_crash("%s: argument %" PRIu32 " is NULL", k->name, i);
        memcpy(copy + a->offset, args[i], a->size);
    }
    *out = copy;
    return hipSuccess;
}

/* Whether the launch is possible: grid and group, both in x, y and z. */
static hipError_t check_sizes(
    const struct amd_kernel *k, const unsigned grid[3], const unsigned group[3], unsigned lds_len)
{
    for (int i = 0; i < 3; i++) {
        if (grid[i] == 0 || group[i] == 0 || (uint64_t)grid[i] * group[i] > UINT32_MAX)
            return hip_refuse(
                hipErrorInvalidConfiguration, "%u groups of %u threads", grid[i], group[i]);
    }
    if (lds_len > LDS_LEN)
        return hip_refuse(hipErrorInvalidValue, "%u bytes of shared memory", lds_len);
    if ((uint64_t)group[0] * group[1] * group[2] > MAX_GROUP)
        return hip_refuse(hipErrorInvalidConfiguration, "groups of %u x %u x %u threads", group[0],
            group[1], group[2]);
    if (group[0] * group[1] * group[2] > k->max_group_size)
        return hip_refuse(hipErrorLaunchFailure, "%s: more than %" PRIu32 " threads in a group",
            k->name, k->max_group_size);
    if (grid[1] != 1 || grid[2] != 1 || group[1] != 1 || group[2] != 1 || lds_len != 0)
        return hip_refuse(
            hipErrorNotSupported, "y, z and shared memory of the launch are not played");
    return hipSuccess;
}

static hipError_t check_launch(const struct hip_device *d, const struct hip_function *f,
    const unsigned grid[3], const unsigned group[3], unsigned lds_len, void **args, void **extra)
{
    const struct amd_kernel *k = f->kernel;
    if (args && extra)
        return hip_refuse(hipErrorInvalidValue, "arguments of both kinds");
    if (extra)
        return hip_refuse(hipErrorNotSupported, "arguments as a whole are not played");
    const hipError_t rc = check_sizes(k, grid, group, lds_len);
    if (rc != hipSuccess)
        return rc;
    if (!args && k->n_args > 0 && !is_hidden(&k->args[0]))
        return hip_refuse(hipErrorInvalidValue, "%s: no arguments", k->name);
    if (f->module->device != d)
        return hip_refuse(hipErrorInvalidDevice, "%s is of device %d, but %d is set", k->name,
            f->module->device->number, d->number);
    return hipSuccess;
}

static hipError_t put_launch(
    struct hip_task *t, hipStream_t stream, struct hip_device *d, void **args)
{
    struct hip_stream *s = NULL;
    hipError_t rc = need_stream(d, stream, &s);
    if (rc == hipSuccess)
        rc = copy_args(t->function->kernel, args, &t->args);
    if (rc != hipSuccess)
        return rc;
    t->fails_with = hip_fault_of_work();
    rc = hip_stream_put(s, t);
    if (rc != hipSuccess)
        free(t->args);
    return rc;
}

hipError_t hipModuleLaunchKernel(hipFunction_t function, unsigned grid_x, unsigned grid_y,
    unsigned grid_z, unsigned group_x, unsigned group_y, unsigned group_z, unsigned lds_len,
    hipStream_t stream, void **args, void **extra)
{
    const unsigned grid[3] = {grid_x, grid_y, grid_z};
    const unsigned group[3] = {group_x, group_y, group_z};
    struct hip_device *d;
    struct hip_task t = {.work = HIP_LAUNCH, .n_groups = grid_x, .group_size = group_x};
    hipError_t rc = hip_enter(HIP_ModuleLaunchKernel, &d);
    if (rc == hipSuccess && !function)
        rc = hip_refuse(hipErrorInvalidImage, "no function");
    if (rc != hipSuccess)
        return leave_work(stream, rc);
    t.function = hip_find_function(function);
    if (!t.function)
        hip_crash("%p is no function", (void *)function);
    rc = check_launch(d, t.function, grid, group, lds_len, args, extra);
    if (rc == hipSuccess)
        rc = put_launch(&t, stream, d, args);
    return leave_work(stream, rc);
}
