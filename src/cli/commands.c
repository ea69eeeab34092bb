#include "cli/cmd.h"

const struct dq_command dq_commands[] = {
#define DQ_COMMAND(name, operands, check, summary)                                                 \
    {#name, DQ_OPERANDS_##operands, DQ_CMD_##name, summary, check, dq_cmd_##name},
#include "cli/commands.def"
#undef DQ_COMMAND
    {0},
};
