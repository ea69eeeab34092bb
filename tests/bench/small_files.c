/* What the system needs for many small files: small_files FOLDER COUNT BYTES THREADS makes COUNT files of so
 * many bytes, each opened under another name, written, closed and renamed. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS_MAX = 256, BYTES_MAX = 1 << 20 };

static long count;
static long bytes;
static long n_threads;
static char content[BYTES_MAX];

static _Noreturn void fail(const char *name)
{
    perror(name);
    exit(1);
}

static void *work(void *first)
{
    char temporary[32];
    char name[32];
    for (long i = *(const long *)first; i < count; i += n_threads) {
        snprintf(temporary, sizeof temporary, ".%ld.tmp", i);
        snprintf(name, sizeof name, "%ld", i);
        const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 || write(fd, content, (size_t)bytes) != bytes || close(fd) != 0 ||
            rename(temporary, name) != 0)
            fail(name);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    long firsts[THREADS_MAX];
    if (argc != 5)
        return 2;
    count = strtol(argv[2], NULL, 10);
    bytes = strtol(argv[3], NULL, 10);
    n_threads = strtol(argv[4], NULL, 10);
    if (bytes < 0 || bytes > BYTES_MAX || n_threads < 1 || n_threads > THREADS_MAX)
        return 2;
    if (chdir(argv[1]) != 0)
        fail(argv[1]);
    for (long i = 0; i < n_threads; i++) {
        firsts[i] = i;
        if (i > 0 && pthread_create(&threads[i], NULL, work, &firsts[i]) != 0)
            fail("pthread_create");
    }
    work(&firsts[0]);
    for (long i = 1; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
