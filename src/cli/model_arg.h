/* Finding the model when none is named, and the words of a selection. */
#ifndef DQ_MODEL_ARG_H
#define DQ_MODEL_ARG_H

#include "cli/args.h"
#include "gguf/gguf.h"
#include "select/select.h"

/* Finds the model of a command line: the one it names; of a folder, its only model; with none
 * named, $GGUF_DQ_MODEL or the only model in the current folder. A split set counts as one model.
 * Returns its path, which the caller frees, and words on where that is from, for the end of an
 * error. */
int dq_model_arg_path(
    const struct dq_args *args, char **out, const char **from, struct dq_error *e);

/* Finds and opens it. */
int dq_model_arg_open(const struct dq_args *args, struct dq_model **out, struct dq_error *e);

/* Whether a name ends in .gguf. */
bool dq_model_arg_is_gguf(const char *name);

/* Whether a folder holds a *.gguf file. */
bool dq_model_arg_has_model(const char *folder);

/* Picks the tensors of a command line, names from a file included. Warns of excluded words that
 * match nothing. */
int dq_model_arg_tensors(
    const struct dq_args *args, const struct dq_model *m, struct dq_picks *out, struct dq_error *e);

/* The same for commands that take no slices: refuses those. */
int dq_model_arg_whole_tensors(
    const struct dq_args *args, const struct dq_model *m, struct dq_picks *out, struct dq_error *e);

#endif
