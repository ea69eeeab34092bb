/* Puts a command into the sandbox, unless --no-sandbox was given. */
#ifndef DQ_CONFINE_H
#define DQ_CONFINE_H

#include "cli/args.h"
#include "cli/sandbox.h"

/* Enters the sandbox; to be called before the first thread is started. Does nothing where a GPU's
 * runtime is loaded, which opens files and starts threads at any time; must not be called where one
 * may be loaded later. */
void dq_confine(const struct dq_args *args, const struct dq_sandbox *s);

#endif
