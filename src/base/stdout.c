#ifdef __linux__
#define _GNU_SOURCE /* fopencookie */
#endif
#include "base/stdout.h"

#include "base/file.h"

#include <unistd.h>

enum { BUFFER = 64 << 10 };

static struct {
    FILE *stream;
    int rc; /* of the first write that failed */
    struct dq_error e;
    bool is_terminal;
    void (*before)(void);
    void (*after)(bool at_line_start);
} out;

static int write_all(const char *bytes, size_t len)
{
    if (out.rc == 0)
        out.rc = dq_file_write(STDOUT_FILENO, "standard output", bytes, len, &out.e);
    return out.rc;
}

#ifdef __linux__
/* Libc wants 0 for a failure. */
static ssize_t write_some(void *unused, const char *bytes, size_t len)
{
    const bool is_guarded = out.is_terminal && out.before && len > 0;
    (void)unused;
    if (is_guarded)
        out.before();
    const int rc = write_all(bytes, len);
    if (is_guarded)
        out.after(bytes[len - 1] == '\n');
    return rc == 0 ? (ssize_t)len : 0;
}

static FILE *open_stream(void)
{
    static char buffer[BUFFER];
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_some});
    if (stream)
        setvbuf(stream, buffer, out.is_terminal ? _IOLBF : _IOFBF, sizeof buffer);
    return stream;
}
#else
static FILE *open_stream(void)
{
    return NULL;
}
#endif

FILE *dq_stdout(void)
{
    if (!out.stream) {
        out.is_terminal = isatty(STDOUT_FILENO) == 1;
        out.stream = open_stream();
    }
    if (!out.stream)
        out.stream = stdout;
    return out.stream;
}

bool dq_stdout_failed(void)
{
    return out.rc != 0 || (out.stream == stdout && ferror(stdout));
}

int dq_stdout_flush(struct dq_error *e)
{
    const int rc = dq_file_flush(dq_stdout(), NULL, e);
    return out.rc != 0 ? dq_fail(e, out.rc, "%s", out.e.text) : rc;
}

void dq_stdout_guard(void (*before)(void), void (*after)(bool at_line_start))
{
    out.before = before;
    out.after = after;
}
