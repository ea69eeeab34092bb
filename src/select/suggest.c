#ifdef __linux__
#define _GNU_SOURCE /* strcasestr */
#endif
#include "select/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Only this many leading bytes of a name are compared. */
enum { MAX_LEN = 128 };

static size_t min3(size_t a, size_t b, size_t c)
{
    const size_t m = a < b ? a : b;
    return m < c ? m : c;
}

static bool is_alike(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

size_t dq_edit_distance(const char *a, const char *b, size_t limit)
{
    size_t rows[3][MAX_LEN + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *now = rows[2];
    const size_t na = strnlen(a, MAX_LEN);
    const size_t nb = strnlen(b, MAX_LEN);
    if ((na > nb ? na - nb : nb - na) >= limit)
        return limit;
    for (size_t j = 0; j <= nb; j++)
        last[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t least = now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            now[j] = min3(
                last[j] + 1, now[j - 1] + 1, last[j - 1] + (is_alike(a[i - 1], b[j - 1]) ? 0 : 1));
            if (i > 1 && j > 1 && is_alike(a[i - 1], b[j - 2]) && is_alike(a[i - 2], b[j - 1]) &&
                before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
            least = now[j] < least ? now[j] : least;
        }
        if (least >= limit)
            return limit;
        size_t *const free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[nb] < limit ? last[nb] : limit;
}

/* Distance between wanted and known, with or without known's last part (".weight"), whichever is less.
 * A known name that contains wanted counts as just similar enough. */
static size_t distance(const char *wanted, const char *known, size_t limit)
{
    char stem[MAX_LEN + 1];
    size_t d = dq_edit_distance(wanted, known, limit);
    const char *dot = strrchr(known, '.');
    if (dot && dot > known && (size_t)(dot - known) <= MAX_LEN) {
        snprintf(stem, sizeof stem, "%.*s", (int)(dot - known), known);
        const size_t shorter = dq_edit_distance(wanted, stem, limit);
        d = shorter < d ? shorter : d;
    }
    if (d == limit && strlen(wanted) >= 3 && strcasestr(known, wanted))
        d = limit - 1;
    return d;
}

void dq_suggest(struct dq_suggestions *s, const char *wanted, const char *known)
{
    const size_t limit = 2 + strlen(wanted) / 4;
    const size_t d = distance(wanted, known, limit);
    if (d >= limit)
        return;
    size_t place = s->n;
    while (place > 0 && s->distances[place - 1] > d)
        place--;
    if (place == DQ_SUGGEST_MAX)
        return;
    for (size_t i = s->n < DQ_SUGGEST_MAX ? s->n : DQ_SUGGEST_MAX - 1; i > place; i--) {
        s->names[i] = s->names[i - 1];
        s->distances[i] = s->distances[i - 1];
    }
    s->names[place] = known;
    s->distances[place] = d;
    s->n += s->n < DQ_SUGGEST_MAX;
}

void dq_suggest_words(const struct dq_suggestions *s, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < s->n && used < size; i++) {
        const char *before = i == 0 ? "; did you mean " : (i + 1 == s->n ? " or " : ", ");
        used += (size_t)snprintf(
            out + used, size - used, "%s'%s'%s", before, s->names[i], i + 1 == s->n ? "?" : "");
    }
}
