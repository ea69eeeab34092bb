/* Messages to the user: one line each, on stderr, escaped. Only commands print them; everything below
 * them returns a struct dq_error instead. All functions but dq_msg_set_verbosity may be called from
 * any thread. */
#ifndef DQ_MSG_H
#define DQ_MSG_H

#include <stdbool.h>

#include "base/err.h"

enum dq_verbosity { DQ_QUIET, DQ_NORMAL, DQ_VERBOSE };

void dq_msg_set_verbosity(enum dq_verbosity verbosity);
enum dq_verbosity dq_msg_verbosity(void);

/* "gguf-dq: TEXT". */
void dq_msg_error(const char *format, ...) DQ_PRINTF(1, 2);

/* Prints the error that ended a command, unless it is one to end quietly on (a closed pipe, a signal).
 * Returns code. */
int dq_msg_failure(int code, const struct dq_error *e);

/* "gguf-dq: warning: TEXT", unless quiet. */
void dq_msg_warning(const char *format, ...) DQ_PRINTF(1, 2);

/* "gguf-dq: TEXT", unless quiet: a result. */
void dq_msg_note(const char *format, ...) DQ_PRINTF(1, 2);

/* "gguf-dq: TEXT", only if verbose. */
void dq_msg_info(const char *format, ...) DQ_PRINTF(1, 2);

/* The progress line: one line at the cursor that each call replaces, cut to the width that the terminal
 * has then. The caller makes sure that stderr is a terminal, and that the text is valid UTF-8 and not
 * empty. Nothing is shown while another thread writes to the terminal: this never waits for one. */
void dq_msg_progress(const char *text);

/* Clears the progress line for good. */
void dq_msg_end_progress(void);

/* Clears the progress line until dq_msg_release_progress, which draws it again, so that something else
 * can be written to the terminal. Messages and standard output do this themselves. Does not nest. */
void dq_msg_hold_progress(void);
void dq_msg_release_progress(void);

/* As dq_msg_release_progress, after standard output was written to the terminal. Within a line of that,
 * there is no progress. */
void dq_msg_stdout_written(bool at_line_start);

#endif
