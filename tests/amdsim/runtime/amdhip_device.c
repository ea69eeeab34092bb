/* The cards, from $DQ_AMD_TARGET, and the objects that the program holds. */
#include "amdhip.h"

#include "amdhip_faults.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Addresses of one card are of no other: they differ in the upper byte. */
enum { DEVICE_SHIFT = 56 };
static const uint64_t first_address = 0x010000000000;

/* Features of processors, from LLVM's table. By default, a card that has them runs with error
 * correction and without replay of page faults. */
static const char *const with_sramecc[] = {
    "gfx906", "gfx908", "gfx90a", "gfx940", "gfx941", "gfx942", "gfx950", NULL};
static const char *const with_xnack[] = {"gfx900", "gfx902", "gfx904", "gfx906", "gfx908", "gfx909",
    "gfx90a", "gfx90c", "gfx940", "gfx941", "gfx942", "gfx950", "gfx1010", "gfx1011", "gfx1012",
    "gfx1013", NULL};

static struct hip_device devices[HIP_MAX_DEVICES];
static int n_devices = -1; /* not looked for yet */

static bool is_among(const char *const *list, const char *name)
{
    while (*list && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

/* The variable of AMD's runtime that lets it take a card for another. */
static void override_processor(char *out, size_t size)
{
    const char *text = getenv("HSA_OVERRIDE_GFX_VERSION");
    unsigned major;
    unsigned minor;
    unsigned stepping;
    if (text && sscanf(text, "%u.%u.%u", &major, &minor, &stepping) == 3)
        snprintf(out, size, "gfx%u%x%x", major, minor, stepping);
}

static void parse_target(const char *text, size_t len, struct hip_target *out)
{
    if (!hip_target_parse(text, len, out))
        hip_bad_setting("DQ_AMD_TARGET", text);
    override_processor(out->processor, sizeof out->processor);
    if (out->sramecc == ' ' && is_among(with_sramecc, out->processor))
        out->sramecc = '+';
    if (out->xnack == ' ' && is_among(with_xnack, out->processor))
        out->xnack = '-';
}

struct hip_device *hip_devices(int *out_n)
{
    const char *text = getenv("DQ_AMD_TARGET");
    if (n_devices < 0)
        n_devices = 0;
    else
        text = NULL;
    while (text && *text) {
        const size_t len = strcspn(text, ",");
        struct hip_device *d = &devices[n_devices];
        if (n_devices == HIP_MAX_DEVICES)
            hip_bad_setting("DQ_AMD_TARGET", text);
        d->number = n_devices++;
        d->total = (size_t)hip_setting("DQ_AMD_MEMORY", (uint64_t)16 << 30);
        d->room = d->total;
        d->memory.next = first_address + ((uint64_t)d->number << DEVICE_SHIFT);
        parse_target(text, len, &d->target);
        text += len + (text[len] == ',');
    }
    *out_n = n_devices;
    return devices;
}

uintptr_t hip_new_handle(void)
{
    static uintptr_t last = (uintptr_t)0x7a << 56;
    return last += 16;
}

struct hip_buffer *hip_find_buffer(struct hip_device *d, uint64_t address)
{
    struct hip_buffer *b = d->buffers;
    while (b && address - b->base >= b->len)
        b = b->next;
    return b;
}

struct hip_module *hip_find_module(hipModule_t handle)
{
    for (int i = 0; i < n_devices; i++) {
        for (struct hip_module *m = devices[i].modules; m; m = m->next) {
            if (m->handle == (uintptr_t)handle)
                return m;
        }
    }
    return NULL;
}

struct hip_function *hip_find_function(hipFunction_t handle)
{
    for (int i = 0; i < n_devices; i++) {
        for (struct hip_module *m = devices[i].modules; m; m = m->next) {
            for (struct hip_function *f = m->functions; f; f = f->next) {
                if (f->handle == (uintptr_t)handle)
                    return f;
            }
        }
    }
    return NULL;
}

struct hip_stream *hip_find_stream(hipStream_t handle)
{
    for (int i = 0; i < n_devices; i++) {
        for (struct hip_stream *s = devices[i].streams; s; s = s->next) {
            if (s->handle == (uintptr_t)handle)
                return s;
        }
    }
    return NULL;
}
