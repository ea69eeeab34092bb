#include "confine.h"

#include <jansson.h>

void dq_confine(const struct dq_args *args, const struct dq_sandbox *s)
{
    struct dq_error why;
    if (args->no_sandbox)
        return;
    json_object_seed(0); /* which jansson does late, and opens /dev/urandom for */
    if (dq_sandbox_enter(s, &why) != 0 && !s->may_read)
        dq_msg_info("not in a sandbox: %s", why.text);
}
