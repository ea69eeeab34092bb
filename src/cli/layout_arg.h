/* From --layout and --hf-config to what becomes of the selected tensors. */
#ifndef DQ_LAYOUT_ARG_H
#define DQ_LAYOUT_ARG_H

#include "cli/args.h"
#include "layout/layout.h"

struct dq_layout_arg {
    struct dq_hf_config config;
    struct dq_layout *layout; /* NULL: --layout gguf */
};

/* Checks the options. DQ_ERR_USAGE. */
int dq_layout_arg_check(const struct dq_args *args, struct dq_error *e);

/* Lays out the picks, if --layout hf was given, and prints notes. All arguments must outlive *out, which
 * dq_layout_arg_finish frees. */
int dq_layout_arg_open(const struct dq_args *args, const struct dq_model *m,
    const struct dq_picks *picks, struct dq_layout_arg *out, struct dq_error *e);
void dq_layout_arg_finish(struct dq_layout_arg *a);

#endif
