#include "base/strvec.h"

#include "base/array.h"
#include "base/mem.h"

int dq_strvec_add(struct dq_strvec *list, const char *text, size_t len, struct dq_error *e)
{
    char **grown = dq_array_grow(list->items, list->n, sizeof *grown);
    if (!grown)
        return dq_fail_nomem(e);
    list->items = grown;
    char *copy = dq_mem_strndup(text, len);
    if (!copy)
        return dq_fail_nomem(e);
    list->items[list->n++] = copy;
    return 0;
}

void dq_strvec_finish(struct dq_strvec *list)
{
    for (size_t i = 0; i < list->n; i++)
        dq_mem_free(list->items[i]);
    dq_mem_free(list->items);
    *list = (struct dq_strvec){0};
}
