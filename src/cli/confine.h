/* Holding a command to what it still needs, unless --no-sandbox is there. */
#ifndef DQ_CONFINE_H
#define DQ_CONFINE_H

#include "cli/args.h"
#include "cli/sandbox.h"

/* Enters the sandbox, before the first thread is started. A GPU's runtime opens what it likes, and
 * starts threads: where one is loaded, this does nothing, and where one may be later, it is not
 * for. */
void dq_confine(const struct dq_args *args, const struct dq_sandbox *s);

#endif
