#include "sink/tmpfile.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static const char prefix[] = ".gguf-dq-";
static const char suffix[] = ".tmp";

enum { BOOT_LEN = 8, STALE_AFTER = 24 * 60 * 60 /* seconds */, MAX_ATTEMPTS = 10000 };

/* Identifies this host since it was booted; containers on it share the tag. */
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

void dq_tmpfile_init(void)
{
    (void)boot_tag();
}

/* Kept, because asking for it takes a system call, and there may be many small files. */
static long process_id(void)
{
    static atomic_long id;
    if (id == 0)
        id = (long)getpid();
    return id;
}

/* Locks a file that was just created. Returns false if a sweep found it before it was locked and is
 * removing it. Where files cannot be locked, sweeps remove nothing, so no lock is needed. */
static bool claim(int folder, const struct dq_tmpfile *t)
{
    struct stat st;
    const bool locked = flock(t->fd, LOCK_EX | LOCK_NB) == 0;
    if (!locked && errno != EWOULDBLOCK)
        return true;
    if (fstat(t->fd, &st) == 0 && st.st_nlink == 0)
        return false;
    if (!locked) /* another process has the lock: a sweep that has not removed it yet, or any other */
        unlinkat(folder, t->name, 0);
    return locked;
}

int dq_tmpfile_create(int folder, bool lock, struct dq_tmpfile *t)
{
    static atomic_uint counter;
    for (unsigned i = 0; i < MAX_ATTEMPTS; i++) {
        snprintf(t->name, sizeof t->name, "%s%ld-%u-%s%s", prefix, process_id(), counter++,
            boot_tag(), suffix);
        t->fd = openat(folder, t->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (t->fd >= 0 && (!lock || claim(folder, t)))
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

/* Whether a name is that of a temporary file; *same_boot says whether it was created on this host
 * since it was booted. */
static bool is_tmpfile(const char *name, bool *same_boot)
{
    const size_t tail_len = BOOT_LEN + strlen(suffix);
    const size_t len = strlen(name);
    if (strncmp(name, prefix, strlen(prefix)) != 0 || len < strlen(prefix) + tail_len ||
        strcmp(name + len - strlen(suffix), suffix) != 0)
        return false;
    *same_boot = strncmp(name + len - tail_len, boot_tag(), BOOT_LEN) == 0;
    return true;
}

/* Opens a file in order to lock it. Some network file systems lock only files that are open for
 * writing, but the umask may have denied the owner write or read permission. */
static int open_for_lock(int folder, const char *name)
{
    static const int modes[] = {O_RDWR, O_RDONLY, O_WRONLY};
    int fd = -1;
    for (size_t i = 0; fd < 0 && i < sizeof modes / sizeof modes[0]; i++)
        fd = openat(folder, name, modes[i] | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd;
}

/* Removes a file if this user owns it and no process holds its lock. Locks may be invisible to other
 * hosts, so a file of another host or boot must also be a day old. A file that cannot be opened
 * because of its umask is judged by its age alone. */
static void remove_if_stale(int folder, const char *name, bool same_boot)
{
    struct stat st;
    struct stat named;
    if (fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(named.st_mode) ||
        named.st_uid != geteuid() || (!same_boot && named.st_mtime > time(NULL) - STALE_AFTER))
        return;
    const int fd = open_for_lock(folder, name);
    if (fd < 0) {
        if (errno == EACCES && named.st_mtime <= time(NULL) - STALE_AFTER)
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
    const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        bool same_boot;
        if (is_tmpfile(entry->d_name, &same_boot))
            remove_if_stale(folder, entry->d_name, same_boot);
    }
    closedir(dir);
}
