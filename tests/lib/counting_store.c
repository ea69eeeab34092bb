#include "counting_store.h"

#include "base/mem.h"

enum { PAGE = 4096, REQUEST = 32 /* pages */ };

/* When a page is there, counted in round trips; 0: it was not asked for. */
struct counting_source {
    struct dq_source source;
    struct dq_source *inner;
    size_t *there;
};

static const struct dq_store *inner_store;
static size_t n_reads;
static size_t n_round_trips;
static size_t n_requests; /* under way */
static size_t most_requests;

/* Asks for the pages of a range that were not asked for, or with may_forget for as many as can be under way. */
static void ask(const struct counting_source *s, uint64_t off, uint64_t len, bool may_forget)
{
    size_t left = 0; /* pages of the request */
    for (uint64_t page = off / PAGE; len > 0 && page <= (off + len - 1) / PAGE; page++) {
        if (s->there[page] > 0) {
            left = 0;
            continue;
        }
        if (left == 0) {
            if (may_forget && n_requests >= most_requests)
                return;
            n_requests++;
            left = REQUEST;
        }
        left--;
        s->there[page] = n_round_trips + 1;
    }
}

static int read_counted(
    const struct dq_source *s, void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    const struct counting_source *counting = (const struct counting_source *)s;
    n_reads++;
    ask(counting, off, len, false);
    for (uint64_t page = off / PAGE; len > 0 && page <= (off + len - 1) / PAGE; page++) {
        if (counting->there[page] > n_round_trips) {
            n_round_trips++;
            n_requests = 0;
        }
    }
    return dq_source_pread(counting->inner, buf, len, off, e);
}

static void expect_counted(const struct dq_source *s, uint64_t off, uint64_t len)
{
    ask((const struct counting_source *)s, off, len, true);
}

static bool is_far(const struct dq_source *s)
{
    (void)s;
    return true;
}

static void close_inner(struct dq_source *s)
{
    const struct counting_source *counting = (const struct counting_source *)s;
    dq_mem_free(counting->there);
    dq_source_close(counting->inner);
}

static int open_counted(
    const struct dq_store *store, const char *name, struct dq_source **out, struct dq_error *e)
{
    static const struct dq_source_ops ops = {
        .pread = read_counted, .expect = expect_counted, .is_far = is_far, .close = close_inner};
    struct counting_source *counting = dq_source_new(sizeof *counting, &ops, name);
    (void)store;
    if (!counting)
        return dq_fail_nomem(e);
    int rc = inner_store->open(inner_store, name, &counting->inner, e);
    if (rc == 0) {
        counting->source.size = counting->inner->size;
        counting->there = dq_mem_calloc(counting->inner->size / PAGE + 1, sizeof *counting->there);
        rc = counting->there ? 0 : dq_fail_nomem(e);
    }
    if (rc == 0)
        *out = &counting->source;
    else
        dq_source_close(&counting->source);
    return rc;
}

static int list(const struct dq_store *store, const char *name, dq_file_take_fn take, void *arg,
    struct dq_error *e)
{
    (void)store;
    return inner_store->list(inner_store, name, take, arg, e);
}

const struct dq_store *counting_store(const struct dq_store *inner, size_t most)
{
    static const struct dq_store store = {open_counted, list};
    inner_store = inner;
    n_reads = 0;
    n_round_trips = 0;
    n_requests = 0;
    most_requests = most;
    return &store;
}

size_t counting_store_reads(void)
{
    return n_reads;
}

size_t counting_store_round_trips(void)
{
    return n_round_trips;
}
