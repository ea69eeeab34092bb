/* A growable array of strings. */
#ifndef DQ_STRVEC_H
#define DQ_STRVEC_H

#include <stddef.h>

#include "base/err.h"

/* All zero is an empty list. */
struct dq_strvec {
    char **items; /* owned, and so is each item */
    size_t n;
};

/* Appends a copy of the first len bytes of text. dq_strvec_finish frees everything. */
int dq_strvec_add(struct dq_strvec *list, const char *text, size_t len, struct dq_error *e);
void dq_strvec_finish(struct dq_strvec *list);

#endif
