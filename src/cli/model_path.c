#include "cli/model_path.h"

#include "base/checked.h"
#include "base/file.h"
#include "base/mem.h"
#include "gguf/set_name.h"
#include "select/suggest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int take_folder(void *arg, const char *name, struct dq_error *e)
{
    return name[0] == '.' ? 0 : dq_strvec_add(arg, name, strlen(name), e);
}

int dq_folders_in(const char *folder, bool with_links, struct dq_strvec *out, struct dq_error *e)
{
    const int rc = dq_file_list_folders(folder, with_links, take_folder, out, e);
    if (rc == 0 && out->n > 0)
        qsort(out->items, out->n, sizeof *out->items, by_name);
    return rc;
}

/* The files of a model that are counted. */
struct measurement {
    const char *folder;
    const char *base; /* name of one of them */
    struct dq_set_name name;
    size_t n_files;
    uint64_t n_bytes;
};

static void measure(struct measurement *m, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    m->n_files++;
    m->n_bytes = dq_add_sat_u64(m->n_bytes, (uint64_t)st.st_size);
}

static int measure_entry(void *arg, const char *name, struct dq_error *e)
{
    struct measurement *m = arg;
    struct dq_set_name other;
    if (!dq_set_name_parse(name, &other) || !dq_set_name_same(m->base, &m->name, name, &other))
        return 0;
    char *path = dq_file_join(m->folder, name);
    if (!path)
        return dq_fail_nomem(e);
    measure(m, path);
    dq_mem_free(path);
    return 0;
}

void dq_model_measure(const char *path, size_t *n_files, uint64_t *n_bytes)
{
    struct measurement m = {.base = dq_file_base(path)};
    char *folder = dq_file_folder(path);
    m.folder = folder;
    if (!folder || !dq_set_name_parse(m.base, &m.name))
        measure(&m, path);
    else
        (void)dq_file_list(folder, measure_entry, &m, NULL);
    dq_mem_free(folder);
    *n_files = m.n_files;
    *n_bytes = m.n_bytes;
}

bool dq_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
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
