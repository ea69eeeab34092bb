/* Signals that end the program.
 *
 * They act at once, as in any program, except while there is a temporary file to remove: then they are
 * deferred. The handler records the signal, loops poll dq_signals_check, and the clean-up runs as for
 * any other error. A second signal does not wait for that: its handler removes the file and ends the
 * program, whatever it is blocked in. */
#ifndef DQ_SIGNALS_H
#define DQ_SIGNALS_H

#include "base/err.h"

/* Ignores SIGPIPE and SIGXFSZ, so that the write that causes them fails instead. */
void dq_signals_ignore_write(void);

/* Defers the signals that would end the program from now on. Those that are ignored (as under nohup)
 * stay ignored. */
void dq_signals_defer(void);

/* Sets the file, in an open folder, that a second signal removes. There is one at a time; the name is
 * copied. */
void dq_signals_set_tmpfile(int folder, const char *name);

/* Ends the deferral: the file is removed or has its final name. A signal that came meanwhile stays
 * recorded. */
void dq_signals_undefer(void);

/* Returns 0, or DQ_ERR_INTERRUPTED once a signal was recorded. Safe in any thread. */
int dq_signals_check(struct dq_error *e);

/* If a signal was recorded, lets it end the program, so that the shell sees the reason. */
void dq_signals_reraise(void);

#endif
