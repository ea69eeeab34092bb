#ifdef __linux__
#define _GNU_SOURCE /* strcasestr */
#endif
#include "gguf/set_name.h"

#include "base/file.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char EXTENSION[] = ".gguf";
static const char SEPARATORS[] = "-_. ([";

enum { EXTENSION_LEN = sizeof EXTENSION - 1, DIGITS_MAX = 9, DIGITS_PADDED = 3 };

/* Words that may stand before a number. The first N_CUT_WORDS tell of pieces by themselves. */
static const char *const words[] = {"part", "split", "shard", "piece", "chunk", "file", "p"};

enum { N_WORDS = sizeof words / sizeof words[0], N_CUT_WORDS = 2 };

static bool is_separator(char c)
{
    return c != '\0' && strchr(SEPARATORS, c) != NULL;
}

static size_t n_digits(const char *s)
{
    return strspn(s, "0123456789");
}

/* Reads a number of 1 to DIGITS_MAX digits; returns how many, or 0. */
static size_t read_digits(const char *s, uint32_t *out)
{
    const size_t len = n_digits(s);
    uint32_t n = 0;
    if (len == 0 || len > DIGITS_MAX)
        return 0;
    for (size_t i = 0; i < len; i++)
        n = 10 * n + (uint32_t)(s[i] - '0');
    *out = n;
    return len;
}

/* Returns the length of the word at the end of the len bytes at s, if it is one of words and does not
 * belong to a longer one; else 0. */
static size_t word_before(const char *s, size_t len)
{
    for (size_t i = 0; i < N_WORDS; i++) {
        const size_t n = strlen(words[i]);
        if (n <= len && strncasecmp(s + len - n, words[i], n) == 0 &&
            (n == len || !isalpha((unsigned char)s[len - n - 1])))
            return n;
    }
    return 0;
}

/* Returns the length of the mark of a copy at s, as browsers and file managers make them: "(1)", " (1)",
 * " - Copy", " - Copy (2)", " copy", " copy 2"; else 0. */
static size_t copy_mark(const char *s)
{
    static const char *const texts[] = {" - Copy", " copy"};
    const char *at = s;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strncasecmp(at, texts[i], strlen(texts[i])) == 0) {
            at += strlen(texts[i]);
            break;
        }
    }
    const char *number = at + (*at == ' ');
    const bool in_brackets = *number == '(';
    number += in_brackets;
    const size_t n = n_digits(number);
    if (n > 0 && (in_brackets ? number[n] == ')' : at > s && number > at))
        at = number + n + in_brackets;
    return (size_t)(at - s);
}

/* Whether what follows the count ends the numbering, so that "2-of-7b" is none. With few digits it must
 * be the end of the name, too. */
static bool may_follow(const char *rest, size_t number_len)
{
    if (isalnum((unsigned char)*rest))
        return false;
    return number_len >= DIGITS_PADDED || *rest == '\0' || *rest == '.' || *rest == ')' ||
           *rest == ']' || copy_mark(rest) > 0;
}

/* Parses a numbering around the "of" at base + of. */
static bool parse_at(const char *base, size_t of, struct dq_set_name *out)
{
    size_t begin = of;
    const char *count = base + of + 2;
    if (begin > 0 && is_separator(base[begin - 1]))
        begin--;
    const size_t end = begin;
    while (begin > 0 && isdigit((unsigned char)base[begin - 1]))
        begin--;
    if (is_separator(*count))
        count++;
    out->number_off = begin;
    out->number_len = read_digits(base + begin, &out->number);
    const size_t count_len = read_digits(count, &out->count);
    out->rest_off = (size_t)(count - base) + count_len;
    return out->number_len > 0 && out->number_len == end - begin && count_len > 0 &&
           out->count > 0 && out->number <= out->count &&
           (begin == 0 || is_separator(base[begin - 1]) || word_before(base, begin) > 0) &&
           may_follow(base + out->rest_off, out->number_len);
}

bool dq_set_name_parse(const char *path, struct dq_set_name *out)
{
    const char *base = dq_file_base(path);
    const size_t folder_len = (size_t)(base - path);
    struct dq_set_name name;
    for (size_t of = strlen(base); of-- > 0;) {
        if (strncasecmp(base + of, "of", 2) != 0 || !parse_at(base, of, &name))
            continue;
        name.number_off += folder_len;
        name.rest_off += folder_len;
        *out = name;
        return true;
    }
    return false;
}

/* Returns what follows the numbering without the marks of copies, and its length. */
static const char *plain_rest(const char *rest, size_t *len)
{
    rest += copy_mark(rest);
    *len = strlen(rest);
    const char *extension = strcasestr(rest, EXTENSION);
    if (extension) {
        const char *after = extension + EXTENSION_LEN;
        const size_t mark =
            *after == '.' && n_digits(after + 1) > 0 ? 1 + n_digits(after + 1) : copy_mark(after);
        if (after[mark] == '\0')
            *len = (size_t)(after - rest);
    }
    return rest;
}

bool dq_set_name_same(
    const char *a, const struct dq_set_name *x, const char *b, const struct dq_set_name *y)
{
    const char *base_a = dq_file_base(a);
    const char *base_b = dq_file_base(b);
    const size_t len_a = (size_t)(a + x->number_off - base_a);
    const size_t len_b = (size_t)(b + y->number_off - base_b);
    size_t rest_len_a;
    size_t rest_len_b;
    const char *rest_a = plain_rest(a + x->rest_off, &rest_len_a);
    const char *rest_b = plain_rest(b + y->rest_off, &rest_len_b);
    return x->count == y->count && len_a == len_b && memcmp(base_a, base_b, len_a) == 0 &&
           rest_len_a == rest_len_b && strncasecmp(rest_a, rest_b, rest_len_a) == 0;
}

static bool ends_in_extension(const char *s, size_t len)
{
    return len >= EXTENSION_LEN &&
           strncasecmp(s + len - EXTENSION_LEN, EXTENSION, EXTENSION_LEN) == 0;
}

static size_t without_separators(const char *s, size_t len)
{
    while (len > 0 && is_separator(s[len - 1]))
        len--;
    return len;
}

size_t dq_set_name_stem(const char *base)
{
    struct dq_set_name name;
    size_t len = strlen(base);
    const bool numbered = dq_set_name_parse(base, &name);
    if (!numbered && !ends_in_extension(base, len))
        return 0;
    if (numbered) {
        len = without_separators(base, name.number_off);
        const size_t before = without_separators(base, len - word_before(base, len));
        if (before > 0) /* else the word is the name */
            len = before;
    }
    while (ends_in_extension(base, len))
        len -= EXTENSION_LEN;
    return len;
}

bool dq_is_gguf_name(const char *path)
{
    struct dq_set_name name;
    size_t whole_len;
    return ends_in_extension(path, strlen(path)) ||
           (strcasestr(dq_file_base(path), EXTENSION) &&
               (dq_set_name_parse(path, &name) || dq_piece_name(path, &whole_len)));
}

/* Whether s is the mark of a piece: one of the first n_words words and a number or letters, or at least two digits, or
 * "aa", "ab" and so on, as `split` gives them. */
static bool is_piece_mark(const char *s, size_t n_words, bool need_word)
{
    s += is_separator(*s);
    bool has_word = false;
    for (size_t i = 0; !has_word && i < n_words; i++) {
        const size_t n = strlen(words[i]);
        if (strncasecmp(s, words[i], n) == 0 && !isalpha((unsigned char)s[n])) {
            s += n;
            has_word = true;
        }
    }
    if (has_word)
        s += is_separator(*s);
    else if (need_word)
        return false;
    size_t n = n_digits(s);
    if (n == 0) {
        n = strspn(s, "abcdefghijklmnopqrstuvwxyz");
        return s[n] == '\0' && (has_word ? n >= 1 && n <= 3 : n == 2 && *s == 'a');
    }
    return (has_word || n >= 2) && s[n] == '\0';
}

bool dq_piece_name(const char *path, size_t *whole_len)
{
    const char *base = dq_file_base(path);
    const char *extension = strcasestr(base, EXTENSION);
    struct dq_set_name name;
    const bool numbered = dq_set_name_parse(path, &name);
    *whole_len = 0;
    for (const char *s = base; !extension && *s; s++) { /* "m.part-02" */
        if (s > base && is_separator(*s) && is_piece_mark(s, N_CUT_WORDS, true))
            return true;
    }
    if (!extension)
        return false;
    const char *end = extension + EXTENSION_LEN;
    *whole_len = (size_t)(end - base);
    if (*end == '\0') { /* m.part1of2.gguf, m-part1.gguf */
        size_t len = numbered ? name.number_off : (size_t)(extension - path);
        while (!numbered && len > 0 && isdigit((unsigned char)path[len - 1]))
            len--;
        while (!numbered && len > 0 && is_separator(path[len - 1]))
            len--;
        *whole_len = 0;
        return (numbered || path + len < extension) && word_before(path, len) > 0;
    }
    return (numbered && path + name.number_off > end) || is_piece_mark(end, N_WORDS, false);
}
