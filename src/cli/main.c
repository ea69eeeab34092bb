#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/signals.h"
#include "base/stdout.h"
#include "cli/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int print_version(struct dq_error *e)
{
    FILE *out = dq_stdout();
    fprintf(out, "gguf-dq %s\ntypes:", DQ_VERSION);
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        putc(' ', out);
        fputs(dq_types[i].name, out);
    }
    fprintf(out, "\nGPU targets:%s", dq_gpu_drivers[0] ? "" : " none");
    for (size_t i = 0; dq_gpu_drivers[i]; i++)
        fprintf(out, " %s: %s", dq_gpu_drivers[i]->name, dq_gpu_drivers[i]->targets);
    putc('\n', out);
    return dq_stdout_flush(e);
}

/* A message about the command line must not go into a model that it names. */
static void protect_operands(char **argv)
{
    struct dq_error unused;
    struct stat st;
    for (; *argv && dq_file_output_is_at_risk(); argv++) {
        const int fd =
            stat(*argv, &st) == 0 && S_ISREG(st.st_mode) ? open(*argv, O_RDONLY | O_CLOEXEC) : -1;
        if (fd < 0)
            continue;
        (void)dq_file_protect(fd, *argv, &unused);
        close(fd);
    }
}

static int fail_usage(const char *command, char **argv, const struct dq_error *e)
{
    protect_operands(argv);

    dq_msg_error("%s", e->text);
    fprintf(stderr, "Try 'gguf-dq %s%s--help'.\n", command, *command ? " " : "");
    return DQ_ERR_USAGE;
}

static int run(int argc, char **argv)
{
    struct dq_error e;
    const struct dq_command *command;
    struct dq_args args;
    if (argc < 2) {
        dq_args_usage(stderr);
        return DQ_ERR_USAGE;
    }
    const char *first = argv[1];
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
        dq_args_help(NULL, dq_stdout());
        return dq_msg_failure(dq_stdout_flush(&e), &e);
    }
    if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0)
        return dq_msg_failure(print_version(&e), &e);
    if (dq_args_command(first, &command, &e) != 0)
        return fail_usage("", argv + 1, &e);
    int rc = dq_args_parse(command, argc - 1, argv + 1, &args, &e);
    if (rc == DQ_ERR_USAGE)
        return fail_usage(command->name, argv + 1, &e);
    if (rc != 0)
        return dq_msg_failure(rc, &e);
    if (args.help) {
        dq_args_help(command, dq_stdout());
        rc = dq_msg_failure(dq_stdout_flush(&e), &e);
    } else {
        dq_msg_set_verbosity(args.verbosity);
        if (args.max_memory > 0)
            dq_mem_limit(args.max_memory);
        rc = command->run(&args);
    }
    dq_args_finish(&args);
    return rc;
}

int main(int argc, char **argv)
{
    dq_signals_ignore_write();
    dq_file_raise_limit();
    dq_json_init();
    dq_stdout_guard(dq_msg_hold_progress, dq_msg_stdout_written);
    if (dq_file_guard_standard() != 0) {
        dq_msg_error("standard input, output or error is closed, and nothing can be opened in its "
                     "place: %s",
            strerror(errno));
        return dq_exit_status(DQ_ERR_IO);
    }
    return dq_exit_status(run(argc, argv));
}
