/* What is to be known of the values of a model beyond the values. */
#ifndef DQ_CAVEATS_H
#define DQ_CAVEATS_H

#include "extract/output.h"

/* Warns, before anything is written, of scale tensors that are not applied and of shapes in the
 * metadata that do not fit. */
void dq_caveats_warn(const struct dq_outputs *o);

/* Notes, with the summary of what was written, what the converter has done to the tensors. */
void dq_caveats_note(const struct dq_outputs *o);

#endif
