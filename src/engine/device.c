#include "engine/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Finds the driver that the first len letters of text name. */
static bool find_driver(const char *text, size_t len, struct dq_device_choice *c)
{
    static const char *const known[] = {"hip", "cuda"};
    for (size_t i = 0; dq_gpu_drivers[i]; i++) {
        const char *name = dq_gpu_drivers[i]->name;
        if (strlen(name) == len && strncmp(text, name, len) == 0)
            c->driver = dq_gpu_drivers[i];
    }
    for (size_t i = 0; !c->driver && i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i]) == len && strncmp(text, known[i], len) == 0)
            c->absent = known[i];
    }
    return c->driver || c->absent || (len == 3 && strncmp(text, "gpu", 3) == 0);
}

/* Reads what stands behind the colon. */
static bool read_number(const char *text, struct dq_device_choice *c)
{
    char *end;
    c->all = strcmp(text, "all") == 0;
    if (c->all)
        return true;
    const long n = strtol(text, &end, 10);
    c->number = (int)n;
    return *text >= '0' && *text <= '9' && *end == '\0' && n < 1024;
}

int dq_device_parse(const char *text, struct dq_device_choice *out, struct dq_error *e)
{
    struct dq_device_choice c = {.kind = DQ_DEVICE_GPU};
    const size_t name_len = strcspn(text, ":");
    bool known = true;
    if (strcmp(text, "auto") == 0)
        c.kind = DQ_DEVICE_AUTO;
    else if (strcmp(text, "cpu") == 0)
        c.kind = DQ_DEVICE_CPU;
    else
        known = find_driver(text, name_len, &c);
    if (known && text[name_len] == ':')
        known = read_number(text + name_len + 1, &c);
    if (!known)
        return dq_fail(e, DQ_ERR_USAGE,
            "--device %s: auto, cpu, gpu[:N], hip[:N] and cuda[:N] are known; N is a number or all",
            text);
    *out = c;
    return 0;
}

bool dq_device_is_cpu(const struct dq_device_choice *c)
{
    return c->kind == DQ_DEVICE_CPU || !dq_gpu_drivers[0];
}

bool dq_device_any_runtime(void)
{
    for (size_t i = 0; dq_gpu_drivers[i]; i++) {
        if (dq_gpu_drivers[i]->is_loaded())
            return true;
    }
    return false;
}

int dq_device_find(const struct dq_device_choice *c, struct dq_gpu_id out[DQ_GPUS_MAX], size_t *n,
    struct dq_error *e)
{
    int seen = 0;
    char reasons[768] = "";
    *n = 0;
    if (c->absent)
        return dq_fail(e, DQ_ERR_GPU, "this program is built without %s", c->absent);
    if (!dq_gpu_drivers[0])
        return dq_fail(e, DQ_ERR_GPU, "this program is built without GPU support");
    for (size_t i = 0; dq_gpu_drivers[i]; i++) {
        const struct dq_gpu_driver *d = dq_gpu_drivers[i];
        struct dq_error why;
        int count = 0;
        if (c->driver && d != c->driver)
            continue;
        if (d->count(&count, &why) != 0) {
            const size_t used = strlen(reasons);
            snprintf(reasons + used, sizeof reasons - used, "%s%.360s", used ? "; " : "", why.text);
            continue;
        }
        for (int k = 0; k < count && *n < DQ_GPUS_MAX; k++) {
            if (c->all || seen + k == c->number)
                out[(*n)++] = (struct dq_gpu_id){d, k};
        }
        if (*n > 0 && !c->all)
            return 0;
        seen += count;
    }
    if (*n > 0)
        return 0;
    if (seen > 0)
        return dq_fail(e, DQ_ERR_GPU, "there is no device %d; %d %s found", c->number, seen,
            seen == 1 ? "is" : "are");
    return dq_fail(e, DQ_ERR_GPU, "no usable GPU: %s", reasons);
}

void dq_device_label(const struct dq_gpu_id *devices, size_t n, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n && len < size;) {
        const struct dq_gpu_id *first = &devices[i];
        size_t run = 1;
        while (i + run < n && first[run].driver == first->driver &&
               first[run].number == first->number + (int)run)
            run++;
        len += (size_t)snprintf(
            out + len, size - len, "%s%s:%d", i > 0 ? "," : "", first->driver->name, first->number);
        if (run > 1 && len < size)
            len += (size_t)snprintf(out + len, size - len, "-%d", first[run - 1].number);
        i += run;
    }
}
