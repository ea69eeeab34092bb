#include "cli/cached.h"

#include "base/array.h"
#include "base/mem.h"
#include "cli/model_path.h"

#include <string.h>

const char dq_cached_portable[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

int dq_cached_add(
    struct dq_cached_list *list, const char *name, const char *path, struct dq_error *e)
{
    struct dq_cached *grown = dq_array_grow(list->items, list->n, sizeof *grown);
    if (!grown)
        return dq_fail_nomem(e);
    list->items = grown;
    struct dq_cached *c = &list->items[list->n++];
    *c = (struct dq_cached){.name = dq_mem_strdup(name), .path = dq_mem_strdup(path)};
    return c->name && c->path ? 0 : dq_fail_nomem(e);
}

int dq_cached_pass_over(
    struct dq_cached_list *list, int rc, const struct dq_error *why, struct dq_error *e)
{
    if (rc == DQ_ERR_IO)
        return dq_strvec_add(&list->unread, why->text, strlen(why->text), e);
    return rc == 0 ? 0 : dq_fail(e, rc, "%s", why->text);
}

void dq_cached_measure(struct dq_cached_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        dq_model_measure(list->items[i].path, &list->items[i].n_files, &list->items[i].n_bytes);
}

void dq_cached_finish(struct dq_cached_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        dq_mem_free(list->items[i].name);
        dq_mem_free(list->items[i].path);
    }
    dq_mem_free(list->items);
    dq_strvec_finish(&list->unread);
    *list = (struct dq_cached_list){0};
}
