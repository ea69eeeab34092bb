/* Errors: codes from one list, and a text that says what is wrong and where. */
#ifndef DQ_ERR_H
#define DQ_ERR_H

#if defined(__GNUC__)
#define DQ_PRINTF(words, first) __attribute__((format(printf, words, first)))
#else
#define DQ_PRINTF(words, first)
#endif

enum dq_err_number {
    DQ_ERR_NUMBER_NONE,
#define DQ_ERROR(name, status, meaning) DQ_ERR_NUMBER_##name,
#include "base/errors.def"
#undef DQ_ERROR
    DQ_ERR_NUMBER_COUNT
};

/* What fallible functions return: 0, or one of these, all negative. */
enum dq_err {
#define DQ_ERROR(name, status, meaning) DQ_ERR_##name = -DQ_ERR_NUMBER_##name,
#include "base/errors.def"
#undef DQ_ERROR
};

/* Why something failed, without the program's name and without a newline. */
struct dq_error {
    char text[1024];
};

/* Writes the text into *e (which may be NULL) and returns code. */
int dq_fail(struct dq_error *e, int code, const char *format, ...) DQ_PRINTF(3, 4);

/* The same for a failed call of libc: appends ": " and the words for errno, and returns the code
 * that suits errno: DQ_ERR_IO, DQ_ERR_MEMORY for ENOMEM, DQ_ERR_CLOSED for EPIPE. */
int dq_fail_errno(struct dq_error *e, const char *format, ...) DQ_PRINTF(2, 3);

/* Returns DQ_ERR_MEMORY with the text "out of memory", or what the limit (mem.h) would have to be.
 */
int dq_fail_nomem(struct dq_error *e);

/* What an analyzer of one file cannot see: that these never return 0. */
#if !defined(DQ_ERR_ITSELF) && defined(__clang_analyzer__)
#define dq_fail(e, code, ...) ((void)(dq_fail)(e, code, __VA_ARGS__), (code))
#define dq_fail_errno(...) ((void)(dq_fail_errno)(__VA_ARGS__), DQ_ERR_IO)
#define dq_fail_nomem(e) ((void)(dq_fail_nomem)(e), DQ_ERR_MEMORY)
#endif

/* The exit status of a return code; 0 for 0. */
int dq_exit_status(int code);

#endif
