/* Runs a kernel in the interpreter and compares everything that it writes. */
#ifndef CHECK_KERNEL_H
#define CHECK_KERNEL_H

#include "amd_launch.h"
#include "type/type.h"

/* Parses the name of a kernel of hip/, dq_TOKEN_DTYPE. DQ_ERR_USAGE: there is no such kernel. */
int kernel_of_name(const char *name, enum dq_type *type, enum dq_dtype *dtype);

/* Runs a kernel on the built-in vectors of its type, in memory that holds exactly what it may
 * touch: on all of them; on small pieces, with groups of several sizes and more threads than
 * needed; and after more than 2^32 other weights. Adds to *counts what it ran, and to *n_weights
 * how many weights it compared.
 *
 * DQ_ERR_MISMATCH: the weights or the overflow flag are wrong. DQ_ERR_MALFORMED: the code has a
 * fault. Either way the text begins with the kernel's name and describes the error. */
int check_kernel(struct amd_memory *m, const struct amd_code *c, const struct amd_kernel *k,
    struct amd_counts *counts, uint64_t *n_weights, struct dq_error *e);

#endif
