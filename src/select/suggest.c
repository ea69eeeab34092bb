#ifdef __linux__
#define _GNU_SOURCE /* strcasestr */
#endif
#include "select/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Only this many leading bytes of a name are compared. */
enum { MAX_LEN = 64 * DQ_SUGGEST_WORDS };

/* Makes the masks of a pattern: bit i of masks[letter] is set if its i-th letter is that one, in either
 * case. */
static void prepare(struct dq_suggestions *s, const char *wanted)
{
    s->wanted = wanted;
    s->wanted_len = strnlen(wanted, MAX_LEN);
    memset(s->masks, 0, sizeof s->masks);
    for (int i = 0; i < 256; i++)
        s->folded[i] = (uint8_t)tolower(i);
    memset(s->counts, 0, sizeof s->counts);
    for (size_t i = 0; i < s->wanted_len; i++) {
        const unsigned char letter = (unsigned char)wanted[i];
        const uint64_t bit = (uint64_t)1 << i % 64;
        s->counts[tolower(letter)]++;
        s->masks[tolower(letter)][i / 64] |= bit;
        if (toupper(letter) != tolower(letter))
            s->masks[toupper(letter)][i / 64] |= bit;
    }
}

/* A column of the table of distances between the beginnings of two words, as in Hyyro 2003, "A
 * bit-vector algorithm for computing Levenshtein and Damerau edit distances": a bit for each row says
 * whether the distance is one more, or one less, than in the row above. */
struct column {
    uint64_t more[DQ_SUGGEST_WORDS];
    uint64_t less[DQ_SUGGEST_WORDS];
    uint64_t diagonal[DQ_SUGGEST_WORDS]; /* the distance equals that to the upper left */
    const uint64_t *mask;                /* of the letter of this column */
    size_t distance;                     /* in the last row: of the whole pattern */
};

/* Moves on by a letter. The words of the bit vectors are like the digits of one number. */
static void step(struct column *c, size_t pattern_len, const uint64_t *mask)
{
    uint64_t swap_carry = 0;
    uint64_t sum_carry = 0;
    uint64_t right_carry = 1; /* the first row is one more with each column */
    uint64_t left_carry = 0;
    const size_t last_word = (pattern_len - 1) / 64;
    const unsigned last = (pattern_len - 1) % 64;
    for (size_t w = 0; w < DQ_SUGGEST_WORDS; w++) {
        const uint64_t more = c->more[w];
        const uint64_t less = c->less[w];
        const uint64_t not_same = ~c->diagonal[w] & mask[w];
        const uint64_t swaps = (not_same << 1 | swap_carry) & c->mask[w];
        const uint64_t both = mask[w] & more;
        uint64_t sum = both + more;
        const uint64_t overflow = sum < both;
        sum += sum_carry;
        sum_carry = overflow | (sum < sum_carry);
        swap_carry = not_same >> 63;
        const uint64_t diagonal = (sum ^ more) | mask[w] | less | swaps;
        const uint64_t right_more = less | ~(diagonal | more);
        const uint64_t right_less = diagonal & more;
        c->distance += right_more >> last & (w == last_word);
        c->distance -= right_less >> last & (w == last_word);
        const uint64_t right = right_more << 1 | right_carry;
        const uint64_t left = right_less << 1 | left_carry;
        right_carry = right_more >> 63;
        left_carry = right_less >> 63;
        c->diagonal[w] = diagonal;
        c->more[w] = left | ~(diagonal | right);
        c->less[w] = right & diagonal;
    }
    c->mask = mask;
}

/* Whether the letters alone, in any order, show that no distance is below limit: each letter that one
 * word has more often than the other is a change. */
static bool is_far(
    const struct dq_suggestions *s, const char *known, size_t stem_len, size_t len, size_t limit)
{
    uint8_t left[256];
    size_t n_extra = 0;
    size_t least = limit;
    memcpy(left, s->counts, sizeof left);
    for (size_t i = 0; i <= len; i++) {
        if (i == stem_len || i == len) {
            const size_t n_missing = s->wanted_len - (i - n_extra);
            const size_t n = n_extra > n_missing ? n_extra : n_missing;
            least = n < least ? n : least;
        }
        if (i == len)
            break;
        uint8_t *count = &left[s->folded[(unsigned char)known[i]]];
        n_extra += *count == 0;
        *count = (uint8_t)(*count - (*count > 0));
    }
    return least >= limit;
}

/* Distance between wanted and known, or the first stem_len bytes of it, whichever is less: that is an
 * earlier column of the same table. Returns limit if it is not less, which is often clear before the
 * end, because a column changes the distance by one at most. */
static size_t distance(
    const struct dq_suggestions *s, const char *known, size_t stem_len, size_t limit)
{
    static const uint64_t no_letter[DQ_SUGGEST_WORDS];
    struct column c = {.mask = no_letter, .distance = s->wanted_len};
    const size_t len = strnlen(known, MAX_LEN);
    size_t least = limit;
    stem_len = stem_len < len ? stem_len : len;
    if (stem_len >= s->wanted_len + limit)
        return limit;
    if (is_far(s, known, stem_len, len, limit))
        return limit;
    if (s->wanted_len == 0)
        return stem_len < limit ? stem_len : limit;
    memset(c.more, 0xff, sizeof c.more);
    for (size_t i = 0; i <= len; i++) {
        if ((i == stem_len || i == len) && c.distance < least)
            least = c.distance;
        if (i == len || c.distance >= least + (len - i))
            break;
        step(&c, s->wanted_len, s->masks[(unsigned char)known[i]]);
    }
    return least;
}

size_t dq_edit_distance(const char *a, const char *b, size_t limit)
{
    struct dq_suggestions s = {0};
    prepare(&s, a);
    return distance(&s, b, MAX_LEN, limit);
}

void dq_suggest(struct dq_suggestions *s, const char *wanted, const char *known)
{
    const size_t limit = 2 + strlen(wanted) / 4;
    /* What is not better than the last of a full list need not be measured. */
    const size_t enough = s->n == DQ_SUGGEST_MAX ? s->distances[s->n - 1] : limit;
    if (s->wanted != wanted)
        prepare(s, wanted);
    const char *dot = strrchr(known, '.'); /* before the last part, such as ".weight" */
    size_t d = distance(s, known, dot && dot > known ? (size_t)(dot - known) : MAX_LEN, enough);
    /* A known name that contains wanted is just similar enough. If it is not much longer, that shows in
     * the distance already. */
    if (d == enough && limit - 1 < enough && s->wanted_len >= 3 &&
        strlen(known) >= s->wanted_len + enough && strcasestr(known, wanted))
        d = limit - 1;
    if (d >= enough)
        return;
    size_t place = s->n;
    while (place > 0 && s->distances[place - 1] > d)
        place--;
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
