/* Signals that end the program.
 *
 * As a rule they act at once, as for any program. Only while there is something to clean up (a
 * temporary file) are they held: the handler takes note, loops look, and the clean-up runs as for
 * any other error. A second one does not wait for that: its handler removes the file and the
 * program ends, whatever it hangs in. */
#ifndef DQ_SIGNALS_H
#define DQ_SIGNALS_H

#include "base/err.h"

/* Makes a closed pipe and a limit on the size of files errors of the call instead of signals. */
void dq_signals_ignore_write(void);

/* Takes note of the signals that would end the program from now on; of those that are ignored
 * already (as under nohup) it does not. */
void dq_signals_defer(void);

/* Says which file in an open folder the second signal has to remove: one at a time. */
void dq_signals_set_tmpfile(int folder, const char *name);

/* The file is gone or has its name: signals act at once again. One that came meanwhile stays noted.
 */
void dq_signals_undefer(void);

/* Returns 0, or DQ_ERR_INTERRUPTED once a signal has come. */
int dq_signals_check(struct dq_error *e);

/* If a signal was noted, the program dies of it now, so that a shell sees why. */
void dq_signals_reraise(void);

#endif
