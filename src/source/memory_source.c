#include "source/source.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct memory_source {
    struct dq_source source;
    const uint8_t *bytes;
};

static int read_memory(
    const struct dq_source *s, void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    const struct memory_source *memory = (const struct memory_source *)s;
    if (off > s->size || len > s->size - off)
        return dq_fail(e, DQ_ERR_IO, "%s: has %" PRIu64 " bytes, not %zu at offset %" PRIu64,
            s->name, s->size, len, off);
    if (len > 0)
        memcpy(buf, memory->bytes + off, len);
    return 0;
}

static const struct dq_memory_file *find_file(const struct dq_store *store, const char *name)
{
    const struct dq_memory_store *m = (const struct dq_memory_store *)store;
    for (size_t i = 0; i < m->n_files; i++) {
        if (strcmp(m->files[i].name, name) == 0)
            return &m->files[i];
    }
    return NULL;
}

int dq_memory_open(
    const struct dq_store *store, const char *name, struct dq_source **out, struct dq_error *e)
{
    static const struct dq_source_ops ops = {.pread = read_memory};
    const struct dq_memory_file *file = find_file(store, name);
    if (!file) {
        errno = ENOENT;
        return dq_fail_errno(e, "%s", name);
    }
    struct memory_source *memory = dq_source_new(sizeof *memory, &ops, name);
    if (!memory)
        return dq_fail_nomem(e);
    memory->bytes = file->bytes;
    memory->source.size = file->len;
    *out = &memory->source;
    return 0;
}

int dq_memory_list(const struct dq_store *store, const char *name, dq_file_take_fn take, void *arg,
    struct dq_error *e)
{
    const struct dq_memory_store *m = (const struct dq_memory_store *)store;
    const size_t folder_len = (size_t)(dq_file_base(name) - name);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->n_files; i++) {
        const char *base = dq_file_base(m->files[i].name);
        if ((size_t)(base - m->files[i].name) == folder_len &&
            memcmp(m->files[i].name, name, folder_len) == 0)
            rc = take(arg, base, e);
    }
    return rc;
}
