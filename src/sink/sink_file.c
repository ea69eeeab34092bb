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
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Space is not reserved for files shorter than this many bytes: they are faster without. */
enum { MIN_RESERVED = 1 << 20 };

/* A file of at most this many bytes is collected in memory: then it is opened, written, closed and renamed at
 * once, which takes half of the time. If a run that begins meanwhile takes its temporary file for a stale
 * one, it is written again. */
enum { MAX_COLLECTED = 32 << 10, MAX_ATTEMPTS = 100 };

struct file_sink {
    struct dq_sink sink;
    int folder; /* the caller's */
    bool replace;
    bool durable;
    bool is_flushed;
    bool was_taken;   /* commit found another file of this name */
    bool is_released; /* closed, and no signal has to remove it */
    char *path;
    uint8_t *collected; /* the file's bytes, or NULL */
    size_t n_collected;
    struct dq_tmpfile tmp; /* of a collected file: exists once it is flushed, and is closed then */
    int deferral;          /* of signals */
};

static int put(struct dq_sink *sink, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    const struct file_sink *s = (const struct file_sink *)sink;
    if (!s->collected)
        return dq_file_pwrite(s->tmp.fd, s->path, buf, len, off, e);
    if (off > s->n_collected || len > s->n_collected - off)
        return dq_fail(e, DQ_ERR_IO, "%s: became longer than it was planned", s->path);
    if (len > 0) /* nothing may have no address */
        memcpy(s->collected + off, buf, len);
    return 0;
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

static int create_tmpfile(struct file_sink *s, struct dq_error *e)
{
    s->deferral = dq_signals_defer();
    if (s->deferral == DQ_SIGNALS_NONE)
        return dq_signals_check(e);
    if (dq_tmpfile_create(s->folder, !s->collected, &s->tmp) != 0)
        return dq_fail_errno(e, "%s", s->path);
    dq_signals_set_tmpfile(s->deferral, s->folder, s->tmp.name);
    return 0;
}

/* Closes a file that needs no lock. */
static int close_now(struct file_sink *s)
{
    const int fd = s->tmp.fd;
    s->tmp.fd = -1;
    return close(fd);
}

static int flush(struct dq_sink *sink, struct dq_error *e)
{
    struct file_sink *s = (struct file_sink *)sink;
    int rc = 0;
    if (s->is_flushed)
        return 0;
    if (s->collected) {
        rc = create_tmpfile(s, e);
        if (rc == 0)
            rc = dq_file_pwrite(s->tmp.fd, s->path, s->collected, s->n_collected, 0, e);
    }
    if (rc != 0)
        return rc;
    if (s->durable && fsync(s->tmp.fd) != 0)
        return dq_fail_errno(e, "%s: fsync", s->path);
    if ((s->collected ? close_now(s) : close_duplicate(s->tmp.fd)) != 0)
        return dq_fail_errno(e, "%s: write", s->path);
    s->is_flushed = true;
    return 0;
}

/* Whether another run has removed the temporary file of a collected file, which then can be flushed
 * again. */
static bool is_swept(struct file_sink *s)
{
    if (!s->collected || errno != ENOENT)
        return false;
    s->tmp.name[0] = '\0';
    s->is_flushed = false;
    dq_signals_undefer(s->deferral);
    s->deferral = DQ_SIGNALS_NONE;
    return true;
}

static int commit(struct dq_sink *sink, struct dq_error *e)
{
    struct file_sink *s = (struct file_sink *)sink;
    int rc = flush(sink, e);
    for (int i = 0; rc == 0 && rename_tmpfile(s) != 0; i++) {
        s->was_taken = !s->replace && errno == EEXIST;
        rc = dq_fail_errno(e, "%s", s->path);
        if (i < MAX_ATTEMPTS && is_swept(s))
            rc = flush(sink, e);
    }
    if (rc != 0)
        return rc;
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
    dq_mem_free(s->collected);
    dq_mem_free(s->path);
    dq_mem_free(s);
}

static const struct dq_sink_ops ops = {put, flush, commit, free_file};

int dq_sink_open_folder(
    const char *path, const char *display_name, unsigned flags, int *out, struct dq_error *e)
{
    const int how = O_DIRECTORY | O_CLOEXEC | (flags & DQ_FOLDER_FOLLOW ? 0 : O_NOFOLLOW);
    int fd = open(path, O_RDONLY | how);
#ifdef __linux__
    if (fd < 0 && errno == EACCES) { /* files may be created in it, but it cannot be listed */
        fd = open(path, O_PATH | how);
        if (fd >= 0 && (flags & DQ_FOLDER_DURABLE)) {
            close(fd);
            return dq_fail(
                e, DQ_ERR_IO, "%s: --fsync needs permission to read the directory", display_name);
        }
    }
#endif
    if (fd < 0)
        return dq_file_fail_folder(display_name, path, e);
    dq_tmpfile_init();
    if (flags & DQ_FOLDER_SWEEP)
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
    s->deferral = DQ_SIGNALS_NONE;
    int rc = s->path ? 0 : dq_fail_nomem(e);
    if (rc == 0 && file->len > 0 && file->len <= MAX_COLLECTED) {
        s->n_collected = (size_t)file->len;
        s->collected = dq_mem_calloc(1, s->n_collected);
        rc = s->collected ? 0 : dq_fail_nomem(e);
    } else if (rc == 0) {
        rc = create_tmpfile(s, e);
    }
    if (rc != 0) {
        free_file(&s->sink);
        return rc;
    }
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
