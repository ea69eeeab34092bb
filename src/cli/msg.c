#include "cli/msg.h"

#include "base/file.h"
#include "base/text.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PROGRESS_SIZE = 320, WIDTH = 80, WIDEST = 4096 };

static enum dq_verbosity level = DQ_NORMAL;

/* The terminal. The lock is held while something is written to it. */
static pthread_mutex_t terminal = PTHREAD_MUTEX_INITIALIZER;
static char progress[PROGRESS_SIZE]; /* the progress line, not cut; "" if there is none */
static bool is_in_line;              /* standard output ends within a line there */

void dq_msg_set_verbosity(enum dq_verbosity verbosity)
{
    level = verbosity;
}

enum dq_verbosity dq_msg_verbosity(void)
{
    return level;
}

/* Writes to standard error at once, so that the lines of two processes do not mix. */
static void put(const char *text)
{
    (void)dq_file_write(STDERR_FILENO, "standard error", text, strlen(text), NULL);
}

DQ_PRINTF(2, 0) static void print_line(const char *kind, const char *format, va_list args)
{
    char plain[2048];
    char escaped[4 * sizeof plain];
    char line[sizeof escaped + 64];
    vsnprintf(plain, sizeof plain, format, args);
    dq_escape(plain, strlen(plain), DQ_ESCAPE_LINE, escaped, sizeof escaped);
    snprintf(line, sizeof line, "gguf-dq: %s%s\n", kind, escaped);
    dq_msg_hold_progress();
    put(line);
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

/* The width of the terminal in columns; it can change at any time. */
static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    const char *columns = getenv("COLUMNS");
    const long n = columns ? strtol(columns, NULL, 10) : 0;
    return n > 0 && n < WIDEST ? (size_t)n : WIDTH;
}

/* Returns the length of what fits a number of columns. Many letters beyond U+1100 (three bytes and more)
 * take two columns, and which ones depends on the terminal: all count as two, so that the line never
 * wraps. */
static size_t len_of_columns(const char *line, size_t width)
{
    size_t at = 0;
    const size_t len = strlen(line);
    while (at < len) {
        const size_t n = dq_utf8_len(line + at, len - at);
        const size_t columns = n > 2 ? 2 : 1;
        if (columns > width)
            break;
        width -= columns;
        at += n > 0 ? n : 1;
    }
    return at;
}

/* Draws the progress line over what is there. In the last column, some terminals wrap. */
static void draw_progress(void)
{
    char line[PROGRESS_SIZE + 8];
    const size_t len = len_of_columns(progress, terminal_width() - 1);
    snprintf(line, sizeof line, "\r\033[K%.*s", (int)len, progress);
    put(line);
}

void dq_msg_progress(const char *text)
{
    if (pthread_mutex_trylock(&terminal) != 0)
        return;
    snprintf(progress, sizeof progress, "%s", text);
    if (!is_in_line)
        draw_progress();
    pthread_mutex_unlock(&terminal);
}

void dq_msg_end_progress(void)
{
    dq_msg_hold_progress();
    progress[0] = '\0';
    dq_msg_release_progress();
}

void dq_msg_hold_progress(void)
{
    pthread_mutex_lock(&terminal);
    if (progress[0] && !is_in_line)
        put("\r\033[K");
}

void dq_msg_release_progress(void)
{
    if (progress[0] && !is_in_line)
        draw_progress();
    pthread_mutex_unlock(&terminal);
}

void dq_msg_stdout_written(bool at_line_start)
{
    is_in_line = !at_line_start;
    dq_msg_release_progress();
}

int dq_msg_failure(int code, const struct dq_error *e)
{
    if (code != 0 && code != DQ_ERR_CLOSED && code != DQ_ERR_INTERRUPTED)
        dq_msg_error("%s", e->text);
    return code;
}
