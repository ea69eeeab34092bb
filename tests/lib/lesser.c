/* A library that is preloaded into the program to take away what a lesser system lacks. DQ_LESSER is a
 * list of words, separated by commas:
 *
 *     landlock=N      the kernel's Landlock has version (ABI) N; 0: none, -1: it is switched off
 *     no-null         there is no /dev/null
 *     no-entry=NAME   folders of that name cannot be read (EACCES), not even by root
 *     no-sync         folders cannot be synced (EINVAL), as on some FUSE and 9p file systems
 *     far=MS          files are far away: each read at an offset takes MS milliseconds; its offset and length
 *                     become a line of the file DQ_LESSER_LOG, if that is set
 */
#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS /* open and open64 are two functions here */
#undef _FORTIFY_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Returns what follows a word of the list, or NULL. */
static const char *lacks(const char *word)
{
    const char *list = getenv("DQ_LESSER");
    const char *found = list ? strstr(list, word) : NULL;
    return found ? found + strlen(word) : NULL;
}

static long real_syscall(long number, const long a[6])
{
    static long (*next)(long, ...);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "syscall");
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* The rights to files, the rights to the network and the scopes of each version. */
static bool knows(long version, const uint64_t attr[3])
{
    static const unsigned files[] = {0, 13, 14, 15, 15, 16, 16};
    const uint64_t known[3] = {((uint64_t)1 << files[version < 6 ? version : 6]) - 1,
        version >= 4 ? 3 : 0, version >= 6 ? 3 : 0};
    for (int i = 0; i < 3; i++) {
        if ((attr[i] & ~known[i]) != 0)
            return false;
    }
    return true;
}

long syscall(long number, ...)
{
    const char *version = lacks("landlock=");
    long a[6];
    va_list args;
    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (!version || number < SYS_landlock_create_ruleset || number > SYS_landlock_restrict_self)
        return real_syscall(number, a);
    const long most = strtol(version, NULL, 10);
    uint64_t attr[3] = {0};
    if (most < 1) {
        errno = most < 0 ? EOPNOTSUPP : ENOSYS;
        return -1;
    }
    if (number != SYS_landlock_create_ruleset)
        return real_syscall(number, a);
    if (a[2] != 0) { /* the version is asked for */
        const long here = real_syscall(number, a);
        return here < most ? here : most;
    }
    memcpy(attr, (const void *)a[0], (size_t)a[1] < sizeof attr ? (size_t)a[1] : sizeof attr);
    if (knows(most, attr))
        return real_syscall(number, a);
    errno = EINVAL;
    return -1;
}

static int open_lesser(const char *path, int flags, mode_t mode)
{
    if (lacks("no-null") && strcmp(path, "/dev/null") == 0) {
        errno = ENOENT;
        return -1;
    }
    return openat(AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_lesser(path, flags, mode);
}

#ifdef __GLIBC__ /* where these are functions of their own */
int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_lesser(path, flags | O_LARGEFILE, mode);
}

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open_lesser(path, flags, 0);
}

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
    return open_lesser(path, flags | O_LARGEFILE, 0);
}
#endif

DIR *opendir(const char *path)
{
    static DIR *(*next)(const char *);
    const char *name = lacks("no-entry=");
    const char *slash = strrchr(path, '/');
    if (name && strcmp(slash ? slash + 1 : path, name) == 0) {
        errno = EACCES;
        return NULL;
    }
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "opendir");
    return next(path);
}

int fsync(int fd)
{
    struct stat st;
    if (lacks("no-sync") && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    return (int)real_syscall(SYS_fsync, (const long[6]){fd});
}

/* Opened at the start: a sandbox may forbid it later. */
static int reads_log = -1;

__attribute__((constructor)) static void open_log(void)
{
    const char *path = getenv("DQ_LESSER_LOG");
    if (path && lacks("far="))
        reads_log = openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

static ssize_t read_lesser(int fd, void *buf, size_t len, off64_t off)
{
    const char *far = lacks("far=");
    const long ms = far ? strtol(far, NULL, 10) : 0;
    if (ms > 0)
        nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
    if (reads_log >= 0)
        dprintf(reads_log, "%lld %zu\n", (long long)off, len);
    return (ssize_t)real_syscall(SYS_pread64, (const long[6]){fd, (long)buf, (long)len, (long)off});
}

ssize_t pread(int fd, void *buf, size_t len, off_t off)
{
    return read_lesser(fd, buf, len, off);
}

#ifdef __GLIBC__
ssize_t pread64(int fd, void *buf, size_t len, off64_t off)
{
    return read_lesser(fd, buf, len, off);
}

ssize_t __pread64_chk(int fd, void *buf, size_t len, off64_t off, size_t size);
ssize_t __pread64_chk(int fd, void *buf, size_t len, off64_t off, size_t size)
{
    if (len > size)
        abort();
    return read_lesser(fd, buf, len, off);
}
#endif
