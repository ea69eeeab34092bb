/* Signals that end the program.
 *
 * They act at once, as in any program, except while there is a temporary file to remove: then they are
 * deferred. The handler records the signal, loops poll dq_signals_check, and the clean-up runs as for
 * any other error. A second signal does not wait for that: its handler removes the files and ends the
 * program, whatever it is blocked in. All functions may be called by several threads at once. */
#ifndef DQ_SIGNALS_H
#define DQ_SIGNALS_H

#include "base/err.h"

/* Ignores SIGPIPE and SIGXFSZ, so that the write that causes them fails instead. */
void dq_signals_ignore_write(void);

/* The files of at most this many deferrals are removed by a second signal; those of others remain,
 * like those of a run that was killed, until the next one removes them. */
enum { DQ_SIGNALS_MAX = 256, DQ_SIGNALS_NONE = -1 };

/* Defers the signals that would end the program until the deferral that is returned is ended. Those
 * that are ignored (as under nohup) stay ignored. Once a signal was recorded, returns DQ_SIGNALS_NONE:
 * the file must not be created. */
int dq_signals_defer(void);

/* Sets the file of a deferral, in an open folder, that a second signal removes. The name is copied. */
void dq_signals_set_tmpfile(int deferral, int folder, const char *name);

/* Ends a deferral: its file is removed or has its final name. A signal that came meanwhile stays
 * recorded. */
void dq_signals_undefer(int deferral);

/* Returns 0, or DQ_ERR_INTERRUPTED once a signal was recorded. Safe in any thread. */
int dq_signals_check(struct dq_error *e);

/* If a signal was recorded, lets it end the program, so that the shell sees the reason. */
void dq_signals_reraise(void);

#endif
