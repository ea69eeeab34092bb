/* Signals that end the program.
 *
 * As a rule they act at once, as for any program. Only while there is something to clean up (a
 * temporary file) are they held: the handler takes note, loops look, and the clean-up runs as for
 * any other error. */
#ifndef DQ_STOP_H
#define DQ_STOP_H

#include "err.h"

/* Makes a closed pipe and a limit on the size of files errors of the call instead of signals. */
void dq_stop_ignore_write_signals(void);

/* Takes note of SIGINT, SIGTERM, SIGHUP and the like from now on, unless they are ignored already
 * (as under nohup). */
void dq_stop_hold(void);

/* Returns 0, or DQ_ERR_STOPPED once a signal has come. */
int dq_stop_check(struct dq_error *e);

/* Lets signals act at once again. If one came meanwhile, the program dies of it now, so that a
 * shell sees why. */
void dq_stop_release(void);

#endif
