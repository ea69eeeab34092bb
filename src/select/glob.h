/* Shell patterns for tensor names: * ? [a-z] as in the shell (dots are ordinary characters), and the
 * braces {a,b} and {0..31}. */
#ifndef DQ_GLOB_H
#define DQ_GLOB_H

#include <stdbool.h>

#include "base/strvec.h"

/* Whether text contains any of the characters * ? [ {. */
bool dq_glob_is_pattern(const char *text);

/* Appends the patterns that text expands to, text itself if it has no braces. DQ_ERR_USAGE beyond
 * 100,000 patterns or 8 MiB of them. */
int dq_glob_expand(const char *text, struct dq_strvec *out, struct dq_error *e);

/* Length of the literal prefix of an expanded pattern: only names that begin with it can match. */
size_t dq_glob_prefix(const char *pattern);

/* Length of its literal suffix: only names that end with it can match. */
size_t dq_glob_suffix(const char *pattern);

/* Whether name matches an expanded pattern. */
bool dq_glob_match(const char *pattern, const char *name);

#endif
