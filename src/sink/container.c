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

const char *dq_container_names(
    bool (*is)(const struct dq_container *c), char out[DQ_CONTAINER_WORDS])
{
    const char *names[sizeof containers / sizeof containers[0]];
    size_t n = 0;
    size_t len = 0;
    for (size_t i = 0; i < n_containers; i++) {
        if (!is || is(containers[i]))
            names[n++] = containers[i]->name;
    }
    *out = '\0';
    for (size_t i = 0; i < n && len < DQ_CONTAINER_WORDS; i++) {
        const char *separator = i == 0 ? "" : i + 1 < n ? ", " : " or ";
        len += (size_t)snprintf(out + len, DQ_CONTAINER_WORDS - len, "%s%s", separator, names[i]);
    }
    return out;
}

bool dq_container_has_bf16(const struct dq_container *c)
{
    return c->has_type(&dq_types[DQ_TYPE_bf16]);
}

bool dq_container_has_shards(const struct dq_container *c)
{
    return c->has_shards;
}

bool dq_container_holds_many(const struct dq_container *c)
{
    return c->holds_many;
}

bool dq_container_has_layout(const struct dq_container *c)
{
    return !c->is_model;
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
