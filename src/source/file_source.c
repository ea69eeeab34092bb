#include "source/source.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdatomic.h>
#include <unistd.h>

/* A read that takes this long waited for something else than a local disk or a memory. */
static const double far_seconds = 5e-3;

struct file_source {
    struct dq_source source;
    int fd;
    atomic_bool far;
    atomic_bool *is_far; /* far, which reading may change */
};

static int read_file(
    const struct dq_source *s, void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    const struct file_source *file = (const struct file_source *)s;
    const double start = dq_clock_seconds();
    const int rc = dq_file_pread(file->fd, s->name, buf, len, off, e);
    if (dq_clock_seconds() - start > far_seconds)
        atomic_store_explicit(file->is_far, true, memory_order_relaxed);
    return rc;
}

static void expect_file(const struct dq_source *s, uint64_t off, uint64_t len)
{
    const struct file_source *file = (const struct file_source *)s;
    dq_file_expect(file->fd, off, len);
}

static bool is_file_far(const struct dq_source *s)
{
    const struct file_source *file = (const struct file_source *)s;
    return atomic_load_explicit(file->is_far, memory_order_relaxed);
}

static bool is_same_file(const struct dq_source *s, const struct stat *st)
{
    const struct file_source *file = (const struct file_source *)s;
    struct stat own;
    return fstat(file->fd, &own) == 0 && dq_file_is_same(&own, st);
}

static void close_file(struct dq_source *s)
{
    const struct file_source *file = (const struct file_source *)s;
    if (file->fd >= 0)
        close(file->fd);
}

static int open_file(
    const struct dq_store *store, const char *name, struct dq_source **out, struct dq_error *e)
{
    static const struct dq_source_ops ops = {
        read_file, expect_file, is_file_far, is_same_file, close_file};
    struct file_source *file = dq_source_new(sizeof *file, &ops, name);
    (void)store;
    if (!file)
        return dq_fail_nomem(e);
    file->fd = -1;
    file->is_far = &file->far;
    int rc = dq_file_open(name, &file->fd, &file->source.size, e);
    if (rc == 0)
        rc = dq_file_protect(file->fd, name, e);
    if (rc == 0)
        *out = &file->source;
    else
        dq_source_close(&file->source);
    return rc;
}

static int list_files(const struct dq_store *store, const char *name, dq_file_take_fn take,
    void *arg, struct dq_error *e)
{
    (void)store;
    char *folder = dq_file_folder(name);
    if (!folder)
        return dq_fail_nomem(e);
    const int rc = dq_file_list(folder, take, arg, e);
    dq_mem_free(folder);
    return rc;
}

const struct dq_store dq_file_store = {open_file, list_files};
