/* Runs a target over inputs without an engine, in the order of their names.
 *
 * * Usage: replay_TARGET [--mutate N [--keep FOLDER]] FILE|FOLDER...
 *
 * * With --mutate, runs each input as it is and then N mutations of it, the same ones every time; with
 * --keep, only writes them to files, for other programs.
 * Fails if an input takes more than a second of CPU time (on a slow machine more), or all of them more than 64 MiB of memory
 * (neither is checked if GGUF_DQ_SANITIZED is set). When the process dies, it names the last input
 * and keeps it as crash-TARGET in the current folder. */
#include "fuzz.h"
#include "rng.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { MOST_KIB = 64 << 10, HANGS_AFTER = 30, ROOM = 4096 };

static const char *target; /* the file name of this program */
static FILE *words;        /* standard error, or a copy if the target uses that itself */
static struct {
    const char *name;
    unsigned long mutation;
    uint8_t *bytes;
    size_t len;
} now;

static struct rng engine = {1};
static unsigned long n_mutations;
static const char *kept; /* folder for the inputs, or NULL */
static unsigned long n_runs;
static bool measured;
static bool failed;

/* Changes random bytes, as engines do. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
    for (uint64_t n = 1 + rng_u64(&engine) % 4; n > 0; n--) {
        const uint64_t what = rng_u64(&engine) % 4;
        const size_t at = size > 0 ? (size_t)(rng_u64(&engine) % size) : 0;
        if (what == 0 && size < max) {
            memmove(data + at + 1, data + at, size - at);
            data[at] = (uint8_t)rng_u64(&engine);
            size++;
        } else if (what == 1 && size > 1) {
            memmove(data + at, data + at + 1, size - at - 1);
            size--;
        } else if (what == 2 && size > 0) {
            data[at] = (uint8_t)rng_u64(&engine);
        } else if (size > 0) {
            data[at] ^= (uint8_t)(1u << rng_u64(&engine) % 8);
        }
    }
    return size;
}

/* The process is about to die of the current input. Async-signal-safe calls only. */
static void say_what_it_was(int number)
{
    char digits[24];
    size_t n = sizeof digits;
    unsigned long m = now.mutation;
    const int fd = fileno(words);
    char path[64] = "crash-";
    strncat(path, target, sizeof path - 8);
    digits[--n] = '\n';
    do
        digits[--n] = (char)('0' + m % 10);
    while ((m /= 10) > 0);
    const char *why = number == SIGPROF ? "\nhangs: " : "\ndied of: ";
    if (write(fd, why, strlen(why)) < 0 || write(fd, now.name, strlen(now.name)) < 0 ||
        write(fd, ", change ", 9) < 0 || write(fd, digits + n, sizeof digits - n) < 0)
        _exit(2);
    const int crash = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (crash < 0 || write(crash, now.bytes, now.len) < 0)
        _exit(2);
    signal(number, SIG_DFL);
    raise(number);
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A second, or if the machine is slow the time for MANY steps, which take a tenth of one elsewhere. */
static double most_seconds(void)
{
    enum { MANY = 50 * 1000 * 1000 };
    static double most;
    if (most > 0)
        return most;
    const double start = processor_seconds();
    struct rng r = {1};
    volatile uint64_t sum = 0;
    for (int i = 0; i < MANY; i++)
        sum = sum + rng_u64(&r);
    const double took = 10 * (processor_seconds() - start);
    most = took > 1 ? took : 1;
    return most;
}

static void keep_one(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%06lu", kept, n_runs++);
    FILE *f = fopen(path, "wbe");
    FUZZ_CHECK(f && fwrite(now.bytes, 1, now.len, f) == now.len && fclose(f) == 0);
}

static void run_one(void)
{
    if (kept) {
        keep_one();
        return;
    }
    const struct itimerval alarm = {.it_value.tv_sec = HANGS_AFTER};
    const double start = processor_seconds();
    setitimer(ITIMER_PROF, &alarm, NULL);
    /* Exactly as long as the input, so that a sanitizer sees reads past its end. */
    uint8_t *exact = malloc(now.len > 0 ? now.len : 1);
    FUZZ_CHECK(exact);
    memcpy(exact, now.bytes, now.len);
    LLVMFuzzerTestOneInput(exact, now.len);
    free(exact);
    n_runs++;
    const double took = processor_seconds() - start;
    if (measured && took > 1 && took > most_seconds()) {
        fprintf(words, "%s, change %lu: took %.1f s\n", now.name, now.mutation, took);
        failed = true;
    }
}

static void run_file(const char *path, size_t len)
{
    FILE *f = fopen(path, "rbe");
    now.name = path;
    now.mutation = 0;
    now.bytes = malloc(len + ROOM);
    FUZZ_CHECK(f && now.bytes);
    now.len = fread(now.bytes, 1, len, f);
    FUZZ_CHECK(now.len == len && fclose(f) == 0);
    run_one();
    uint8_t *original = malloc(len + 1);
    FUZZ_CHECK(original);
    memcpy(original, now.bytes, len);
    while (now.mutation < n_mutations) {
        memcpy(now.bytes, original, len);
        now.len = LLVMFuzzerCustomMutator(now.bytes, len, len + ROOM, (unsigned)++now.mutation);
        run_one();
    }
    free(original);
    free(now.bytes);
}

static void run_path(const char *path)
{
    struct stat st;
    struct dirent **entries;
    if (stat(path, &st) != 0) {
        fprintf(words, "%s: not there\n", path);
        exit(2);
    }
    if (!S_ISDIR(st.st_mode)) {
        run_file(path, (size_t)st.st_size);
        return;
    }
    const int n = scandir(path, &entries, NULL, alphasort);
    FUZZ_CHECK(n >= 0);
    for (int i = 0; i < n; i++) {
        char inner[4096];
        snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            run_path(inner);
        free(entries[i]);
    }
    free(entries);
}

/* Returns the peak memory of this program; getrusage() may report that of its parent. */
static long peak_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *f = fopen("/proc/self/status", "re");
    while (f && kib < 0 && fgets(line, sizeof line, f))
        sscanf(line, "VmHWM: %ld", &kib);
    if (f)
        fclose(f);
    return kib;
}

int main(int argc, char **argv)
{
    static const int deadly[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF};
    const char *slash = strrchr(argv[0], '/');
    target = slash ? slash + 1 : argv[0];
    words = fdopen(dup(STDERR_FILENO), "w");
    FUZZ_CHECK(words);
    setvbuf(words, NULL, _IONBF, 0);
    measured = !getenv("GGUF_DQ_SANITIZED");
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++) {
        /* A sanitizer checks the others itself, and aborts. */
        if (measured || deadly[i] == SIGABRT || deadly[i] == SIGPROF)
            signal(deadly[i], say_what_it_was);
    }
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "--mutate") == 0) {
        n_mutations = strtoul(argv[2], NULL, 10);
        first = 3;
    }
    if (argc > 4 && first == 3 && strcmp(argv[3], "--keep") == 0) {
        kept = argv[4];
        first = 5;
    }
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = first; i < argc; i++)
        run_path(argv[i]);
    const long kib = peak_kib();
    fprintf(words, "%lu inputs, %ld KiB\n", n_runs, kib);
    if (measured && kib > MOST_KIB) {
        fprintf(words, "took %ld KiB of memory; %d are allowed\n", kib, MOST_KIB);
        failed = true;
    }
    return failed || n_runs == 0;
}
