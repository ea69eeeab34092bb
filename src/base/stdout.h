/* Standard output as a stream. Unlike that of libc, it waits where the descriptor does not block
 * (EAGAIN), writes nothing more after a failure, keeps the reason, and lets somebody make room on a
 * terminal. Not thread-safe where callers are not: a report belongs to one thread at a time. */
#ifndef DQ_STDOUT_H
#define DQ_STDOUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

/* Returns the stream, which is opened by the first call; where memory is short, stdout. On a terminal
 * it is buffered by lines. */
FILE *dq_stdout(void);

/* Whether a write has failed, so that what follows would be lost: long reports end then. */
bool dq_stdout_failed(void);

/* Flushes the stream. Returns 0 if everything since the start was written, else the error of the first
 * failure: DQ_ERR_CLOSED, DQ_ERR_IO or DQ_ERR_INTERRUPTED. */
int dq_stdout_flush(struct dq_error *e);

/* If standard output is a terminal, before is called before each write to it, and after after it, with
 * whether the cursor is at the start of a line. */
void dq_stdout_guard(void (*before)(void), void (*after)(bool at_line_start));

#endif
