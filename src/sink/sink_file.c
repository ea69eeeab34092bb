#ifdef __linux__
#define _GNU_SOURCE /* O_PATH, renameat2 */
#endif
#include "sink/sink.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/signals.h"
#include "sink/tmpfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Space is not reserved for files shorter than this many bytes: they are faster without. */
enum { MIN_RESERVED = 1 << 20 };

struct file_sink {
    struct dq_sink sink;
    int folder; /* the caller's */
    bool replace;
    bool durable;
    bool is_flushed;
    bool was_taken;   /* commit found another file of this name */
    bool is_released; /* closed, and no signal has to remove it */
    char *path;
    struct dq_tmpfile tmp;
    int deferral; /* of signals */
};

static int put(struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    const struct file_sink *s = (const struct file_sink *)sink;
    return dq_file_pwrite(s->tmp.fd, s->path, buf, len, off, e);
}

/* Renames the temporary file unless the new name exists. renameat2 and linkat decide that without a
 * race; on file systems that support neither, fstatat looks first. */
static int rename_if_free(const struct file_sink *s, const char *name)
{
    struct stat st;
    const char *tmp = s->tmp.name;
#ifdef __linux__
    if (renameat2(s->folder, tmp, s->folder, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EEXIST)
        return -1;
#endif
    if (linkat(s->folder, tmp, s->folder, name, 0) == 0)
        return unlinkat(s->folder, tmp, 0);
    if (errno == EEXIST || fstatat(s->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(s->folder, tmp, s->folder, name);
}

static int rename_tmpfile(struct file_sink *s)
{
    const char *name = dq_file_base(s->path);
    const int rc =
        s->replace ? renameat(s->folder, s->tmp.name, s->folder, name) : rename_if_free(s, name);
    if (rc == 0)
        s->tmp.name[0] = '\0';
    return rc;
}

/* A network file system may report a full disk only when the file is closed. Closes a duplicate
 * descriptor, because closing fd would release the lock, which must be held until the temporary file
 * is renamed. */
static int close_duplicate(int fd)
{
    const int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return duplicate < 0 ? -1 : close(duplicate);
}

/* Closes the file, which is renamed or removed. */
static void release(struct file_sink *s)
{
    if (s->tmp.fd >= 0)
        close(s->tmp.fd);
    s->tmp.fd = -1;
    dq_signals_undefer(s->deferral);
    s->is_released = true;
}

static int flush(struct dq_sink *sink, struct dq_error *e)
{
    struct file_sink *s = (struct file_sink *)sink;
    if (s->is_flushed)
        return 0;
    if (s->durable && fsync(s->tmp.fd) != 0)
        return dq_fail_errno(e, "%s: fsync", s->path);
    if (close_duplicate(s->tmp.fd) != 0)
        return dq_fail_errno(e, "%s: write", s->path);
    s->is_flushed = true;
    return 0;
}

static int commit(struct dq_sink *sink, struct dq_error *e)
{
    struct file_sink *s = (struct file_sink *)sink;
    const int rc = flush(sink, e);
    if (rc != 0)
        return rc;
    if (rename_tmpfile(s) != 0) {
        s->was_taken = !s->replace && errno == EEXIST;
        return dq_fail_errno(e, "%s", s->path);
    }
    release(s);
    bool able; /* otherwise whoever opened the folder has seen it */
    if (s->durable && dq_file_sync_folder(s->folder, &able) != 0)
        return dq_fail_errno(e, "%s: fsync of its directory", s->path);
    return 0;
}

static void free_file(struct dq_sink *sink)
{
    struct file_sink *s = (struct file_sink *)sink;
    if (s->tmp.name[0])
        unlinkat(s->folder, s->tmp.name, 0);
    if (!s->is_released)
        release(s);
    dq_mem_free(s->path);
    dq_mem_free(s);
}

static const struct dq_sink_ops ops = {put, flush, commit, free_file};

int dq_sink_open_folder(const char *path, const char *display_name, bool follow, bool durable,
    int *out, struct dq_error *e)
{
    const int flags = O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);
    int fd = open(path, O_RDONLY | flags);
#ifdef __linux__
    if (fd < 0 && errno == EACCES) { /* files may be created in it, but it cannot be listed */
        fd = open(path, O_PATH | flags);
        if (fd >= 0 && durable) {
            close(fd);
            return dq_fail(
                e, DQ_ERR_IO, "%s: --fsync needs permission to read the directory", display_name);
        }
    }
#endif
    if (fd < 0)
        return dq_fail_errno(e, "%s", display_name);
    dq_tmpfile_sweep(fd);
    *out = fd;
    return 0;
}

int dq_sink_new_file(
    int folder, const struct dq_sink_file *file, struct dq_sink **out, struct dq_error *e)
{
    struct file_sink *s = dq_mem_calloc(1, sizeof *s);
    if (!s)
        return dq_fail_nomem(e);
    s->sink.ops = &ops;
    s->folder = folder;
    s->replace = file->replace;
    s->durable = file->durable;
    s->path = dq_mem_strdup(file->path);
    s->tmp.fd = -1;
    s->deferral = dq_signals_defer();
    if (!s->path) {
        free_file(&s->sink);
        return dq_fail_nomem(e);
    }
    if (dq_tmpfile_create(folder, &s->tmp) != 0) {
        const int rc = dq_fail_errno(e, "%s", file->path);
        free_file(&s->sink);
        return rc;
    }
    dq_signals_set_tmpfile(s->deferral, folder, s->tmp.name);
    if (file->len >= MIN_RESERVED)
        dq_file_reserve(s->tmp.fd, file->len);
    *out = &s->sink;
    return 0;
}

bool dq_sink_file_was_taken(const struct dq_sink *s)
{
    return s->ops == &ops && ((const struct file_sink *)s)->was_taken;
}

int dq_sink_file_fd(const struct dq_sink *s)
{
    return ((const struct file_sink *)s)->tmp.fd;
}

bool dq_sink_file_has_name(const struct dq_sink *s)
{
    return s->ops == &ops && ((const struct file_sink *)s)->is_released;
}
