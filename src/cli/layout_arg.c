#include "cli/layout_arg.h"

int dq_layout_arg_check(const struct dq_args *args, struct dq_error *e)
{
    if (args->hf_config && !args->layout_hf)
        return dq_fail(e, DQ_ERR_USAGE, "--hf-config goes with --layout hf");
    return 0;
}

static const struct dq_layout_use writing = {
    .needs_config = "needs --hf-config: config.json has",
    .otherwise = "--layout gguf writes tensors as they are",
    .is_written = true,
};

static const struct dq_layout_use comparing = {
    .needs_config = "needs config.json beside the reference, which has",
    .otherwise = "--map pairs names that differ",
};

int dq_layout_arg_open(const struct dq_args *args, const struct dq_model *m,
    const struct dq_picks *picks, struct dq_layout_arg *out, struct dq_error *e)
{
    int rc = 0;
    *out = (struct dq_layout_arg){.layout = NULL};
    if (!args->layout_hf)
        return 0;
    if (args->hf_config)
        rc = dq_hf_config_read(args->hf_config, &out->config, e);
    if (rc == 0)
        rc = dq_layout_new(m, picks, args->hf_config ? &out->config : NULL,
            args->reference ? &comparing : &writing, &out->layout, e);
    for (size_t i = 0; rc == 0 && i < out->layout->notes.n; i++)
        dq_msg_warning("%s", out->layout->notes.items[i]);
    return rc;
}

void dq_layout_arg_finish(struct dq_layout_arg *a)
{
    dq_layout_free(a->layout);
    dq_hf_config_finish(&a->config);
}
