#include "fuzz_files.h"

#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int fuzz_message_fd = STDERR_FILENO;

static char folder[256];

_Noreturn void fuzz_fail(const char *file, int line, const char *what)
{
    dprintf(fuzz_message_fd, "%s:%d: check failed: %s\n", file, line, what);
    abort();
}

static int remove_inside(int parent, const char *stem)
{
    const struct dirent *entry;
    int found = 0;
    DIR *dir = fdopendir(parent);
    FUZZ_CHECK(dir);
    while ((entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        found |= strncmp(name, stem, strlen(stem)) == 0;
        if (unlinkat(dirfd(dir), name, 0) == 0)
            continue;
        const int inner = openat(dirfd(dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        FUZZ_CHECK(inner >= 0);
        found |= remove_inside(inner, stem);
        FUZZ_CHECK(unlinkat(dirfd(dir), name, AT_REMOVEDIR) == 0);
    }
    closedir(dir);
    return found;
}

int fuzz_folder_empty(const char *stem)
{
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    FUZZ_CHECK(fd >= 0);
    return remove_inside(fd, stem);
}

static void remove_folder(void)
{
    fuzz_folder_empty("");
    rmdir(folder);
}

void fuzz_folder_make(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/gguf-dq-fuzz-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    FUZZ_CHECK(mkdtemp(folder));
    atexit(remove_folder);
}

const char *fuzz_folder(void)
{
    return folder;
}

void fuzz_file_write(const char *name, const void *data, size_t size)
{
    char path[512];
    const uint8_t *from = data;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd >= 0);
    while (size > 0) {
        const ssize_t n = write(fd, from, size);
        FUZZ_CHECK(n > 0);
        from += n;
        size -= (size_t)n;
    }
    FUZZ_CHECK(close(fd) == 0);
}

int fuzz_next_fd(void)
{
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    FUZZ_CHECK(fd >= 0);
    close(fd);
    return fd;
}
