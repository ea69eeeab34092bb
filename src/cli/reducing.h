/* For commands that reduce weights to digests or figures: how they choose devices and enter the sandbox. */
#ifndef DQ_REDUCING_H
#define DQ_REDUCING_H

#include "cli/args.h"
#include "cli/page.h"
#include "engine/engine.h"

/* Before the model is opened: sets the options of the engine. Reducing takes the processors longer than decoding does,
 * wherever that is done, so that the default is the CPU; then, or if it was asked for, only reading stays allowed, and
 * writing in the folder of the page, unless that is NULL. */
void dq_reducing_init(
    const struct dq_args *args, const struct dq_page *page, struct dq_engine_options *out);

/* Opens the engine, gives up what is left to give up, and warns of GPUs that were passed over. The caller closes *out
 * with dq_engine_close. Errors of dq_engine_open. */
int dq_reducing_open(const struct dq_args *args, const struct dq_page *page,
    const struct dq_engine_options *options, struct dq_engine *out, struct dq_error *e);

#endif
