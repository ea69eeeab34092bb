/* A growing list of strings. */
#ifndef DQ_STRVEC_H
#define DQ_STRVEC_H

#include <stddef.h>

#include "base/err.h"

/* All zero is an empty list. */
struct dq_strvec {
    char **items; /* each owned by the list */
    size_t n;
};

/* Adds a copy of the first len bytes of text. */
int dq_strvec_add(struct dq_strvec *list, const char *text, size_t len, struct dq_error *e);
void dq_strvec_finish(struct dq_strvec *list);

#endif
