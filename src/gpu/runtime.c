#include "gpu/runtime.h"

#include "base/mem.h"
#include "base/processors.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns the first library that can be opened in a folder, or NULL. */
static void *open_in(const char *folder, const char *const *libraries)
{
    void *library = NULL;
    char path[PATH_MAX];
    for (size_t i = 0; libraries[i] && !library; i++) {
        if (snprintf(path, sizeof path, "%s/%s", folder, libraries[i]) < (int)sizeof path)
            library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
    return library;
}

/* Returns the first library that can be opened in the folders that a pattern means, the last ones first, which
 * are the newest if their names end with versions; NULL if there is none, or the pattern begins with a
 * variable that is not set. */
static void *open_in_pattern(const char *pattern, const char *const *libraries)
{
    char expanded[PATH_MAX];
    char variable[32] = "";
    glob_t found;
    void *library = NULL;
    const size_t len = pattern[0] == '$' ? strcspn(pattern, "/") : 0;
    if (len > 0)
        snprintf(variable, sizeof variable, "%.*s", (int)len - 1, pattern + 1);
    const char *value = len > 0 ? getenv(variable) : "";
    if (!value || (len > 0 && !*value) ||
        snprintf(expanded, sizeof expanded, "%s%s", value, pattern + len) >= (int)sizeof expanded)
        return NULL;
    if (glob(expanded, 0, NULL, &found) != 0)
        return NULL;
    for (size_t i = found.gl_pathc; i-- > 0 && !library;)
        library = open_in(found.gl_pathv[i], libraries);
    globfree(&found);
    return library;
}

/* Opens the first library that the loader finds by its name. Otherwise writes the reason for the first
 * name, and the others. */
static void *open_named(const char *const *libraries, char *tried, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; libraries[i]; i++) {
        void *library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
        if (library)
            return library;
        len += (size_t)snprintf(tried + len, size - len, "%s%.300s", i > 0 ? ", nor " : "",
            i > 0 ? libraries[i] : dlerror());
        len = len < size ? len : size - 1;
    }
    return NULL;
}

static int open_library(const struct dq_gpu_runtime *r, void **out, struct dq_error *e)
{
    char tried[512] = "";
    char searched[256] = "";
    for (size_t i = 0; r->folders[i]; i++) {
        const char *folder = r->folders[i];
        const size_t len = strlen(searched);
        if (*folder)
            *out = open_in_pattern(folder, r->libraries);
        else
            *out = open_named(r->libraries, tried, sizeof tried);
        if (*out)
            return 0;
        if (*folder)
            snprintf(searched + len, sizeof searched - len, "%s%s", len > 0 ? ", " : "; nor in ",
                folder);
    }
    return dq_fail(e, DQ_ERR_GPU, "no %s (%s%s)", r->what, tried, searched);
}

static int load(struct dq_gpu_runtime *r, struct dq_error *e)
{
    void *library;
    const int rc = open_library(r, &library, e);
    if (rc != 0)
        return rc;
    r->loaded = true;
    for (size_t i = 0; i < r->n_functions; i++) {
        r->slots[i] = dlsym(library, r->functions[i]);
        if (!r->slots[i])
            return dq_fail(
                e, DQ_ERR_GPU, "%s: %s is missing (%s)", r->what, r->functions[i], dlerror());
    }
    return r->begin ? r->begin(e) : 0;
}

int dq_gpu_runtime_need(struct dq_gpu_runtime *r, struct dq_error *e)
{
    pthread_mutex_lock(&r->lock);
    if (!r->tried)
        r->rc = load(r, &r->reason);
    r->tried = true;
    const int rc = r->rc;
    pthread_mutex_unlock(&r->lock);
    return rc == 0 ? 0 : dq_fail(e, rc, "%s", r->reason.text);
}

bool dq_gpu_runtime_is_loaded(struct dq_gpu_runtime *r)
{
    pthread_mutex_lock(&r->lock);
    const bool loaded = r->loaded;
    pthread_mutex_unlock(&r->lock);
    return loaded;
}

int dq_gpu_ctx_open(
    struct dq_gpu_runtime *r, int ordinal, struct dq_gpu_ctx **out, struct dq_error *e)
{
    struct dq_gpu_ctx *g = calloc(1, sizeof *g);
    if (!g)
        return dq_fail_nomem(e);
    g->ordinal = ordinal;
    int rc = dq_gpu_runtime_need(r, e);
    if (rc == 0)
        rc = dq_gpu_code_file(&g->file, e);
    if (rc == 0)
        rc = r->load(g, e);
    if (rc != 0) {
        dq_gpu_ctx_close(r, g);
        return rc;
    }
    *out = g;
    return 0;
}

void dq_gpu_ctx_close(const struct dq_gpu_runtime *r, struct dq_gpu_ctx *g)
{
    if (!g)
        return;
    r->unload(g);
    dq_mem_free(g->image);
    dq_mem_free(g->file.bytes);
    free(g);
}

bool dq_gpu_should_sleep(void)
{
    enum { MANY_PROCESSORS = 8 };
    return dq_processors("") < MANY_PROCESSORS;
}
