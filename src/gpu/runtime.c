#include "gpu/runtime.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Opens the first library that is there; the error has the reason for the first name, and the
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
    for (size_t i = 0; r->functions[i]; i++) {
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

bool dq_gpu_should_sleep(void)
{
    enum { ENOUGH = 8 };
    return sysconf(_SC_NPROCESSORS_ONLN) < ENOUGH;
}
