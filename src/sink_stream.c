#include "sink.h"

#include "file.h"

#include <assert.h>
#include <stdlib.h>

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
    free(sink);
}

static const struct dq_sink_ops ops = {true, put, commit, free_stream};

int dq_sink_new_stream(int fd, const char *name, struct dq_sink **out, struct dq_error *e)
{
    struct stream_sink *s = calloc(1, sizeof *s);
    if (!s)
        return dq_fail_nomem(e);
    *s = (struct stream_sink){{&ops}, fd, name, 0};
    *out = &s->sink;
    return 0;
}

void dq_sink_free(struct dq_sink *s)
{
    if (s)
        s->ops->free(s);
}
