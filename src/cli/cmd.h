/* The commands: what each does once its command line is parsed. */
#ifndef DQ_CMD_H
#define DQ_CMD_H

#include "cli/args.h"

/* dq_cmd_NAME runs a command. It returns 0 or a code of errors.def, after printing a message on stderr.
 * dq_cmd_NAME_check refuses options that do not go together; dq_args_parse calls it. */
#define DQ_COMMAND(name, operands, check, summary)                                                 \
    int dq_cmd_##name(const struct dq_args *args);                                                 \
    int dq_cmd_##name##_check(const struct dq_args *args, struct dq_error *e);
#include "cli/commands.def"
#undef DQ_COMMAND

#endif
