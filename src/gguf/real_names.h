/* Names and shapes that the metadata gives to tensors, because the tensor table could not hold them. */
#ifndef DQ_REAL_NAMES_H
#define DQ_REAL_NAMES_H

#include "base/err.h"

struct dq_model;

/* Gives the tensors of m the names and shapes that the metadata has for them. Their stored names keep
 * finding them. What does not fit a tensor is a diagnostic, and changes nothing. */
int dq_real_names_apply(struct dq_model *m, struct dq_error *e);

#endif
