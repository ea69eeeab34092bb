/* Words for the person at the terminal: one line each, on stderr, escaped. Only commands use this;
 * everything below them returns a struct dq_error instead. */
#ifndef DQ_MSG_H
#define DQ_MSG_H

#include "base/err.h"

enum dq_verbosity { DQ_QUIET, DQ_NORMAL, DQ_VERBOSE };

void dq_msg_set_verbosity(enum dq_verbosity verbosity);
enum dq_verbosity dq_msg_verbosity(void);

/* "gguf-dq: TEXT". */
void dq_msg_error(const char *format, ...) DQ_PRINTF(1, 2);

/* "gguf-dq: warning: TEXT", unless quiet. */
void dq_msg_warning(const char *format, ...) DQ_PRINTF(1, 2);

/* "gguf-dq: TEXT", unless quiet: what was done. */
void dq_msg_note(const char *format, ...) DQ_PRINTF(1, 2);

/* "gguf-dq: TEXT", only if verbose. */
void dq_msg_info(const char *format, ...) DQ_PRINTF(1, 2);

/* Shows one line of progress in place of the last one, and takes it away again when text is NULL.
 * The caller sees to it that stderr is a terminal. */
void dq_msg_progress(const char *text);

#endif
