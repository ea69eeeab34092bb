#include "sink/container.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

static const struct dq_container *const containers[] = {&dq_container_npy, &dq_container_raw};

static const size_t n_containers = sizeof containers / sizeof containers[0];

void dq_file_plan_finish(struct dq_file_plan *p)
{
    dq_mem_free(p->header);
    *p = (struct dq_file_plan){0};
}

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

bool dq_container_is_foreign(const char *path)
{
    static const char *const foreign[] = {
        ".npz", ".safetensors", ".gguf", ".pt", ".pth", ".ckpt", ".h5", ".zip", ".csv", ".json"};
    const char *extension = strrchr(path, '.');
    for (size_t i = 0; extension && i < sizeof foreign / sizeof foreign[0]; i++) {
        if (strcasecmp(foreign[i], extension) == 0)
            return true;
    }
    return false;
}
