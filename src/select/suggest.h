/* "Did you mean": the known names nearest to one that is not known. */
#ifndef DQ_SUGGEST_H
#define DQ_SUGGEST_H

#include <stddef.h>

enum { DQ_SUGGEST_MAX = 3 };

/* The number of letters to insert, delete, change or swap with a neighbour to get from a to b,
 * capitals or not; stops counting at limit. */
size_t dq_edit_distance(const char *a, const char *b, size_t limit);

struct dq_suggestions {
    const char *names[DQ_SUGGEST_MAX]; /* nearest first; not owned */
    size_t distances[DQ_SUGGEST_MAX];
    size_t n;
};

/* Offers a known name as a suggestion for wanted; it is kept if it is near enough and nearer than
 * others. */
void dq_suggest(struct dq_suggestions *s, const char *wanted, const char *known);

/* Writes "; did you mean 'a', 'b' or 'c'?", or nothing if there is no suggestion. */
void dq_suggest_words(const struct dq_suggestions *s, char *out, size_t size);

#endif
