/* Signals that end the program: the handler only takes note, loops look, and clean-up runs as for
 * any other error. */
#ifndef DQ_STOP_H
#define DQ_STOP_H

#include "err.h"

/* Takes note of SIGINT, SIGTERM and SIGHUP from now on (unless they are ignored already, as under
 * nohup), and ignores SIGPIPE and SIGXFSZ so that a closed pipe and a limit on the size of files
 * are error codes. */
void dq_stop_catch_signals(void);

/* Returns 0, or DQ_ERR_STOPPED once a signal has come. */
int dq_stop_check(struct dq_error *e);

/* Ends the program by the signal that came, so that a shell sees why. Returns only if none came. */
void dq_stop_die(void);

#endif
