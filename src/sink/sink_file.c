#ifdef __linux__
#define _GNU_SOURCE /* O_PATH, renameat2 */
#endif
#include "sink/sink.h"

#include "base/file.h"
#include "base/signals.h"
#include "sink/tmpfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Shorter files are faster without. */
enum { WORTH_RESERVING = 1 << 20 };

struct file_sink {
    struct dq_sink sink;
    int folder; /* the caller's */
    bool replace;
    bool durable;
    bool taken; /* the name, when commit came to it */
    char *path;
    struct dq_tmpfile temporary;
};

static int put(struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    const struct file_sink *s = (const struct file_sink *)sink;
    return dq_file_pwrite(s->temporary.fd, s->path, buf, len, off, e);
}

/* Gives the file its final name unless that name is taken. The first two calls say so without a
 * race; file systems that have neither get a look first. */
static int name_if_free(const struct file_sink *s, const char *name)
{
    struct stat st;
    const char *now = s->temporary.name;
#ifdef __linux__
    if (renameat2(s->folder, now, s->folder, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EEXIST)
        return -1;
#endif
    if (linkat(s->folder, now, s->folder, name, 0) == 0)
        return unlinkat(s->folder, now, 0);
    if (errno == EEXIST || fstatat(s->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(s->folder, now, s->folder, name);
}

static int give_name(struct file_sink *s)
{
    const char *name = dq_file_base(s->path);
    const int rc = s->replace ? renameat(s->folder, s->temporary.name, s->folder, name)
                              : name_if_free(s, name);
    if (rc == 0)
        s->temporary.name[0] = '\0';
    return rc;
}

/* A network file system may report a full disk as late as when the file is closed. This closes a
 * second descriptor: with the first one goes the lock, which has to last until the temporary's name
 * is gone. */
static int close_early(int fd)
{
    const int twin = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return twin < 0 ? -1 : close(twin);
}

static int commit(struct dq_sink *sink, struct dq_error *e)
{
    struct file_sink *s = (struct file_sink *)sink;
    if (s->durable && fsync(s->temporary.fd) != 0)
        return dq_fail_errno(e, "%s: fsync", s->path);
    if (close_early(s->temporary.fd) != 0)
        return dq_fail_errno(e, "%s: write", s->path);
    if (give_name(s) != 0) {
        s->taken = !s->replace && errno == EEXIST;
        return dq_fail_errno(e, "%s", s->path);
    }
    if (s->durable && fsync(s->folder) != 0)
        return dq_fail_errno(e, "%s: fsync of its folder", s->path);
    return 0;
}

static void free_file(struct dq_sink *sink)
{
    struct file_sink *s = (struct file_sink *)sink;
    if (s->temporary.name[0])
        unlinkat(s->folder, s->temporary.name, 0);
    if (s->temporary.fd >= 0)
        close(s->temporary.fd);
    dq_signals_undefer();
    free(s->path);
    free(s);
}

static const struct dq_sink_ops ops = {put, commit, free_file};

int dq_sink_open_folder(
    const char *path, const char *shown, bool follow, bool durable, int *out, struct dq_error *e)
{
    const int flags = O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);
    int fd = open(path, O_RDONLY | flags);
#ifdef __linux__
    if (fd < 0 && errno == EACCES) { /* one that takes files but does not show them */
        fd = open(path, O_PATH | flags);
        if (fd >= 0 && durable) {
            close(fd);
            return dq_fail(
                e, DQ_ERR_IO, "%s: --fsync needs the right to read the folder as well", shown);
        }
    }
#endif
    if (fd < 0)
        return dq_fail_errno(e, "%s", shown);
    dq_tmpfile_sweep(fd);
    *out = fd;
    return 0;
}

int dq_sink_new_file(
    int folder, const struct dq_sink_file *file, struct dq_sink **out, struct dq_error *e)
{
    struct file_sink *s = calloc(1, sizeof *s);
    if (!s)
        return dq_fail_nomem(e);
    s->sink.ops = &ops;
    s->folder = folder;
    s->replace = file->replace;
    s->durable = file->durable;
    s->path = strdup(file->path);
    s->temporary.fd = -1;
    if (!s->path) {
        free_file(&s->sink);
        return dq_fail_nomem(e);
    }
    dq_signals_defer();
    if (dq_tmpfile_make(folder, &s->temporary) != 0) {
        const int rc = dq_fail_errno(e, "%s", file->path);
        free_file(&s->sink);
        return rc;
    }
    dq_signals_set_tmpfile(folder, s->temporary.name);
    if (file->len >= WORTH_RESERVING)
        dq_file_reserve(s->temporary.fd, file->len);
    *out = &s->sink;
    return 0;
}

bool dq_sink_file_was_taken(const struct dq_sink *s)
{
    return s->ops == &ops && ((const struct file_sink *)s)->taken;
}

int dq_sink_file_fd(const struct dq_sink *s)
{
    return ((const struct file_sink *)s)->temporary.fd;
}
