/* A library that is preloaded into the program. When the program exits, it tries what an attacker who
 * had taken over the program would try, and prints on standard error what it was able to do. */
#define _GNU_SOURCE /* F_SETOWN */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, bool done)
{
    dprintf(STDERR_FILENO, "%s: %s\n", what, done ? "yes" : "no");
}

static bool opens(const char *path, int flags)
{
    const int fd = open(path, flags | O_CLOEXEC, 0666);
    return fd >= 0 && close(fd) == 0;
}

static bool makes(const char *path)
{
    return opens(path, O_WRONLY | O_CREAT | O_EXCL) && unlink(path) == 0;
}

static bool starts_program(void)
{
    char *const no_variables[] = {NULL};
    int status = 1;
    const pid_t child = fork();
    if (child == 0) {
        execle("/bin/true", "true", (char *)NULL,
            no_variables); /* without LD_PRELOAD, and so without this library */
        _exit(1);
    }
    return waitpid(child, &status, 0) == child && status == 0;
}

static bool opens_socket(void)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return fd >= 0 && close(fd) == 0;
}

static bool changes_mode(void)
{
    return chmod(".", 0755) == 0;
}

static bool makes_setuid(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 04755);
    return fd >= 0 && close(fd) == 0 && unlink(path) == 0;
}

/* With O_ASYNC, input on a pipe would now send a signal to the parent. */
static bool signals_parent(void)
{
    int ends[2];
    return pipe(ends) == 0 && fcntl(ends[0], F_SETOWN, getppid()) == 0;
}

__attribute__((destructor)) static void intrude(void)
{
    say("reads", opens("m.gguf", O_RDONLY));
    say("lists out/", opens("out", O_RDONLY | O_DIRECTORY));
    say("writes here", makes("intruder"));
    say("writes in out/", makes("out/intruder"));
    say("writes in out/below/", makes("out/below/intruder"));
    say("makes a setuid file in out/", makes_setuid("out/intruder"));
    say("changes a mode", changes_mode());
    say("starts a program", starts_program());
    say("has a signal sent", signals_parent());
    say("opens a socket", opens_socket());
}
