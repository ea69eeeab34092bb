#include "counting_store.h"

struct counting_source {
    struct dq_source source;
    struct dq_source *inner;
};

static const struct dq_store *inner_store;
static size_t n_reads;

static int read_counted(
    const struct dq_source *s, void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    n_reads++;
    return dq_source_pread(((const struct counting_source *)s)->inner, buf, len, off, e);
}

static void close_inner(struct dq_source *s)
{
    dq_source_close(((struct counting_source *)s)->inner);
}

static int open_counted(
    const struct dq_store *store, const char *name, struct dq_source **out, struct dq_error *e)
{
    static const struct dq_source_ops ops = {.pread = read_counted, .close = close_inner};
    struct counting_source *counting = dq_source_new(sizeof *counting, &ops, name);
    (void)store;
    if (!counting)
        return dq_fail_nomem(e);
    const int rc = inner_store->open(inner_store, name, &counting->inner, e);
    if (rc == 0) {
        counting->source.size = counting->inner->size;
        *out = &counting->source;
    } else {
        dq_source_close(&counting->source);
    }
    return rc;
}

static int list(const struct dq_store *store, const char *name, dq_file_take_fn take, void *arg,
    struct dq_error *e)
{
    (void)store;
    return inner_store->list(inner_store, name, take, arg, e);
}

const struct dq_store *counting_store(const struct dq_store *inner)
{
    static const struct dq_store store = {open_counted, list};
    inner_store = inner;
    n_reads = 0;
    return &store;
}

size_t counting_store_reads(void)
{
    return n_reads;
}
