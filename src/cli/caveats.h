/* What is to be known of the values of a model beyond the values. */
#ifndef DQ_CAVEATS_H
#define DQ_CAVEATS_H

#include "extract/output.h"

/* Warns, before anything is written, of scale tensors that are not applied and of shapes in the
 * metadata that do not fit. */
void dq_caveats_warn(const struct dq_outputs *o);

enum { DQ_CAVEATS_SIZE = 768 };

/* Finds out, before anything is written, what the converter has done to the tensors of the outputs, in
 * words for dq_caveats_note; "" if nothing is known. */
void dq_caveats_find(const struct dq_outputs *o, char text[DQ_CAVEATS_SIZE]);

/* Notes it with the summary of what was written. */
void dq_caveats_note(const char *text);

#endif
