#include "source/source.h"

#include "base/mem.h"

int dq_source_pread(
    const struct dq_source *s, void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    return s->ops->pread(s, buf, len, off, e);
}

void dq_source_expect(const struct dq_source *s, uint64_t off, uint64_t len)
{
    const uint64_t left = off < s->size ? s->size - off : 0;
    if (s->ops->expect)
        s->ops->expect(s, off, len < left ? len : left);
}

bool dq_source_is_far(const struct dq_source *s)
{
    return s->ops->is_far && s->ops->is_far(s);
}

bool dq_source_is_file(const struct dq_source *s, const struct stat *st)
{
    return s->ops->is_file && s->ops->is_file(s, st);
}

void dq_source_close(struct dq_source *s)
{
    if (!s)
        return;
    if (s->ops->close)
        s->ops->close(s);
    dq_mem_free(s->name);
    dq_mem_free(s);
}

void *dq_source_new(size_t len, const struct dq_source_ops *ops, const char *name)
{
    struct dq_source *s = dq_mem_calloc(1, len);
    if (!s)
        return NULL;
    s->ops = ops;
    s->name = dq_mem_strdup(name);
    if (s->name)
        return s;
    dq_mem_free(s);
    return NULL;
}
