/* A growing list of strings. */
#ifndef DQ_STRINGLIST_H
#define DQ_STRINGLIST_H

#include <stddef.h>

#include "base/err.h"

/* All zero is an empty list. */
struct dq_strings {
    char **items; /* each owned by the list */
    size_t n;
};

/* Adds a copy of the first len bytes of text. */
int dq_strings_add(struct dq_strings *list, const char *text, size_t len, struct dq_error *e);
void dq_strings_finish(struct dq_strings *list);

#endif
