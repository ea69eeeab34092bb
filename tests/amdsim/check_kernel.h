/* Runs a kernel in the interpreter and compares all that it writes. */
#ifndef CHECK_KERNEL_H
#define CHECK_KERNEL_H

#include "amd_launch.h"
#include "type/type.h"

/* A kernel of hip/, by its name: dq_TOKEN_DTYPE. DQ_ERR_USAGE: it is none. */
int kernel_of_name(const char *name, enum dq_type *type, enum dq_dtype *dtype);

/* Runs the kernel on the built-in vectors of its format, in memory that holds exactly what it may
 * touch: all of them; small pieces, with groups of several sizes and more threads than are needed;
 * and behind more than 2^32 weights. Adds what it ran to *counts and the weights that it compared
 * to *n_weights.
 *
 * DQ_ERR_MISMATCH: the weights, or the word that tells of overflows, are wrong. DQ_ERR_MALFORMED: the code
 * did what it must not. Either way the text says what, and begins with the kernel's name. */
int check_kernel(struct amd_memory *m, const struct amd_code *c, const struct amd_kernel *k,
    struct amd_counts *counts, uint64_t *n_weights, struct dq_error *e);

#endif
