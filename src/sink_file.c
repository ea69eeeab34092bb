#include "sink.h"

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Shorter files are faster without. */
enum { WORTH_RESERVING = 1 << 20, PAGE = 4096 };

struct file_sink {
    struct dq_sink sink;
    int fd;
    bool replace;
    char *path;
    char *temporary;    /* NULL once there is none */
    uint64_t end;       /* behind the last byte that was put */
    uint8_t tail[PAGE]; /* the last bytes before it, not written yet */
    size_t tail_len;
};

static int write_tail(struct file_sink *s, struct dq_error *e)
{
    const size_t len = s->tail_len;
    s->tail_len = 0;
    return dq_file_pwrite(s->fd, s->path, s->tail, len, s->end - len, e);
}

/* Whole pages are written, and what is left over waits for what follows it: behind a header, each
 * piece would else begin and end inside a page, which takes a tenth longer. */
static int put(struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    struct file_sink *s = (struct file_sink *)sink;
    int rc = 0;
    if (off != s->end)
        rc = write_tail(s, e);
    if (rc != 0)
        return rc;
    const uint64_t start = off - s->tail_len; /* of what is to be written */
    const size_t over = (size_t)((off + len) % PAGE);
    const uint8_t *rest = (const uint8_t *)buf;
    if (off + len - start > over) {
        rest += len - over;
        rc = dq_file_pwrite_two(s->fd, s->path, s->tail, s->tail_len, buf, len - over, start, e);
        s->tail_len = 0;
        len = over;
    }
    memcpy(s->tail + s->tail_len, rest, len);
    s->tail_len += len;
    s->end = off + (uint64_t)(rest - (const uint8_t *)buf) + len;
    return rc;
}

/* Gives the file its final name unless that name is taken. link() is the one call that says so
 * without a race; file systems without links get a look first. */
static int name_if_free(const struct file_sink *s)
{
    struct stat st;
    if (link(s->temporary, s->path) == 0)
        return unlink(s->temporary);
    if (errno == EEXIST || lstat(s->path, &st) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(s->temporary, s->path);
}

static int commit(struct dq_sink *sink, struct dq_error *e)
{
    struct file_sink *s = (struct file_sink *)sink;
    const int fd = s->fd;
    const int rc = write_tail(s, e);
    if (rc != 0)
        return rc;
    s->fd = -1;
    if (close(fd) != 0) /* where a network file system reports a full disk */
        return dq_fail_errno(e, "%s: write", s->path);
    if ((s->replace ? rename(s->temporary, s->path) : name_if_free(s)) != 0)
        return dq_fail_errno(e, "%s", s->path);
    free(s->temporary);
    s->temporary = NULL;
    return 0;
}

static void free_file(struct dq_sink *sink)
{
    struct file_sink *s = (struct file_sink *)sink;
    if (s->fd >= 0)
        close(s->fd);
    if (s->temporary)
        unlink(s->temporary);
    free(s->temporary);
    free(s->path);
    free(s);
}

static const struct dq_sink_ops ops = {put, commit, free_file};

/* Opens FOLDER/.gguf-dq-PID-N.tmp. The short name fits wherever the final one does. */
static int open_temporary(struct file_sink *s, struct dq_error *e)
{
    static unsigned counter;
    const size_t folder_len = (size_t)(dq_file_base(s->path) - s->path);
    const size_t size = folder_len + 64;
    s->temporary = malloc(size);
    if (!s->temporary)
        return dq_fail_nomem(e);
    do {
        snprintf(s->temporary, size, "%.*s.gguf-dq-%ld-%u.tmp", (int)folder_len, s->path,
            (long)getpid(), counter++);
        s->fd = open(s->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    } while (s->fd < 0 && errno == EEXIST);
    if (s->fd < 0) {
        const int rc = dq_fail_errno(e, "%s", s->path);
        free(s->temporary);
        s->temporary = NULL;
        return rc;
    }
    return 0;
}

int dq_sink_new_file(
    const char *path, bool replace, uint64_t len, struct dq_sink **out, struct dq_error *e)
{
    int rc;
    struct file_sink *s = calloc(1, sizeof *s);
    if (!s)
        return dq_fail_nomem(e);
    s->sink.ops = &ops;
    s->fd = -1;
    s->replace = replace;
    s->path = strdup(path);
    if (!s->path) {
        rc = dq_fail_nomem(e);
        goto fail;
    }
    rc = open_temporary(s, e);
    if (rc != 0)
        goto fail;
    if (len >= WORTH_RESERVING)
        dq_file_reserve(s->fd, len);
    *out = &s->sink;
    return 0;
fail:
    free_file(&s->sink);
    return rc;
}

int dq_sink_file_fd(const struct dq_sink *s)
{
    return ((const struct file_sink *)s)->fd;
}
