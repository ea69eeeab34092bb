#include "select/glob.h"

#include "base/mem.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PATTERNS = 100000, MAX_BYTES = 8 << 20, MAX_LEN = 4096 };

bool dq_glob_is_pattern(const char *text)
{
    return strpbrk(text, "*?[{") != NULL;
}

static int expand(const char *text, struct dq_strvec *out, struct dq_error *e);

/* Replaces the braces by one alternative and expands the result. */
static int expand_one(const char *text, size_t head_len, const char *middle, size_t middle_len,
    const char *tail, struct dq_strvec *out, struct dq_error *e)
{
    const size_t size = head_len + middle_len + strlen(tail) + 1;
    char *joined = dq_mem_alloc(size);
    if (!joined)
        return dq_fail_nomem(e);
    snprintf(joined, size, "%.*s%.*s%s", (int)head_len, text, (int)middle_len, middle, tail);
    const int rc = expand(joined, out, e);
    dq_mem_free(joined);
    return rc;
}

static int expand_range(const char *text, size_t head_len, long first, long last, const char *tail,
    struct dq_strvec *out, struct dq_error *e)
{
    const long step = first <= last ? 1 : -1;
    int rc = 0;
    for (long i = first; rc == 0; i += step) {
        char number[32];
        const int len = snprintf(number, sizeof number, "%ld", i);
        rc = expand_one(text, head_len, number, (size_t)len, tail, out, e);
        if (i == last)
            break;
    }
    return rc;
}

/* Returns the brace that closes the one at open, or NULL. Sets *comma if a comma separates alternatives
 * between them. */
static const char *closing(const char *open, bool *comma)
{
    int depth = 0;
    *comma = false;
    for (const char *s = open; *s; s++) {
        if (*s == '{')
            depth++;
        else if (*s == ',' && depth == 1)
            *comma = true;
        else if (*s == '}' && --depth == 0)
            return s;
    }
    return NULL;
}

static int expand(const char *text, struct dq_strvec *out, struct dq_error *e)
{
    const char *open = strchr(text, '{');
    for (; open; open = strchr(open + 1, '{')) {
        bool comma;
        long first;
        long last;
        int end = 0;
        const char *close = closing(open, &comma);
        if (!close)
            break;
        const size_t head_len = (size_t)(open - text);
        if (sscanf(open, "{%9ld..%9ld}%n", &first, &last, &end) == 2 && open + end == close + 1)
            return expand_range(text, head_len, first, last, close + 1, out, e);
        if (!comma)
            continue; /* braces around a single item are ordinary characters */
        int rc = 0;
        int depth = 0;
        const char *piece = open + 1;
        for (const char *s = piece; rc == 0 && s <= close; s++) {
            if ((*s == ',' && depth == 0) || s == close) {
                rc = expand_one(text, head_len, piece, (size_t)(s - piece), close + 1, out, e);
                piece = s + 1;
            } else {
                depth += (*s == '{') - (*s == '}');
            }
        }
        return rc;
    }
    if (out->n >= MAX_PATTERNS || out->n * strlen(text) >= MAX_BYTES)
        return dq_fail(e, DQ_ERR_USAGE, "the braces expand to too many patterns");
    return dq_strvec_add(out, text, strlen(text), e);
}

int dq_glob_expand(const char *text, struct dq_strvec *out, struct dq_error *e)
{
    if (strlen(text) > MAX_LEN) /* which also bounds the recursion of expand() */
        return dq_fail(
            e, DQ_ERR_USAGE, "a pattern of %zu bytes; the maximum is %d", strlen(text), MAX_LEN);
    return expand(text, out, e);
}

size_t dq_glob_prefix(const char *pattern)
{
    return strcspn(pattern, "*?[\\");
}

size_t dq_glob_suffix(const char *pattern)
{
    const size_t len = strlen(pattern);
    size_t n = 0;
    while (n < len && !strchr("*?[]\\", pattern[len - 1 - n]))
        n++;
    return n;
}

bool dq_glob_match(const char *pattern, const char *name)
{
    return fnmatch(pattern, name, 0) == 0;
}
