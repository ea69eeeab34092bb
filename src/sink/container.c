#include "sink/container.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct dq_container *const containers[] = {&dq_container_npy, &dq_container_raw,
    &dq_container_npz, &dq_container_safetensors, &dq_container_gguf};

static const size_t n_containers = sizeof containers / sizeof containers[0];

const struct dq_container *dq_container_by_name(const char *name)
{
    for (size_t i = 0; i < n_containers; i++) {
        if (strcasecmp(containers[i]->name, name) == 0)
            return containers[i];
    }
    return NULL;
}

const struct dq_container *dq_container_by_extension(const char *path)
{
    const char *extension = strrchr(path, '.');
    for (size_t i = 0; extension && i < n_containers; i++) {
        const struct dq_container *c = containers[i];
        if (strcasecmp(c->extension, extension) == 0 ||
            (c->alt_extension && strcasecmp(c->alt_extension, extension) == 0))
            return c;
    }
    return NULL;
}

const char *dq_container_names(char out[DQ_CONTAINER_WORDS])
{
    size_t n = 0;
    for (size_t i = 0; i < n_containers; i++) {
        const char *separator = i == 0 ? "" : i + 1 < n_containers ? ", " : " or ";
        n += (size_t)snprintf(
            out + n, DQ_CONTAINER_WORDS - n, "%s%s", separator, containers[i]->name);
    }
    return out;
}

bool dq_container_is_foreign(const char *path)
{
    static const char *const foreign[] = {".pt", ".pth", ".ckpt", ".h5", ".zip", ".csv", ".json"};
    const char *extension = strrchr(path, '.');
    for (size_t i = 0; extension && i < sizeof foreign / sizeof foreign[0]; i++) {
        if (strcasecmp(foreign[i], extension) == 0)
            return true;
    }
    return false;
}
