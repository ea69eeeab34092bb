#ifdef __linux__
#define _GNU_SOURCE /* fallocate, F_SETPIPE_SZ, O_PATH */
#endif
#include "base/file.h"

#include "base/mem.h"
#include "base/signals.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Linux transfers at most this much in one call. */
static const size_t max_at_once = 0x7ffff000;

#ifndef O_PATH
#define O_PATH O_RDONLY
#endif

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
    const int flags = fcntl(opened, F_GETFL);
    if (flags >= 0 && ((flags & O_ACCMODE) == O_WRONLY || (flags & O_PATH) != 0)) { /* guarded */
        rc = dq_fail(e, DQ_ERR_USAGE,
            "%s: standard input is closed or not open for reading; give the name of a file", path);
        goto fail;
    }
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

#ifdef POSIX_FADV_WILLNEED
void dq_file_expect(int fd, uint64_t off, uint64_t len)
{
    enum {
        PIECE = 128 << 10
    }; /* more than a file system reads ahead, Linux does not begin to read */
    const uint64_t end = off + len;
    for (; off < end; off += PIECE)
        (void)posix_fadvise(fd, (off_t)off, PIECE, POSIX_FADV_WILLNEED);
}
#else
void dq_file_expect(int fd, uint64_t off, uint64_t len)
{
    (void)fd;
    (void)off;
    (void)len;
}
#endif

/* Writes at off, or at the descriptor's own position if off is OWN_POSITION. */
static int write_all(
    int fd, const char *path, const void *buf, size_t len, uint64_t off, struct dq_error *e)
{
    const uint8_t *from = buf;
    while (len > 0) {
        const size_t n = len < max_at_once ? len : max_at_once;
        const ssize_t put =
            off == OWN_POSITION ? write(fd, from, n) : pwrite(fd, from, n, (off_t)off);
        if (put < 0 && errno == EAGAIN)
            (void)poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        else if (put < 0 && errno != EINTR)
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
        /* open() takes the lowest free number, which is this one. The root folder is there even if no
         * device is, and it can be neither read nor written. */
        int opened = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (opened < 0)
            opened = open("/", O_PATH);
        if (opened != fd)
            return -1;
    }
    return 0;
}

/* What is listed of a folder. */
struct listing {
    const char *folder;
    bool folders; /* rather than regular files */
    bool with_links;
    dq_file_take_fn take;
    void *arg;
};

/* Whether an entry that nobody may examine could be of the kind that is listed. */
static bool may_be_listed(const struct listing *l, const struct dirent *entry)
{
#ifdef DT_UNKNOWN
    return entry->d_type == DT_UNKNOWN || entry->d_type == (l->folders ? DT_DIR : DT_REG) ||
           (entry->d_type == DT_LNK && l->with_links);
#else
    (void)l;
    (void)entry;
    return true;
#endif
}

/* Calls take for an entry of a folder if it is of the kind that is listed, or if that cannot be found out
 * for want of permission: then who wants to read it will say so. */
static int take_entry(
    const struct listing *l, int folder, const struct dirent *entry, struct dq_error *e)
{
    const char *name = entry->d_name;
    struct stat st;
    if (fstatat(folder, name, &st, l->with_links ? 0 : AT_SYMLINK_NOFOLLOW) == 0)
        return (l->folders ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode)) ? l->take(l->arg, name, e)
                                                                        : 0;
    if (errno == EACCES)
        return may_be_listed(l, entry) ? l->take(l->arg, name, e) : 0;
    if (errno == ENOENT || errno == ELOOP || errno == ENOTDIR)
        return 0; /* a link that leads nowhere, or a file that was removed just now */
    return dq_fail_errno(e, "%s/%s", l->folder, name);
}

static int list(const struct listing *l, struct dq_error *e)
{
    int rc = 0;
    DIR *dir = opendir(l->folder);
    if (!dir)
        return dq_fail_errno(e, "%s", l->folder);
    while (rc == 0) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry)
            rc = take_entry(l, dirfd(dir), entry, e);
        else if (errno != 0)
            rc = dq_fail_errno(e, "%s", l->folder);
        else
            break;
    }
    closedir(dir);
    return rc;
}

int dq_file_list(const char *folder, dq_file_take_fn take, void *arg, struct dq_error *e)
{
    return list(&(struct listing){folder, false, true, take, arg}, e);
}

int dq_file_list_folders(
    const char *folder, bool with_links, dq_file_take_fn take, void *arg, struct dq_error *e)
{
    return list(&(struct listing){folder, true, with_links, take, arg}, e);
}

int dq_file_fail_folder(const char *path, const char *folder, struct dq_error *e)
{
    if (errno == ENOENT && strcmp(path, folder) != 0)
        return dq_fail(e, DQ_ERR_IO, "%s: the directory %s does not exist", path, folder);
    return dq_fail_errno(e, "%s", path);
}

int dq_file_find_folder(const char *path, bool *is_there, struct dq_error *e)
{
    struct stat st;
    const int rc = stat(path, &st);
    if (rc != 0 && errno != ENOENT)
        return dq_fail_errno(e, "%s", path);
    if (rc == 0 && !S_ISDIR(st.st_mode))
        return dq_fail(e, DQ_ERR_IO, "%s: is not a directory", path);
    *is_there = rc == 0;
    return 0;
}

/* Describes the file that standard output or error goes into. Returns false if it cannot be written. */
static bool stat_output(int fd, struct stat *st)
{
    const int flags = fcntl(fd, F_GETFL);
    return (flags < 0 || (flags & O_ACCMODE) != O_RDONLY) && fstat(fd, st) == 0;
}

bool dq_file_output_is_at_risk(void)
{
    struct stat st;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        if (stat_output(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0)
            return true;
    }
    return false;
}

int dq_file_protect(int fd, const char *path, struct dq_error *e)
{
    static const char *const names[] = {
        [STDOUT_FILENO] = "standard output", [STDERR_FILENO] = "standard error"};
    struct stat own;
    struct stat st;
    int rc = 0;
    if (fstat(fd, &own) != 0)
        return dq_fail_errno(e, "%s", path);
    for (int out = STDOUT_FILENO; out <= STDERR_FILENO; out++) {
        if (!stat_output(out, &st) || !dq_file_is_same(&own, &st))
            continue;
        if (rc == 0)
            rc = dq_fail(e, DQ_ERR_USAGE,
                "%s: %s goes into this file, which is only read; nothing was written; send it "
                "elsewhere",
                path, names[out]);
        (void)dup2(fd, out); /* which is open for reading: all writes fail */
    }
    return rc;
}

/* Whether a folder holds the descriptors of this process. */
static bool holds_descriptors(const char *folder)
{
    static const char *const folders[] = {"/proc/self/fd", "/proc/thread-self/fd", "/dev/fd"};
    struct stat st;
    struct stat own;
    bool same = false;
    for (size_t i = 0; !same && i < sizeof folders / sizeof folders[0]; i++)
        same = stat(folders[i], &own) == 0 && stat(folder, &st) == 0 && dq_file_is_same(&st, &own);
    return same;
}

int dq_file_descriptor(const char *path)
{
    enum { MAX_LINKS = 40 }; /* as in Linux */
    char at[PATH_MAX];
    char next[PATH_MAX];
    if (snprintf(at, sizeof at, "%s", path) >= (int)sizeof at)
        return -1;
    for (int i = 0; i < MAX_LINKS; i++) {
        char *name = strrchr(at, '/');
        name = name ? name + 1 : at;
        char *end;
        const long number = strtol(name, &end, 10);
        const bool is_number = *name >= '0' && *name <= '9' && *end == '\0' && number <= INT_MAX;
        const char kept = *name;
        *name = '\0';
        const bool here = holds_descriptors(*at ? at : ".");
        *name = kept;
        if (here)
            return is_number ? (int)number : -1;
        const ssize_t len = readlink(at, next, sizeof next - 1);
        if (len < 0)
            return -1;
        next[len] = '\0';
        char *from = next[0] == '/' ? at : name; /* relative to the folder of the link */
        const size_t room = sizeof at - (size_t)(from - at);
        if ((size_t)len >= room)
            return -1;
        memcpy(from, next, (size_t)len + 1);
    }
    return -1;
}

int dq_file_sync_folder(int fd, bool *able)
{
    *able = true;
    if (fsync(fd) == 0)
        return 0;
    *able = errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS;
    return *able ? -1 : 0;
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
