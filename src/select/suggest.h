/* "Did you mean": the known names that are most similar to an unknown one. */
#ifndef DQ_SUGGEST_H
#define DQ_SUGGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DQ_SUGGEST_MAX = 3, DQ_SUGGEST_WORDS = 2 };

/* Edit distance between a and b, ignoring case: insertions, deletions, substitutions and swaps of
 * neighbours (optimal string alignment). Returns limit if it is not less. */
size_t dq_edit_distance(const char *a, const char *b, size_t limit);

struct dq_suggestions {
    const char *names[DQ_SUGGEST_MAX]; /* most similar first; not owned */
    size_t distances[DQ_SUGGEST_MAX];
    size_t n;
    const char *wanted;                    /* what masks were made of; not owned */
    size_t wanted_len;                     /* of it, what is compared */
    uint64_t masks[256][DQ_SUGGEST_WORDS]; /* by letter: where it is in wanted */
    uint8_t counts[256];                   /* by letter: how often it is in wanted */
    uint8_t folded[256];                   /* by letter: in lower case */
};

/* Offers a known name as a suggestion for wanted. It is kept if it is similar enough and more similar
 * than others. All zero is an empty list of suggestions, which is for one wanted name. */
void dq_suggest(struct dq_suggestions *s, const char *wanted, const char *known);

/* Writes "; did you mean 'a', 'b' or 'c'?", or "" if there is no suggestion, cut to size. */
void dq_suggest_words(const struct dq_suggestions *s, char *out, size_t size);

#endif
