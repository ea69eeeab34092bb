/* What the stand-in reports when the program ends. */
#include "amdhip.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void report(const char *path, const struct hip_device *d)
{
    size_t n_kernels = 0;
    const struct amd_counts *c = &d->counts;
    FILE *file = fopen(path, "ae");
    for (const struct hip_name *k = d->kernels; k; k = k->next)
        n_kernels++;
    if (file)
        fprintf(file,
            "%s: kernels=%zu launches=%" PRIu64 " waves=%" PRIu64 " insns=%" PRIu64
            " lane_insns=%" PRIu64 " loaded=%" PRIu64 " stored=%" PRIu64 "\n",
            d->target.processor, n_kernels, d->n_launches, c->waves, c->insns, c->lane_insns,
            c->loaded, c->stored);
    if (!file || fclose(file) != 0)
        fprintf(stderr, "amdhip: DQ_AMD_REPORT=%s: cannot be written\n", path);
}

static void tell_leaks(const struct hip_device *d)
{
    for (const struct hip_buffer *b = d->buffers; b; b = b->next)
        fprintf(stderr, "amdhip: device %d: %zu bytes of memory are left\n", d->number, b->len);
    for (const struct hip_module *m = d->modules; m; m = m->next)
        fprintf(stderr, "amdhip: device %d: a module is left\n", d->number);
    for (const struct hip_stream *s = d->streams; s; s = s->next)
        fprintf(stderr, "amdhip: device %d: a stream%s is left\n", d->number,
            s->first ? " with work that nobody waited for" : "");
}

static __attribute__((destructor)) void at_exit(void)
{
    const char *path = getenv("DQ_AMD_REPORT");
    const char *leaks = getenv("DQ_AMD_LEAKS");
    int n;
    const struct hip_device *d = hip_devices(&n);
    for (int i = 0; i < n; i++) {
        if (path && *path && d[i].n_launches > 0)
            report(path, &d[i]);
        if (leaks && *leaks)
            tell_leaks(&d[i]);
    }
    if (leaks && *leaks && hip_count_pinned() > 0)
        fprintf(stderr, "amdhip: %zu pieces of pinned memory are left\n", hip_count_pinned());
}
