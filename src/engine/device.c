#include "engine/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Finds the driver that the first len characters of text name. */
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

/* Parses what follows the colon: an ordinal, or "all". */
static bool parse_which(const char *text, struct dq_device_choice *c)
{
    char *end;
    const bool all = strcmp(text, "all") == 0;
    c->which = all ? DQ_GPU_ALL : DQ_GPU_ONE;
    if (all)
        return true;
    const long n = strtol(text, &end, 10);
    c->ordinal = (int)n;
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
        known = parse_which(text + name_len + 1, &c);
    if (!known)
        return dq_fail(e, DQ_ERR_USAGE,
            "--device %s: expected auto, cpu, gpu[:N], hip[:N] or cuda[:N], where N is a number "
            "or all",
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
            if (c->which != DQ_GPU_ONE || seen + k == c->ordinal)
                out[(*n)++] = (struct dq_gpu_id){d, k};
        }
        if (*n > 0 && c->which == DQ_GPU_ONE)
            return 0;
        seen += count;
    }
    if (*n > 0)
        return 0;
    if (seen > 0)
        return dq_fail(e, DQ_ERR_GPU, "there is no device %d; found %d", c->ordinal, seen);
    return dq_fail(e, DQ_ERR_GPU, "no usable GPU: %s", reasons);
}

void dq_device_label(const struct dq_gpu_id *gpus, size_t n, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n && len < size;) {
        const struct dq_gpu_id *first = &gpus[i];
        size_t run = 1;
        while (i + run < n && first[run].driver == first->driver &&
               first[run].ordinal == first->ordinal + (int)run)
            run++;
        len += (size_t)snprintf(out + len, size - len, "%s%s:%d", i > 0 ? "," : "",
            first->driver->name, first->ordinal);
        if (run > 1 && len < size)
            len += (size_t)snprintf(out + len, size - len, "-%d", first[run - 1].ordinal);
        i += run;
    }
}
