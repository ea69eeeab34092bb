#include "cli/reducing.h"

#include "cli/confine.h"
#include "cli/msg.h"

void dq_reducing_init(const struct dq_args *args, struct dq_engine_options *out)
{
    *out = (struct dq_engine_options){.device = args->device,
        .cpu = args->cpu,
        .n_threads = args->n_threads,
        .n_consuming = dq_engine_threads(args->n_threads)};
    if (out->device.kind == DQ_DEVICE_AUTO)
        out->device.kind = DQ_DEVICE_CPU;
    if (out->device.kind == DQ_DEVICE_CPU)
        dq_confine(args, &(struct dq_sandbox){.may_read = true});
}

int dq_reducing_open(const struct dq_args *args, const struct dq_engine_options *options,
    struct dq_engine *out, struct dq_error *e)
{
    const int rc = dq_engine_open(out, options, e);
    if (rc != 0)
        return rc;
    dq_confine(args, &(struct dq_sandbox){0});
    if (out->skipped[0])
        dq_msg_warning("skipped: %s", out->skipped);
    return 0;
}
