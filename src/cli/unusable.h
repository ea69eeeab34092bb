/* What a command says of the selected tensors that it cannot use. */
#ifndef DQ_UNUSABLE_H
#define DQ_UNUSABLE_H

#include "gguf/gguf.h"

/* All zero at first. */
struct dq_unusable {
    size_t n;              /* tensors */
    int first_failure;     /* why the first of them cannot be used, or 0 */
    const char *last_file; /* the fault of a file that was printed last */
    size_t n_lines;        /* printed */
    size_t n_told;         /* tensors that these are about */
};

/* Counts a tensor and prints why it cannot be used: code and why. A fault of its file is printed once, for all of its
 * tensors, unless the tensor is the only one of n_selected. */
void dq_unusable_add(struct dq_unusable *u, const struct dq_model *m, const struct dq_tensor *t,
    size_t n_selected, int code, const char *why);

/* Prints how many there were beyond those that were printed. */
void dq_unusable_end(const struct dq_unusable *u);

#endif
