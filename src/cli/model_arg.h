/* From the command line to a model and its selected tensors. */
#ifndef DQ_MODEL_ARG_H
#define DQ_MODEL_ARG_H

#include "cli/args.h"
#include "gguf/gguf.h"
#include "select/select.h"

/* Finds the model: the path that was given, the only model of the folder that was given, else
 * $GGUF_DQ_MODEL, else the only model in the current folder. A split set counts as one model.
 * *out is its path, which the caller frees with dq_mem_free; *from is text for the end of an error that
 * says where the path comes from, or "". */
int dq_model_arg_path(
    const struct dq_args *args, char **out, const char **from, struct dq_error *e);

/* Opens the model at path, as dq_model_examine does, where --offset says that it begins. */
int dq_model_arg_examine(const struct dq_args *args, const char *path,
    const struct dq_diagnostic_sink *diag, struct dq_model **out, struct dq_error *e);

/* Finds and opens the model. dq_model_free closes it. */
int dq_model_arg_open(const struct dq_args *args, struct dq_model **out, struct dq_error *e);

/* Selects the tensors of the command line, --tensors-from included. Warns about exclusions that match
 * nothing. dq_picks_finish frees the picks. */
int dq_model_arg_tensors(
    const struct dq_args *args, const struct dq_model *m, struct dq_picks *out, struct dq_error *e);

/* As dq_model_arg_tensors, but refuses slices. */
int dq_model_arg_whole_tensors(
    const struct dq_args *args, const struct dq_model *m, struct dq_picks *out, struct dq_error *e);

#endif
