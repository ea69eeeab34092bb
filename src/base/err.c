#define DQ_ERR_ITSELF
#include "base/err.h"

#include "base/mem.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static const int statuses[DQ_ERR_NUMBER_COUNT] = {
#define DQ_ERROR(name, status, meaning) [DQ_ERR_NUMBER_##name] = status,
#include "base/errors.def"
#undef DQ_ERROR
};

int dq_vfail(struct dq_error *e, int code, const char *format, va_list args)
{
    if (e)
        vsnprintf(e->text, sizeof e->text, format, args);
    return code;
}

int dq_fail(struct dq_error *e, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    dq_vfail(e, code, format, args);
    va_end(args);
    return code;
}

/* Says how many files may be open, and how to change that. */
static void add_limit(struct dq_error *e)
{
    struct rlimit limit;
    const size_t len = strlen(e->text);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        snprintf(e->text + len, sizeof e->text - len,
            " (the limit is %ju; ulimit -n NUMBER raises it, or else ulimit -Hn NUMBER as root)",
            (uintmax_t)limit.rlim_cur);
}

int dq_fail_errno(struct dq_error *e, const char *format, ...)
{
    const int number = errno;
    va_list args;
    va_start(args, format);
    dq_vfail(e, DQ_ERR_IO, format, args);
    va_end(args);
    if (e) {
        const size_t len = strlen(e->text);
        snprintf(e->text + len, sizeof e->text - len, ": %s", strerror(number));
        if (number == EMFILE)
            add_limit(e);
    }
    if (number == ENOMEM)
        return DQ_ERR_MEMORY;
    return number == EPIPE ? DQ_ERR_CLOSED : DQ_ERR_IO;
}

int dq_fail_nomem(struct dq_error *e)
{
    const size_t needed = dq_mem_refused();
    return needed == 0 ? dq_fail(e, DQ_ERR_MEMORY, "out of memory")
                       : dq_fail(e, DQ_ERR_MEMORY,
                             "at least %zu KiB of memory is needed, more than --max-memory allows",
                             needed / 1024 + 1);
}

int dq_exit_status(int code)
{
    return statuses[-code];
}
