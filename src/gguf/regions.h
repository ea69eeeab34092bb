/* The offsets and sizes of the data of tensors. */
#ifndef DQ_REGIONS_H
#define DQ_REGIONS_H

#include <stddef.h>

#include "base/err.h"

struct dq_model;
struct dq_tensor;

/* Computes the place and size of every tensor's data, and which tensors can be used: none of a file
 * that is damaged before its data section. */
int dq_regions_check(struct dq_model *m, struct dq_error *e);

/* With the real names and shapes applied (real_names.h): emits one diagnostic for each file that ends before
 * the data of its tensors does, and gives those tensors their problem. */
int dq_files_check(struct dq_model *m, struct dq_error *e);

/* Sorts tensors by the place of their data. Most files have them in that order already. */
void dq_tensors_sort(struct dq_tensor **placed, size_t n);

#endif
