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
    uint64_t done;
};

static int put(struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    struct stream_sink *s = (struct stream_sink *)sink;
    assert(off <= s->done);
    if (off + len <= s->done)
        return 0;
    const size_t known = (size_t)(s->done - off);
    s->done += len - known;
    return dq_file_write(s->fd, s->name, (const uint8_t *)buf + known, len - known, e);
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

static int put_nowhere(
    struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    (void)sink;
    (void)buf;
    (void)len;
    (void)off;
    (void)e;
    return 0;
}

static const struct dq_sink_ops ops = {put, commit, free_stream};
static const struct dq_sink_ops nowhere_ops = {put_nowhere, commit, free_stream};

/* Whether all that is written is thrown away: then it need not be written. One that is open for
 * reading takes the place of a standard output that is closed, and fails. */
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
    *s = (struct stream_sink){{is_null(fd) ? &nowhere_ops : &ops}, fd, name, 0};
    *out = &s->sink;
    return 0;
}

void dq_sink_free(struct dq_sink *s)
{
    if (s)
        s->ops->free(s);
}
