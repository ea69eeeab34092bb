/* Has ggml read each file whose path comes in a line of standard input, and prints a line for each:
 * "ok", or why not. A child reads it, as ggml may abort. */
#include "ggml.h"
#include "gguf.h"

#include <cstdio>
#include <iostream>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_SECONDS = 60 };

static const rlim_t MOST_MEMORY = (rlim_t)4 << 30;
static std::string reasons;

static void keep_reason(enum ggml_log_level level, const char *text, void *arg)
{
    (void)level;
    (void)arg;
    reasons += text;
}

/* Where the data of the tensors has to end, padded as ggml pads it. */
static uint64_t data_end(const struct gguf_context *model)
{
    uint64_t end = 0;
    for (int64_t i = 0; i < gguf_get_n_tensors(model); i++)
        end = gguf_get_tensor_offset(model, i) +
              GGML_PAD(gguf_get_tensor_size(model, i), gguf_get_alignment(model));
    return gguf_get_data_offset(model) + end;
}

static std::string read_file(const char *path)
{
    struct gguf_init_params params = {true, nullptr};
    struct gguf_context *model = gguf_init_from_file(path, params);
    struct stat st;
    if (!model)
        return reasons.empty() ? "refused" : reasons;
    if (stat(path, &st) != 0)
        return "not there";
    /* Where the caller wants the data, ggml reads as much as follows the infos. */
    return data_end(model) > (uint64_t)st.st_size ? "tensor data or its padding is not there"
                                                  : "ok";
}

static std::string read_in_child(const char *path)
{
    int ends[2];
    std::string words;
    char bytes[4096];
    int status;
    if (pipe(ends) != 0)
        return "no pipe";
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit memory = {MOST_MEMORY, MOST_MEMORY};
        setrlimit(RLIMIT_AS, &memory);
        alarm(MOST_SECONDS);
        const std::string verdict = read_file(path);
        _exit(write(ends[1], verdict.data(), verdict.size()) < 0);
    }
    close(ends[1]);
    for (ssize_t n; (n = read(ends[0], bytes, sizeof bytes)) > 0;)
        words.append(bytes, (size_t)n);
    close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return "no process";
    if (WIFSIGNALED(status))
        return "died of signal " + std::to_string(WTERMSIG(status));
    for (char &c : words)
        c = c == '\n' ? '|' : c;
    return words;
}

int main()
{
    std::string path;
    ggml_log_set(keep_reason, nullptr);
    while (std::getline(std::cin, path))
        std::cout << read_in_child(path.c_str()) << std::endl;
    return 0;
}
