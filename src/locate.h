/* Finding the model when none is named, and the words of a selection. */
#ifndef DQ_LOCATE_H
#define DQ_LOCATE_H

#include "args.h"
#include "gguf.h"
#include "select.h"

/* Opens the model of a command line: the one it names; of a folder, its only model; with none
 * named, $GGUF_DQ_MODEL or the only model in the current folder. A split set counts as one model.
 */
int dq_locate_model(const struct dq_args *args, struct dq_model **out, struct dq_error *e);

/* Whether a name ends in .gguf. */
bool dq_locate_is_gguf(const char *name);

/* Whether a folder holds a *.gguf file. */
bool dq_locate_has_model(const char *folder);

/* Picks the tensors of a command line, names from a file included. Warns of excluded words that
 * match nothing. */
int dq_locate_tensors(
    const struct dq_args *args, const struct dq_model *m, struct dq_picks *out, struct dq_error *e);

#endif
