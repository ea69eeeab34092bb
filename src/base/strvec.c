#include "base/strvec.h"

#include "base/array.h"
#include "base/mem.h"

#include <string.h>

int dq_strings_add(struct dq_strings *list, const char *text, size_t len, struct dq_error *e)
{
    char **roomy = dq_with_room(list->items, list->n, sizeof *roomy);
    if (!roomy)
        return dq_fail_nomem(e);
    list->items = roomy;
    char *copy = dq_mem_text_of(text, len);
    if (!copy)
        return dq_fail_nomem(e);
    list->items[list->n++] = copy;
    return 0;
}

void dq_strings_finish(struct dq_strings *list)
{
    for (size_t i = 0; i < list->n; i++)
        dq_mem_free(list->items[i]);
    dq_mem_free(list->items);
    *list = (struct dq_strings){0};
}
