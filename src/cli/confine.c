#include "cli/confine.h"

#include "engine/engine.h"

#include <stdio.h>

void dq_confine(const struct dq_args *args, const struct dq_sandbox *s)
{
    char words[DQ_SANDBOX_WORDS] = "not in a sandbox: --no-sandbox";
    if (!args->no_sandbox && dq_device_any_runtime()) {
        snprintf(words, sizeof words, "not in a sandbox: the runtime of a GPU is loaded");
    } else if (!args->no_sandbox) {
        dq_sandbox_enter(s, words);
    }
    if (!s->may_read) /* the last time */
        dq_msg_info("%s", words);
}
