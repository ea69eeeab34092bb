/* Shell patterns for tensor names: * ? [a-z] as in the shell (a dot is nothing special), and braces
 * {a,b} and {0..31}. */
#ifndef DQ_GLOB_H
#define DQ_GLOB_H

#include <stdbool.h>

#include "stringlist.h"

/* Whether text holds anything that makes it a pattern. */
bool dq_glob_is_pattern(const char *text);

/* Writes the patterns that the braces of text stand for to the end of out: text itself if there are
 * none. More than a hundred thousand, or 8 MiB of them, are refused. */
int dq_glob_expand(const char *text, struct dq_strings *out, struct dq_error *e);

/* Whether name matches one of the patterns. */
bool dq_glob_match(const struct dq_strings *patterns, const char *name);

#endif
