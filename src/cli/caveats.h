/* What is to be known of the values of a model beyond the values. */
#ifndef DQ_CAVEATS_H
#define DQ_CAVEATS_H

#include "extract/output.h"

/* Prints, before anything is written, warnings about scale tensors that are not applied and about
 * shapes in the metadata that do not fit, and a note about what the converter has done to the tensors. */
int dq_caveats_print(const struct dq_outputs *o, struct dq_error *e);

#endif
