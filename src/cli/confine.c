#include "cli/confine.h"

#include "engine/engine.h"

#include <jansson.h>
#include <stdio.h>

void dq_confine(const struct dq_args *args, const struct dq_sandbox *s)
{
    char words[DQ_SANDBOX_WORDS] = "not in a sandbox: --no-sandbox";
    if (!args->no_sandbox && dq_device_any_runtime()) {
        snprintf(words, sizeof words, "not in a sandbox: the runtime of a GPU is loaded");
    } else if (!args->no_sandbox) {
        json_object_seed(0);        /* now: jansson opens /dev/urandom for it at first use */
        (void)dq_engine_threads(0); /* reads files about the processors, and keeps the answer */
        dq_sandbox_enter(s, words);
    }
    if (!s->may_read) /* the last time */
        dq_msg_info("%s", words);
}
