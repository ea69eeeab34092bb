#include "cli/model_path.h"

#include "gguf/split.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

bool dq_is_gguf_name(const char *name)
{
    const size_t len = strlen(name);
    return len >= 5 && strcmp(name + len - 5, ".gguf") == 0;
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

int dq_models_in(const char *folder, struct dq_strvec *out, struct dq_error *e)
{
    struct dq_strvec later = {0};
    const struct dirent *entry;
    int rc = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return dq_fail_errno(e, "%s", folder);
    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (name[0] == '.' || !dq_is_gguf_name(name))
            continue;
        unsigned number = 1;
        unsigned count;
        dq_split_name(name, &number, &count);
        rc = dq_strvec_add(number > 1 ? &later : out, name, strlen(name), e);
    }
    closedir(dir);
    if (rc == 0 && out->n == 0 && later.n > 0)
        rc = dq_strvec_add(out, later.items[0], strlen(later.items[0]), e);
    dq_strvec_finish(&later);
    if (out->n > 0)
        qsort(out->items, out->n, sizeof *out->items, by_name);
    return rc;
}

bool dq_has_models(const char *folder)
{
    struct dq_strvec models = {0};
    const bool found = dq_models_in(folder, &models, NULL) == 0 && models.n > 0;
    dq_strvec_finish(&models);
    return found;
}
