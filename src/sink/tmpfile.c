#include "sink/tmpfile.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static const char prefix[] = ".gguf-dq-";
static const char ending[] = ".tmp";

enum { BOOT_LEN = 8, LONG_AGO = 24 * 60 * 60, MOST_NAMES = 10000 };

/* What tells this system, since it was started, from all others. Its containers share it. */
static const char *boot_tag(void)
{
    static char tag[BOOT_LEN + 1];
    if (tag[0])
        return tag;
    const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd >= 0 ? read(fd, tag, BOOT_LEN) : 0;
    if (fd >= 0)
        close(fd);
    if (got != BOOT_LEN || strspn(tag, "0123456789abcdef") != BOOT_LEN)
        memcpy(tag, "00000000", sizeof tag);
    return tag;
}

/* Locks a file that was just made. False if a sweep that saw it without a lock was faster, and
 * removes it; where files cannot be locked, nobody sweeps either. */
static bool claim(int folder, const struct dq_tmpfile *t)
{
    struct stat st;
    const bool locked = flock(t->fd, LOCK_EX | LOCK_NB) == 0;
    if (!locked && errno != EWOULDBLOCK)
        return true;
    if (fstat(t->fd, &st) == 0 && st.st_nlink == 0)
        return false;
    if (!locked) /* it was no sweep that locked it, or it is not that far */
        unlinkat(folder, t->name, 0);
    return locked;
}

int dq_tmpfile_make(int folder, struct dq_tmpfile *t)
{
    static unsigned counter;
    for (unsigned i = 0; i < MOST_NAMES; i++) {
        snprintf(t->name, sizeof t->name, "%s%ld-%u-%s%s", prefix, (long)getpid(), counter++,
            boot_tag(), ending);
        t->fd = openat(folder, t->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (t->fd >= 0 && claim(folder, t))
            return 0;
        if (t->fd >= 0)
            close(t->fd);
        else if (errno != EEXIST)
            break;
        errno = EEXIST;
    }
    t->name[0] = '\0';
    return -1;
}

/* Whether a name is that of a temporary; *here tells if this system made it since its start. */
static bool is_temporary(const char *name, bool *here)
{
    const size_t tail = BOOT_LEN + strlen(ending);
    const size_t len = strlen(name);
    if (strncmp(name, prefix, strlen(prefix)) != 0 || len < strlen(prefix) + tail ||
        strcmp(name + len - strlen(ending), ending) != 0)
        return false;
    *here = strncmp(name + len - tail, boot_tag(), BOOT_LEN) == 0;
    return true;
}

/* Opens a file for its lock. For some network file systems that takes the right to write; but a
 * umask may have left its owner none, or none to read. */
static int open_for_lock(int folder, const char *name)
{
    static const int ways[] = {O_RDWR, O_RDONLY, O_WRONLY};
    int fd = -1;
    for (size_t i = 0; fd < 0 && i < sizeof ways / sizeof ways[0]; i++)
        fd = openat(folder, name, ways[i] | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd;
}

/* Removes a file if it is ours and nobody holds its lock. A lock may be seen on one host only: what
 * comes from elsewhere must not have been touched for long as well. Where a umask lets nobody open
 * it, that has to do. */
static void remove_left_over(int folder, const char *name, bool here)
{
    struct stat st;
    struct stat named;
    if (fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(named.st_mode) ||
        named.st_uid != geteuid() || (!here && named.st_mtime > time(NULL) - LONG_AGO))
        return;
    const int fd = open_for_lock(folder, name);
    if (fd < 0) {
        if (errno == EACCES && named.st_mtime <= time(NULL) - LONG_AGO)
            unlinkat(folder, name, 0);
        return;
    }
    if (fstat(fd, &st) == 0 && dq_file_is_same(&st, &named) && flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder, name, 0);
    close(fd);
}

void dq_tmpfile_sweep(int folder)
{
    const struct dirent *entry;
    (void)boot_tag(); /* the file that it is in may be out of reach later */
    const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        bool here;
        if (is_temporary(entry->d_name, &here))
            remove_left_over(folder, entry->d_name, here);
    }
    closedir(dir);
}
