/* HIP's functions for memory of the device, and for page-locked memory of the host. */
#include "amdhip.h"

#include "amdhip_call.h"
#include "amdhip_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Host memory that devices copy from and to. */
struct pinned {
    struct pinned *next;
    uint8_t *bytes;
    size_t len;
};

static struct pinned *pinned;

static hipError_t allocate(struct hip_device *d, size_t len, void **out)
{
    static uint64_t n_allocations;
    struct dq_error e;
    char name[32];
    uint64_t base;
    *out = NULL;
    if (len == 0)
        return hipSuccess;
    struct hip_buffer *b = len > d->room ? NULL : calloc(1, sizeof *b);
    if (!b)
        return hipErrorOutOfMemory;
    snprintf(name, sizeof name, "buffer %" PRIu64 " (%zu)", ++n_allocations, len);
    if (amd_memory_add(&d->memory, len, name, &base, &e) != 0) {
        free(b);
        return hipErrorOutOfMemory;
    }
    *b = (struct hip_buffer){.next = d->buffers, .base = base, .len = len};
    d->buffers = b;
    d->room -= len;
    *out = (void *)(uintptr_t)base;
    return hipSuccess;
}

hipError_t hipMalloc(void **ptr, size_t size)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_Malloc, &d);
    if (rc == hipSuccess && !ptr)
        rc = hip_refuse(hipErrorInvalidValue, "NULL");
    if (rc == hipSuccess)
        rc = allocate(d, size, ptr);
    return hip_leave(rc);
}

static hipError_t release(struct hip_device *d, struct hip_buffer *b)
{
    struct hip_buffer **place = &d->buffers;
    struct dq_error e;
    hip_run_all();
    hip_check_output(d, b);
    while (*place != b)
        place = &(*place)->next;
    *place = b->next;
    d->room += b->len;
    amd_memory_remove(&d->memory, b->base, &e);
    free(b);
    return d->fault;
}

hipError_t hipFree(void *ptr)
{
    struct hip_device *d;
    struct hip_buffer *b = NULL;
    hipError_t rc = hip_enter(HIP_Free, &d);
    int n;
    struct hip_device *all = hip_devices(&n);
    if (rc != hipSuccess || !ptr)
        return hip_leave(rc);
    for (int i = 0; !b && i < n; i++) {
        d = all + i;
        b = hip_find_buffer(d, (uintptr_t)ptr);
    }
    if (!b || b->base != (uintptr_t)ptr)
        return hip_leave(hip_refuse(hipErrorInvalidValue, "%p is no allocation", ptr));
    return hip_leave(release(d, b));
}

static hipError_t pin(size_t len, void **out)
{
    *out = NULL;
    if (len == 0)
        return hipSuccess;
    struct pinned *p = malloc(sizeof *p);
    uint8_t *bytes = malloc(len);
    if (!p || !bytes) {
        free(p);
        free(bytes);
        return hipErrorOutOfMemory;
    }
    *p = (struct pinned){pinned, bytes, len};
    pinned = p;
    *out = bytes;
    return hipSuccess;
}

hipError_t hipHostMalloc(void **ptr, size_t size, unsigned flags)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_HostMalloc, &d);
    if (rc == hipSuccess && !ptr)
        rc = hip_refuse(hipErrorInvalidValue, "NULL");
    if (rc == hipSuccess && flags != hipHostMallocDefault)
        rc = hip_refuse(hipErrorInvalidValue, "flags %#x are not played", flags);
    if (rc == hipSuccess)
        rc = pin(size, ptr);
    return hip_leave(rc);
}

hipError_t hipHostFree(void *ptr)
{
    struct hip_device *d;
    hipError_t rc = hip_enter(HIP_HostFree, &d);
    struct pinned **place = &pinned;
    if (rc != hipSuccess || !ptr)
        return hip_leave(rc);
    while (*place && (*place)->bytes != ptr)
        place = &(*place)->next;
    struct pinned *p = *place;
    if (!p)
        return hip_leave(hip_refuse(hipErrorInvalidValue, "%p is no pinned memory", ptr));
    hip_run_all();
    *place = p->next;
    free(p->bytes);
    free(p);
    return hip_leave(d->fault);
}

bool hip_is_pinned(const void *ptr, size_t len)
{
    for (const struct pinned *p = pinned; p; p = p->next) {
        const size_t at = (uintptr_t)ptr - (uintptr_t)p->bytes;
        if (at <= p->len && len <= p->len - at)
            return true;
    }
    return false;
}

size_t hip_count_pinned(void)
{
    size_t n = 0;
    for (const struct pinned *p = pinned; p; p = p->next)
        n++;
    return n;
}
