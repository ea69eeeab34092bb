#include "base/text.h"

#include "base/checked.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decodes one sequence. Returns its length, or 0 for bytes that are not shortest-form UTF-8. */
static size_t utf8_decode(const char *text, size_t len, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;
    size_t n = 0;
    if (len == 0)
        return 0;
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        n = 2;
    else if ((s[0] & 0xf0) == 0xe0)
        n = 3;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4)
        n = 4;
    if (n == 0 || n > len)
        return 0;
    uint32_t c = s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *code = c;
    return n;
}

/* Control characters, and marks that reorder the text around them (one name could pose as another). */
static bool is_unprintable(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

#define EACH_BYTE(n) (UINT64_C(0x0101010101010101) * (n))

size_t dq_utf8_len(const char *text, size_t len)
{
    uint32_t code;
    return utf8_decode(text, len, &code);
}

size_t dq_utf8_prefix(const char *text, size_t len)
{
    size_t whole = 0;
    size_t n;
    do {
        uint64_t word = 0;
        while (len - whole >= sizeof word) { /* most text is ASCII */
            memcpy(&word, text + whole, sizeof word);
            if (word & EACH_BYTE(0x80))
                break;
            whole += sizeof word;
        }
        uint32_t code;
        n = utf8_decode(text + whole, len - whole, &code);
        whole += n;
    } while (n > 0);
    return whole;
}

/* Whether `says` sets the highest bit of a byte in any word of eight bytes of text. The last word
 * overlaps the one before; of less than a word, each byte is looked at. */
static inline bool any_byte(const char *text, size_t len, uint64_t (*says)(uint64_t word))
{
    uint64_t word;
    uint64_t any = 0;
    size_t i = 0;
    for (; i + sizeof word <= len; i += sizeof word) {
        memcpy(&word, text + i, sizeof word);
        any |= says(word);
    }
    if (i > 0) {
        memcpy(&word, text + len - sizeof word, sizeof word);
        any |= says(word);
    } else {
        for (; i < len; i++)
            any |= says(EACH_BYTE((unsigned char)text[i]));
    }
    return (any & EACH_BYTE(0x80)) != 0;
}

static uint64_t is_no_ascii(uint64_t word)
{
    return word;
}

/* Where a byte is ASCII, no sum has a carry. */
static uint64_t is_not_plain(uint64_t word)
{
    const uint64_t printable = word + EACH_BYTE(0x80 - ' ');
    const uint64_t del = word + EACH_BYTE(1);
    const uint64_t no_backslash = (word ^ EACH_BYTE('\\')) + EACH_BYTE(0x7f);
    return word | ~printable | del | ~no_backslash;
}

size_t dq_text_letters(const char *text, size_t len)
{
    size_t n = len;
    if (any_byte(text, len, is_no_ascii)) {
        for (size_t i = 0; i < len; i++) /* bytes inside a character are 10xxxxxx */
            n -= ((unsigned char)text[i] & 0xc0) == 0x80;
    }
    return n;
}

bool dq_text_is_plain(const char *text, size_t len)
{
    return !any_byte(text, len, is_not_plain);
}

bool dq_text_is_portable(unsigned char byte, bool first)
{
    if (byte == '.' || byte == '-')
        return !first;
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

size_t dq_escape(const char *text, size_t len, enum dq_escape how, char *out, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t total = 0;
    bool full = size == 0;
    if (size > 0)
        out[0] = '\0';
    while (len > 0) {
        char piece[16];
        size_t piece_len = 0;
        uint32_t code = 0;
        const size_t n = utf8_decode(text, len, &code);
        const size_t taken = n > 0 ? n : 1;
        const char *letter = n == 1 && code ? strchr("\nn\tt\rr", (int)code) : NULL;
        if (letter && is_unprintable(code)) {
            piece[piece_len++] = '\\';
            piece[piece_len++] = letter[1];
        } else if (n == 0 || is_unprintable(code)) {
            for (size_t i = 0; i < taken; i++) {
                const unsigned char byte = (unsigned char)text[i];
                piece[piece_len++] = '\\';
                piece[piece_len++] = 'x';
                piece[piece_len++] = digits[byte >> 4];
                piece[piece_len++] = digits[byte & 15];
            }
        } else {
            if (code == '\\' && how == DQ_ESCAPE_NAME)
                piece[piece_len++] = '\\';
            memcpy(piece + piece_len, text, n);
            piece_len += n;
        }
        full = full || total + piece_len >= size;
        if (!full) {
            memcpy(out + total, piece, piece_len);
            out[total + piece_len] = '\0';
        }
        total += piece_len;
        text += taken;
        len -= taken;
    }
    return total;
}

/* The room that dq_escape_new's text takes, with its NUL. */
static size_t escaped_size(const char *text, size_t len)
{
    return len == 0 ? sizeof "\\&" : dq_escape(text, len, DQ_ESCAPE_NAME, NULL, 0) + 1;
}

/* Escapes into out, if there is one. */
static char *escape_into(char *out, const char *text, size_t len, size_t size)
{
    if (out && len == 0) /* an empty line would be lost */
        memcpy(out, "\\&", size);
    else if (out)
        dq_escape(text, len, DQ_ESCAPE_NAME, out, size);
    return out;
}

char *dq_escape_new(const char *text, size_t len)
{
    const size_t size = escaped_size(text, len);
    return escape_into(dq_mem_alloc(size), text, len, size);
}

const char *dq_text_display(struct dq_pool *p, const char *name, size_t len)
{
    if (len > 0 && dq_text_is_plain(name, len))
        return name;
    const size_t size = escaped_size(name, len);
    return escape_into(dq_pool_alloc(p, size), name, len, size);
}

const char *dq_text_cut(const char *shown, char *out, size_t size)
{
    dq_escape(shown, strlen(shown), DQ_ESCAPE_LINE, out, size);
    return out;
}

char *dq_put_number(char *out, uint64_t n)
{
    size_t len = 1;
    for (uint64_t bound = 10; n >= bound && len < DQ_DIGITS_MAX; bound *= 10)
        len++;
    for (size_t i = len; i-- > 0; n /= 10)
        out[i] = (char)('0' + n % 10);
    return out + len;
}

const char *dq_format_bytes(unsigned long long bytes, char out[32])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1023.5 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    const int decimals = unit == 0 || value >= 99.95 ? 0 : (value >= 9.995 ? 1 : 2);
    snprintf(out, 32, "%.*f %s", decimals, value, units[unit]);
    return out;
}

/* Parses a number and its unit, a power of 1000 if it is decimal and not spelled with an i. */
static bool parse_bytes(const char *text, bool decimal, uint64_t *out)
{
    static const char units[] = "kmgt";
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    if (strncmp(text, "0x", 2) == 0) { /* the form of hex editors, which takes no unit */
        const uint64_t n = strtoull(text, &end, 16);
        if (*end != '\0' || errno != 0)
            return false;
        *out = n;
        return true;
    }
    uint64_t n = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end | 0x20) : NULL;
    const bool is_binary = !decimal || (unit && end[1] == 'i');
    bool fits = errno == 0;
    for (const char *u = units; fits && unit && u <= unit; u++)
        fits = dq_mul_u64(n, is_binary ? 1024 : 1000, &n);
    if (unit)
        end += end[1] == 'i' ? 2 : 1;
    if (*end == 'B' || *end == 'b')
        end++;
    if (*end != '\0' || !fits)
        return false;
    *out = n;
    return true;
}

bool dq_parse_bytes(const char *text, uint64_t *out)
{
    return parse_bytes(text, false, out);
}

bool dq_parse_file_bytes(const char *text, uint64_t *out)
{
    return parse_bytes(text, true, out);
}
