#ifdef __linux__
#define _GNU_SOURCE /* fallocate, F_SETPIPE_SZ */
#endif
#include "base/file.h"

#include "base/mem.h"
#include "base/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Linux transfers at most this much in one call. */
static const size_t max_at_once = 0x7ffff000;

/* In place of an offset: at the position of the descriptor. */
static const uint64_t OWN_POSITION = UINT64_MAX;

int dq_file_open(const char *path, int *fd, uint64_t *size, struct dq_error *e)
{
    struct stat st;
    int rc;
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. It changes nothing for files. */
    const int opened = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                              : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0)
        return dq_fail_errno(e, "%s", path);
    if (fstat(opened, &st) != 0) {
        rc = dq_fail_errno(e, "%s", path);
        goto fail;
    }
    const off_t end = lseek(opened, 0, SEEK_END);
    const int unseekable = end < 0 ? errno : 0;
    if (S_ISDIR(st.st_mode)) {
        rc = dq_fail(e, DQ_ERR_IO, "%s: is a directory", path);
        goto fail;
    }
    if (unseekable != 0 && unseekable != ESPIPE) {
        errno = unseekable;
        rc = dq_fail_errno(e, "%s", path);
        goto fail;
    }
    if (end < 0 || S_ISCHR(st.st_mode)) {
        rc = dq_fail(e, DQ_ERR_USAGE,
            "%s: cannot be read at any place (a pipe or a terminal?); give the name of a file",
            path);
        goto fail;
    }
    *fd = opened;
    *size = (uint64_t)end;
    return 0;
fail:
    close(opened);
    return rc;
}

int dq_file_pread(int fd, const char *path, void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    uint8_t *to = buf;
    while (len > 0) {
        const ssize_t got = pread(fd, to, len < max_at_once ? len : max_at_once, (off_t)off);
        if (got == 0)
            return dq_fail(e, DQ_ERR_IO,
                "%s: the file ends at offset %" PRIu64 " now; it was longer when it was opened",
                path, off);
        if (got < 0) {
            if (errno != EINTR)
                return dq_fail_errno(e, "%s: read at offset %" PRIu64, path, off);
            const int rc = dq_signals_check(e);
            if (rc != 0)
                return rc;
            continue;
        }
        to += got;
        off += (uint64_t)got;
        len -= (size_t)got;
        if (len > 0 && dq_signals_check(e) != 0) /* a signal may have cut the call short */
            return DQ_ERR_INTERRUPTED;
    }
    return 0;
}

/* Writes at off, or at the descriptor's own position if off is OWN_POSITION. */
static int write_all(
    int fd, const char *path, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    const uint8_t *from = buf;
    while (len > 0) {
        const size_t n = len < max_at_once ? len : max_at_once;
        const ssize_t put =
            off == OWN_POSITION ? write(fd, from, n) : pwrite(fd, from, n, (off_t)off);
        if (put < 0 && errno != EINTR)
            return dq_fail_errno(e, "%s: write", path);
        if (put > 0) {
            from += put;
            len -= (size_t)put;
            off += off == OWN_POSITION ? 0 : (uint64_t)put;
        }
        if (len > 0 && dq_signals_check(e) != 0) /* a signal may have cut the call short */
            return DQ_ERR_INTERRUPTED;
    }
    return 0;
}

int dq_file_pwrite(
    int fd, const char *path, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    return write_all(fd, path, buf, len, off, e);
}

int dq_file_write(int fd, const char *path, const void *buf, size_t len, struct dq_error *e)
{
    return write_all(fd, path, buf, len, OWN_POSITION, e);
}

#ifdef __linux__
void dq_file_reserve(int fd, uint64_t len)
{
    if (len > 0 && len <= INT64_MAX)
        (void)fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)len);
}

void dq_file_widen_pipe(int fd)
{
    enum { WIDEST = 1 << 20 }; /* Linux's own limit, unless root changed it */
    const int now = fcntl(fd, F_GETPIPE_SZ);
    if (now > 0 && now < WIDEST)
        (void)fcntl(fd, F_SETPIPE_SZ, WIDEST);
}
#else
void dq_file_reserve(int fd, uint64_t len)
{
    (void)fd;
    (void)len;
}

void dq_file_widen_pipe(int fd)
{
    (void)fd;
}
#endif

int dq_file_flush(FILE *file, const char *path, struct dq_error *e)
{
    errno = 0;
    if (fflush(file) == 0 && !ferror(file))
        return 0;
    if (errno == EINTR && dq_signals_check(e) != 0)
        return DQ_ERR_INTERRUPTED;
    if (errno == 0) /* an earlier write failed, and its reason is gone */
        errno = EIO;
    return dq_fail_errno(e, "%s: write", path ? path : "standard output");
}

void dq_file_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* The lowest descriptor that is free has all those before it in use; gaps above it are not looked for. */
size_t dq_file_descriptors_left(int fd)
{
    struct rlimit limit;
    const int next = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (next >= 0)
        close(next);
    if (next < 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < (rlim_t)next)
        return 0;
    return limit.rlim_cur > INT_MAX ? INT_MAX : (size_t)limit.rlim_cur - (size_t)next;
}

int dq_file_guard_standard(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        /* open() takes the lowest free number, which is this one. */
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return -1;
    }
    return 0;
}

bool dq_file_is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

char *dq_file_join(const char *folder, const char *name)
{
    const size_t len = strlen(folder);
    const size_t size = len + strlen(name) + 2;
    char *path = dq_mem_alloc(size);
    if (path)
        snprintf(path, size, "%s%s%s", folder, len > 0 && folder[len - 1] == '/' ? "" : "/", name);
    return path;
}

const char *dq_file_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *dq_file_folder(const char *path)
{
    const size_t len = (size_t)(dq_file_base(path) - path);
    if (len == 0)
        return dq_mem_strdup(".");
    return dq_mem_strndup(path, len > 1 ? len - 1 : 1);
}
