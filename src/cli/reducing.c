#include "cli/reducing.h"

#include "cli/confine.h"
#include "cli/msg.h"

/* Gives up all rights but those to the page. */
static void confine(const struct dq_args *args, const struct dq_page *page, bool may_read)
{
    struct dq_sandbox s = {.may_read = may_read};
    if (page)
        s.folders[s.n_folders++] = dq_page_folder(page);
    dq_confine(args, &s);
}

void dq_reducing_init(
    const struct dq_args *args, const struct dq_page *page, struct dq_engine_options *out)
{
    *out = (struct dq_engine_options){.device = args->device,
        .cpu = args->cpu,
        .n_threads = args->n_threads,
        .n_consuming = dq_engine_threads(args->n_threads)};
    if (out->device.kind == DQ_DEVICE_AUTO)
        out->device.kind = DQ_DEVICE_CPU;
    if (out->device.kind == DQ_DEVICE_CPU)
        confine(args, page, true);
}

int dq_reducing_open(const struct dq_args *args, const struct dq_page *page,
    const struct dq_engine_options *options, struct dq_engine *out, struct dq_error *e)
{
    const int rc = dq_engine_open(out, options, e);
    if (rc != 0)
        return rc;
    confine(args, page, false);
    if (out->skipped[0])
        dq_msg_warning("skipped: %s", out->skipped);
    return 0;
}
