#include "cli/model_path.h"

#include "base/file.h"
#include "base/mem.h"
#include "gguf/set_name.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int by_name(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

static int take_model(void *arg, const char *name, struct dq_error *e)
{
    return name[0] == '.' || !dq_is_gguf_name(name) ? 0 : dq_strvec_add(arg, name, strlen(name), e);
}

/* Whether a name is that of a file of the same set as one of the names, of which it takes the place if its
 * number is lower. */
static bool join_set(struct dq_strvec *names, size_t n, char **name)
{
    struct dq_set_name x;
    struct dq_set_name y;
    if (!dq_set_name_parse(*name, &x))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!dq_set_name_parse(names->items[i], &y) ||
            !dq_set_name_same(*name, &x, names->items[i], &y))
            continue;
        if (x.number < y.number) {
            char *later = names->items[i];
            names->items[i] = *name;
            *name = later;
        }
        return true;
    }
    return false;
}

int dq_models_in(const char *folder, struct dq_strvec *out, struct dq_error *e)
{
    size_t n = 0;
    const int rc = dq_file_list(folder, take_model, out, e);
    if (rc != 0 || out->n == 0)
        return rc;
    for (size_t i = 0; i < out->n; i++) {
        char *name = out->items[i];
        if (join_set(out, n, &name))
            dq_mem_free(name);
        else
            out->items[n++] = name;
    }
    out->n = n;
    qsort(out->items, out->n, sizeof *out->items, by_name);
    return 0;
}

bool dq_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool dq_has_models(const char *folder)
{
    struct dq_strvec models = {0};
    const bool found = dq_models_in(folder, &models, NULL) == 0 && models.n > 0;
    dq_strvec_finish(&models);
    return found;
}
