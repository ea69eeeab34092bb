/* The whole command line: arguments, one a line, an empty line, and the model m.gguf in the current
 * folder. The program's main() runs with them as in a process of its own, and leaks nothing: see
 * the end of LLVMFuzzerTestOneInput.
 *
 * * Excluded is what would take long or leave the folder: benchmarks, many threads, GPUs, absolute
 * paths and those with "..". */
#ifdef __linux__
#define _GNU_SOURCE /* memfd_create */
#endif
#include "base/file.h"
#include "base/json.h"
#include "base/signals.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/sandbox.h"
#include "fuzz.h"
#include "fuzz_files.h"
#include "mutate_gguf.h"
#include "rng.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef FUZZ_SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

enum { MOST_WORDS = 24, MOST_THREADS = 8 };

static const char MODEL[] = "m.gguf";

/* Words with a meaning. */
static const char *const vocabulary[] = {"list", "show", "extract", "hash", "verify", "types",
    "devices", "bench", "m.gguf", "./m.gguf", "-", "--", ".", "-t", "-x", "-T", "-0", "-m", "-o",
    "-f", "-d", "-j", "-k", "-n", "-q", "-v", "-h", "-V", "--meta", "--names", "--json", "--jsonl",
    "--force", "--skip-existing", "--keep-going", "--strict", "--dry-run", "--manifest",
    "--manifest=j", "--device=cpu", "--device", "cpu", "auto", "gpu", "--cpu", "--cpu=v3",
    "baseline", "v4", "--threads=2", "--ulp", "--fsync", "--no-sandbox", "--self-test",
    "--tensors-from=m.gguf", "--null", "-a", "sha256", "-c", "--check=m.gguf", "--no-names", "csv",
    "hex", "--edge=1", "--full", "--help", "--dtype=f16", "bf16", "native", "f32", "raw", "npy",
    "--output=out/", "out/", "x.npy", "x.raw", "0", "1", "8", "", "*", "?*", "{0..9}", "[0]",
    "[:, ::2]", "a", "a[0]", "*[..., ::-1]", "b[1:3]", "--size=1", "--time=0", "--type=q4_0",
    "18446744073709551616"};

enum { N_VOCABULARY = sizeof vocabulary / sizeof vocabulary[0] };

int dq_program_main(int argc, char **argv);

/* The engine's timer is a signal that the program would handle: these keep signals from it. */
void dq_signals_ignore_write(void)
{
}

int dq_signals_defer(void)
{
    return 0;
}

void dq_signals_set_tmpfile(int deferral, int folder, const char *name)
{
    (void)deferral;
    (void)folder;
    (void)name;
}

void dq_signals_undefer(int deferral)
{
    (void)deferral;
}

int dq_signals_check(struct dq_error *e)
{
    (void)e;
    return 0;
}

void dq_signals_reraise(void)
{
}

/* The process could not leave the sandbox again. */
bool dq_sandbox_enter(const struct dq_sandbox *s, char out[DQ_SANDBOX_WORDS])
{
    (void)s;
    out[0] = '\0';
    return true;
}

/* The output of the program. */
static int out_fd;
static int err_fd;
static int home; /* the current folder of the engine */

/* Where caches of models would be; no run depends on those of this machine. */
static const char *const caches[] = {
    "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "OLLAMA_MODELS"};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    unsetenv("GGUF_DQ_MODEL");
    fuzz_folder_make();
    for (size_t i = 0; i < sizeof caches / sizeof caches[0]; i++)
        unsetenv(caches[i]);
    FUZZ_CHECK(setenv("HOME", fuzz_folder(), 1) == 0);
    home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    out_fd = memfd_create("stdout", MFD_CLOEXEC);
    err_fd = memfd_create("stderr", MFD_CLOEXEC);
    fuzz_message_fd = dup(STDERR_FILENO);
#ifdef FUZZ_SANITIZED
    __sanitizer_set_report_fd((void *)(intptr_t)fuzz_message_fd);
#endif
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    FUZZ_CHECK(home >= 0 && out_fd >= 0 && err_fd >= 0 && fuzz_message_fd >= 0 && nothing >= 0);
    FUZZ_CHECK(dup2(nothing, STDIN_FILENO) == STDIN_FILENO);
    close(nothing);
    return 0;
}

/* Returns the length of the arguments, including the empty line. */
static size_t head_len(const uint8_t *data, size_t size)
{
    for (size_t i = 1; i < size; i++) {
        if (data[i - 1] == '\n' && data[i] == '\n')
            return i + 1;
    }
    return size;
}

/* Replaces a part of the input by a word and moves the rest. Returns the new length. */
static size_t put_word(
    uint8_t *data, size_t size, size_t max, size_t from, size_t to, const char *word)
{
    const size_t len = strlen(word);
    if (size - (to - from) + len > max)
        return size;
    memmove(data + from + len, data + to, size - to);
    memcpy(data + from, word, len);
    return size - (to - from) + len;
}

static size_t mutate_words(uint8_t *data, size_t size, size_t max, size_t head, struct rng *r)
{
    size_t from = head > 2 ? (size_t)rng_between(r, 0, (int64_t)head - 2) : 0;
    size_t to = from;
    const char *word = vocabulary[rng_between(r, 0, N_VOCABULARY - 1)];
    while (from > 0 && data[from - 1] != '\n')
        from--;
    while (to < head && data[to] != '\n')
        to++;
    switch (rng_between(r, 0, 3)) {
    case 0: /* replace a word */
        return put_word(data, size, max, from, to, word);
    case 1: /* remove one */
        return to < head ? put_word(data, size, max, from, to + 1, "") : size;
    case 2: /* insert one */
        size = put_word(data, size, max, from, from, "\n");
        return put_word(data, size, max, from, from, word);
    default: { /* insert one into it */
        const size_t place = (size_t)rng_between(r, (int64_t)from, (int64_t)to);
        return put_word(data, size, max, place, place, word);
    }
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    struct rng r = {seed};
    const size_t head = head_len(data, size);
    switch (rng_between(&r, 0, 7)) {
    case 0:
        return LLVMFuzzerMutate(data, size, max);
    case 1:
    case 2:
        return head + mutate_gguf(data + head, size - head, max - head, seed);
    default:
        return mutate_words(data, size, max, head, &r);
    }
}

struct words {
    char *copy;
    char *argv[MOST_WORDS + 2];
    int argc;
};

static void take_words(const uint8_t *data, size_t len, struct words *w)
{
    *w =
        (struct words){.copy = malloc(len + 1), .argv = {(char *)(uintptr_t) "gguf-dq"}, .argc = 1};
    FUZZ_CHECK(w->copy);
    if (len > 0)
        memcpy(w->copy, data, len);
    w->copy[len] = '\0';
    char *end = w->copy + len;
    for (char *word = w->copy; word < end && *word != '\n' && w->argc <= MOST_WORDS;) {
        char *stop = memchr(word, '\n', (size_t)(end - word));
        if (stop)
            *stop = '\0';
        w->argv[w->argc++] = word;
        word = stop ? stop + 1 : end;
    }
}

static bool leads_out(const char *path)
{
    return path && (path[0] == '/' || strstr(path, ".."));
}

/* Parses the words as the program will, to see what it would do. Returns whether they are worth a
 * run. */
static bool look_ahead(const struct words *w, bool *json, bool *stream)
{
    struct words again = *w; /* parsing changes their order */
    const struct dq_command *command;
    struct dq_args args;
    struct dq_error e;
    *json = false;
    *stream = false;
    if (w->argc < 2 || dq_args_command(w->argv[1], &command, &e) != 0 ||
        dq_args_parse(command, again.argc - 1, again.argv + 1, &args, &e) != 0)
        return true;
    *json = !args.help && args.json;
    *stream = (args.output && strcmp(args.output, "-") == 0) ||
              (args.names && args.nul_separated) || args.text_format == DQ_TEXT_TSV;
    const bool slow = command->bit == DQ_CMD_bench || args.self_test ||
                      args.n_threads > MOST_THREADS || args.device.kind == DQ_DEVICE_GPU;
    const bool far = leads_out(args.reference) || leads_out(args.model) || leads_out(args.output) ||
                     leads_out(args.manifest) || leads_out(args.tensors_from) ||
                     leads_out(args.html) || leads_out(args.map) || leads_out(args.against);
    dq_args_finish(&args);
    return args.help || (!slow && !far);
}

/* Runs the program in the folder, with its output going to the two files. */
static int run(struct words *w)
{
    FUZZ_CHECK(fflush(stdout) == 0 && fflush(stderr) == 0);
    FUZZ_CHECK(dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(err_fd, STDERR_FILENO) >= 0);
    FUZZ_CHECK(ftruncate(out_fd, 0) == 0 && ftruncate(err_fd, 0) == 0);
    FUZZ_CHECK(lseek(out_fd, 0, SEEK_SET) == 0 && lseek(err_fd, 0, SEEK_SET) == 0);
    FUZZ_CHECK(chdir(fuzz_folder()) == 0);
    dq_msg_set_verbosity(DQ_NORMAL);
    const int status = dq_program_main(w->argc, w->argv);
    FUZZ_CHECK(fflush(stdout) == 0 && fflush(stderr) == 0);
    FUZZ_CHECK(fchdir(home) == 0);
    return status;
}

static char *read_all(int fd, size_t *len)
{
    struct dq_error e;
    const off_t end = lseek(fd, 0, SEEK_END);
    char *text = malloc((size_t)end + 1);
    FUZZ_CHECK(end >= 0 && text && dq_file_pread(fd, "", text, (size_t)end, 0, &e) == 0);
    text[end] = '\0';
    *len = (size_t)end;
    return text;
}

/* Checks that a text is fit for a terminal and ends with a newline. */
static void check_text(int fd, bool must_be_there)
{
    size_t len;
    char *text = read_all(fd, &len);
    FUZZ_CHECK(dq_utf8_valid(text, len));
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK(text[i] == '\n' || ((unsigned char)text[i] >= ' ' && text[i] != 0x7f));
    FUZZ_CHECK(len > 0 ? text[len - 1] == '\n' : !must_be_there);
    free(text);
}

static void check_json(int fd)
{
    size_t len;
    json_error_t why;
    char *text = read_all(fd, &len);
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    FUZZ_CHECK(json);
    json_decref(json);
    free(text);
}

static void check_model(const uint8_t *data, size_t size)
{
    char path[512];
    size_t len;
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), MODEL);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    FUZZ_CHECK(fd >= 0);
    char *now = read_all(fd, &len);
    FUZZ_CHECK(len == size && (len == 0 || memcmp(now, data, len) == 0));
    free(now);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct words w;
    bool json;
    bool stream;
    const size_t head = head_len(data, size);
    const int fd = fuzz_next_fd();
    take_words(data, head, &w);
    if (look_ahead(&w, &json, &stream)) {
        fuzz_file_write(MODEL, data + head, size - head);
        const int status = run(&w);
        FUZZ_CHECK(status >= 0 && status <= 8);
        check_text(err_fd, status > 1);
        if (!stream)
            check_text(out_fd, false);
        if (json && status <= 1)
            check_json(out_fd);
        check_model(data + head, size - head);
        FUZZ_CHECK(!fuzz_folder_empty(".gguf-dq-"));
    }
    free(w.copy);
    FUZZ_CHECK(fuzz_next_fd() == fd);
    return 0;
}
