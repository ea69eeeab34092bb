/* Runs faulty variants of kernels, to see whether the fault is found. */
#ifndef RUN_VARIANTS_H
#define RUN_VARIANTS_H

#include "amd_launch.h"

/* Reads variants from standard input, one a line, with tabs between the fields:
 *
 *   KERNEL FIRST END [OFFSET TEXT]...
 *
 * A variant replaces the kernel's instructions from offset FIRST up to END by those given, each
 * with its offset and the text that llvm-objdump prints; offsets are hexadecimal. For each variant
 * it prints a line: the fault, or "survived", followed by ": the same registers" if at END all
 * waves have the same registers as in the original, or by ": not needed" if the kernel is also
 * right without the instructions. Returns the exit status. */
int run_variants(const struct amd_code *c, struct amd_memory *m);

#endif
