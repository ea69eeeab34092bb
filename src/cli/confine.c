#include "cli/confine.h"

#include "engine/engine.h"

#include <jansson.h>

void dq_confine(const struct dq_args *args, const struct dq_sandbox *s)
{
    struct dq_error why;
    if (args->no_sandbox)
        return;
    if (dq_device_any_runtime()) {
        dq_msg_info("not in a sandbox: the runtime of a GPU is loaded");
        return;
    }
    json_object_seed(0);        /* now: jansson opens /dev/urandom for it at first use */
    (void)dq_engine_threads(0); /* reads files about the processors, and keeps the answer */
    if (dq_sandbox_enter(s, &why) != 0 && !s->may_read)
        dq_msg_info("not in a sandbox: %s", why.text);
}
