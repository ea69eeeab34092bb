#include "cli/model_path.h"

#include "base/checked.h"
#include "base/file.h"
#include "base/mem.h"
#include "gguf/split.h"
#include "select/suggest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

const char *dq_models_suggest(const char *path, char out[DQ_MODELS_WORDS])
{
    enum { SHORTEST = 4 }; /* everything is similar to shorter ones */
    struct dq_suggestions near = {0};
    struct dq_strvec models = {0};
    const char *base = dq_file_base(path);
    char *folder = dq_file_folder(path);
    out[0] = '\0';
    if (folder && strlen(base) >= SHORTEST && strpbrk(base, "*?[{") == NULL &&
        dq_models_in(folder, &models, NULL) == 0) {
        for (size_t i = 0; i < models.n; i++)
            dq_suggest(&near, base, models.items[i]);
        dq_suggest_words(&near, out, DQ_MODELS_WORDS);
    }
    dq_strvec_finish(&models);
    dq_mem_free(folder);
    return out;
}

bool dq_has_models(const char *folder)
{
    struct dq_strvec models = {0};
    const bool found = dq_models_in(folder, &models, NULL) == 0 && models.n > 0;
    dq_strvec_finish(&models);
    return found;
}

uint64_t dq_model_size_limit(const char *path)
{
    const char *base = dq_file_base(path);
    const size_t alike = strcspn(base, "0123456789");
    const struct dirent *entry;
    struct stat st;
    uint64_t total = 0;
    if (strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &st) == 0 : stat(path, &st) == 0)
        total = (uint64_t)st.st_size;
    if (strcmp(path, "-") == 0)
        return total;
    char *folder = dq_file_folder(path);
    DIR *dir = folder ? opendir(folder) : NULL;
    dq_mem_free(folder);
    if (!dir) /* but files in it could be opened by name */
        return UINT64_MAX;
    while ((entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (strncmp(name, base, alike) == 0 && strcmp(name, base) != 0 &&
            fstatat(dirfd(dir), name, &st, 0) == 0 && S_ISREG(st.st_mode))
            total = dq_add_sat_u64(total, (uint64_t)st.st_size);
    }
    closedir(dir);
    return total;
}
