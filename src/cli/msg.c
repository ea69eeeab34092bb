#include "cli/msg.h"

#include "base/text.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static enum dq_verbosity level = DQ_NORMAL;
static pthread_mutex_t terminal = PTHREAD_MUTEX_INITIALIZER; /* held while a line is written */
static bool progress_shown;

void dq_msg_set_verbosity(enum dq_verbosity verbosity)
{
    level = verbosity;
}

enum dq_verbosity dq_msg_verbosity(void)
{
    return level;
}

/* Prints a line in one write, so that the lines of two processes do not mix. */
DQ_PRINTF(2, 0) static void print_line(const char *kind, const char *format, va_list args)
{
    char plain[2048];
    char line[4 * sizeof plain];
    vsnprintf(plain, sizeof plain, format, args);
    dq_escape(plain, strlen(plain), DQ_ESCAPE_LINE, line, sizeof line);
    dq_msg_hold_progress();
    fprintf(stderr, "gguf-dq: %s%s\n", kind, line);
    dq_msg_release_progress();
}

void dq_msg_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line("", format, args);
    va_end(args);
}

void dq_msg_warning(const char *format, ...)
{
    if (level == DQ_QUIET)
        return;
    va_list args;
    va_start(args, format);
    print_line("warning: ", format, args);
    va_end(args);
}

void dq_msg_note(const char *format, ...)
{
    if (level == DQ_QUIET)
        return;
    va_list args;
    va_start(args, format);
    print_line("", format, args);
    va_end(args);
}

void dq_msg_info(const char *format, ...)
{
    if (level != DQ_VERBOSE)
        return;
    va_list args;
    va_start(args, format);
    print_line("", format, args);
    va_end(args);
}

void dq_msg_progress(const char *text)
{
    if (pthread_mutex_trylock(&terminal) != 0)
        return;
    fprintf(stderr, "\r\033[K%s", text);
    progress_shown = true;
    pthread_mutex_unlock(&terminal);
}

void dq_msg_hold_progress(void)
{
    pthread_mutex_lock(&terminal);
    if (progress_shown)
        fputs("\r\033[K", stderr);
    progress_shown = false;
}

void dq_msg_release_progress(void)
{
    pthread_mutex_unlock(&terminal);
}

int dq_msg_failure(int code, const struct dq_error *e)
{
    if (code != 0 && code != DQ_ERR_CLOSED && code != DQ_ERR_INTERRUPTED)
        dq_msg_error("%s", e->text);
    return code;
}
