/* Shell patterns for tensor names: * ? [a-z] as in the shell (a dot is nothing special), and braces
 * {a,b} and {0..31}. */
#ifndef DQ_GLOB_H
#define DQ_GLOB_H

#include <stdbool.h>

#include "base/strvec.h"

/* Whether text holds anything that makes it a pattern. */
bool dq_glob_is_pattern(const char *text);

/* Writes the patterns that the braces of text stand for to the end of out: text itself if there are
 * none. More than a hundred thousand, or 8 MiB of them, are refused. */
int dq_glob_expand(const char *text, struct dq_strvec *out, struct dq_error *e);

/* How many bytes of an expanded pattern stand for themselves at its start: only names that begin
 * with them can match. */
size_t dq_glob_prefix(const char *pattern);

/* How many bytes stand for themselves at its end: only names that end with them can match. */
size_t dq_glob_suffix(const char *pattern);

/* Whether name matches an expanded pattern. */
bool dq_glob_match(const char *pattern, const char *name);

#endif
