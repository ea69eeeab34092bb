/* Errors: a code from errors.def, and a text that says what is wrong and where. */
#ifndef DQ_ERR_H
#define DQ_ERR_H

#include <stdarg.h>

#if defined(__GNUC__)
#define DQ_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define DQ_PRINTF(fmt, first)
#endif

enum dq_err_number {
    DQ_ERR_NUMBER_NONE,
#define DQ_ERROR(name, status, meaning) DQ_ERR_NUMBER_##name,
#include "base/errors.def"
#undef DQ_ERROR
    DQ_ERR_NUMBER_COUNT
};

/* Functions that can fail return 0 or one of these, all negative. */
enum dq_err {
#define DQ_ERROR(name, status, meaning) DQ_ERR_##name = -DQ_ERR_NUMBER_##name,
#include "base/errors.def"
#undef DQ_ERROR
};

/* Why something failed: one line without the program's name and without a newline. Set only by a
 * function that fails. */
struct dq_error {
    char text[1024];
};

/* Writes the text, cut to its size, into *e (which may be NULL) and returns code. */
int dq_fail(struct dq_error *e, int code, const char *format, ...) DQ_PRINTF(3, 4);
int dq_vfail(struct dq_error *e, int code, const char *format, va_list args) DQ_PRINTF(3, 0);

/* As dq_fail, for a failed call of libc: appends ": " and strerror(errno). Returns DQ_ERR_MEMORY for
 * ENOMEM, DQ_ERR_CLOSED for EPIPE and DQ_ERR_IO for all others. If too many files are open, says how many
 * may be. */
int dq_fail_errno(struct dq_error *e, const char *format, ...) DQ_PRINTF(2, 3);

/* Returns DQ_ERR_MEMORY with the text "out of memory" or, if --max-memory (mem.h) refused it, with
 * the limit that would have been needed. */
int dq_fail_nomem(struct dq_error *e);

/* Tells an analyzer that sees one file at a time that these never return 0. */
#if !defined(DQ_ERR_ITSELF) && defined(__clang_analyzer__)
#define dq_fail(e, code, ...) ((void)(dq_fail)(e, code, __VA_ARGS__), (code))
#define dq_fail_errno(...) ((void)(dq_fail_errno)(__VA_ARGS__), DQ_ERR_IO)
#define dq_fail_nomem(e) ((void)(dq_fail_nomem)(e), DQ_ERR_MEMORY)
#endif

/* The exit status that belongs to a return code; 0 for 0. */
int dq_exit_status(int code);

#endif
