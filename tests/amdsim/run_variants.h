/* Runs variants of kernels, to see that what is wrong with them is found. */
#ifndef RUN_VARIANTS_H
#define RUN_VARIANTS_H

#include "amd_launch.h"

/* Each line of the standard input is a variant, with tabs between its parts:
 *
 *   KERNEL FIRST END [OFFSET TEXT]...
 *
 * In the place of the instructions from offset FIRST of the kernel up to END it has those given,
 * each with its offset and the text that llvm-objdump prints; offsets are hexadecimal. For each
 * variant a line is printed: what is wrong with it, or "survived", then ": the same registers" if
 * in all waves they are the same at END as without it, or ": not needed" if nothing is wrong
 * without the instructions either. Returns the exit status. */
int run_variants(const struct amd_code *c, struct amd_memory *m);

#endif
