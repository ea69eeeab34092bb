#include "sink/sink.h"

#include "base/file.h"
#include "base/mem.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

struct stream_sink {
    struct dq_sink sink;
    int fd;
    const char *name;
    uint64_t n_written; /* bytes */
};

static int put(struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    struct stream_sink *s = (struct stream_sink *)sink;
    assert(off <= s->n_written);
    if (off + len <= s->n_written)
        return 0;
    const size_t skipped = (size_t)(s->n_written - off);
    s->n_written += len - skipped;
    return dq_file_write(s->fd, s->name, (const uint8_t *)buf + skipped, len - skipped, e);
}

static int commit(struct dq_sink *sink, struct dq_error *e)
{
    (void)sink;
    (void)e;
    return 0;
}

static void free_stream(struct dq_sink *sink)
{
    dq_mem_free(sink);
}

static int discard(
    struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    (void)sink;
    (void)buf;
    (void)len;
    (void)off;
    (void)e;
    return 0;
}

static const struct dq_sink_ops ops = {put, NULL, commit, free_stream};
static const struct dq_sink_ops null_ops = {discard, NULL, commit, free_stream};

/* Whether fd is /dev/null, so that writing can be skipped. If standard output was closed, /dev/null
 * is open for reading in its place (dq_file_guard_standard): writing to that must fail. */
static bool is_null(int fd)
{
    struct stat st;
    struct stat null;
    return fstat(fd, &st) == 0 && stat("/dev/null", &null) == 0 && S_ISCHR(st.st_mode) &&
           S_ISCHR(null.st_mode) && st.st_rdev == null.st_rdev &&
           (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

int dq_sink_new_stream(int fd, const char *name, struct dq_sink **out, struct dq_error *e)
{
    struct stream_sink *s = dq_mem_calloc(1, sizeof *s);
    if (!s)
        return dq_fail_nomem(e);
    dq_file_widen_pipe(fd);
    *s = (struct stream_sink){{is_null(fd) ? &null_ops : &ops}, fd, name, 0};
    *out = &s->sink;
    return 0;
}

void dq_sink_free(struct dq_sink *s)
{
    if (s)
        s->ops->free(s);
}
