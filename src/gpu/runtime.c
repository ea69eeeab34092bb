#include "gpu/runtime.h"

#include "base/mem.h"
#include "base/processors.h"
#include "gpu/code.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opens the first library that exists. The error quotes the reason for the first name and lists the
 * others. */
static int open_library(const struct dq_gpu_runtime *r, void **out, struct dq_error *e)
{
    char tried[512] = "";
    for (size_t i = 0; r->libraries[i]; i++) {
        *out = dlopen(r->libraries[i], RTLD_NOW | RTLD_LOCAL);
        if (*out)
            return 0;
        const size_t len = strlen(tried);
        snprintf(tried + len, sizeof tried - len, "%s%.300s", i > 0 ? ", nor " : "",
            i > 0 ? r->libraries[i] : dlerror());
    }
    return dq_fail(e, DQ_ERR_GPU, "no %s (%s)", r->what, tried);
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
    dq_mem_free(g->file);
    free(g);
}

bool dq_gpu_should_sleep(void)
{
    enum { MANY_PROCESSORS = 8 };
    return dq_processors("") < MANY_PROCESSORS;
}
