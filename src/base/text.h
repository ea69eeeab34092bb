/* Escaping: text that is safe to show on a terminal.
 *
 * Names and strings of a model may contain anything: terminal escapes, newlines, NUL, bytes that are
 * not UTF-8. Bytes that must not reach a terminal become \n, \t, \r or \xNN; the result is valid
 * UTF-8. */
#ifndef DQ_TEXT_H
#define DQ_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

enum dq_escape {
    DQ_ESCAPE_NAME, /* a backslash is spelled \\, so that two names never look alike */
    DQ_ESCAPE_LINE, /* backslashes are kept: for text that contains escaped names already */
};

/* Returns the length of the valid UTF-8 sequence at text (1 to 4), or 0. */
size_t dq_utf8_len(const char *text, size_t len);

/* Returns how many bytes at the beginning of text are valid sequences; all of them: text is UTF-8. */
size_t dq_utf8_prefix(const char *text, size_t len);
static inline bool dq_utf8_valid(const char *text, size_t len)
{
    return dq_utf8_prefix(text, len) == len;
}

/* Returns how many characters a text of UTF-8 has. */
size_t dq_text_letters(const char *text, size_t len);

/* Whether all of text is printable ASCII without backslashes, which escaping leaves unchanged. */
bool dq_text_is_plain(const char *text, size_t len);

/* Whether a byte of a tensor's name may appear in a file name; all others become %XX. */
bool dq_text_is_portable(unsigned char byte, bool first);

/* Writes the escaped text, NUL-terminated, into out; cuts it between characters if size is too small.
 * Returns the length of the complete escaped text without the NUL, as snprintf does. */
size_t dq_escape(const char *text, size_t len, enum dq_escape how, char *out, size_t size);

/* Returns text escaped as a name, or NULL if memory is short. Different texts are escaped differently;
 * an empty one becomes \&. The caller frees it with dq_mem_free. */
char *dq_escape_new(const char *text, size_t len);

/* Returns the form of a name of len bytes, followed by a NUL, that every report shows: the name itself if
 * it is plain and not empty; otherwise one from the pool, escaped as by dq_escape_new. NULL if memory is
 * short. */
const char *dq_text_display(struct dq_pool *p, const char *name, size_t len);

/* Copies text, escaped like a line and cut between characters to size, for a message that needs room
 * for more. Returns out. */
const char *dq_text_cut(const char *shown, char *out, size_t size);

/* Writes the decimal digits of n, at most DQ_DIGITS_MAX, without a NUL. Returns their end. Much faster
 * than printf, which would dominate the time of a long list. */
enum { DQ_DIGITS_MAX = 20 };
char *dq_put_number(char *out, uint64_t n);

/* Writes a number of bytes for people: "123 B", "4.5 KiB", "1.20 GiB". Returns out. */
const char *dq_format_bytes(unsigned long long bytes, char out[32]);

/* Parses a number of bytes: "1000", "64K", "64KiB", "64kb"; K, M, G and T are powers of 1024;
 * "0x10000", without a unit. Returns false if it is none or does not fit. */
bool dq_parse_bytes(const char *text, uint64_t *out);

/* The same for sizes of files, where 5GB are 5,000,000,000 bytes and 5GiB are 5 x 2^30. */
bool dq_parse_file_bytes(const char *text, uint64_t *out);

#endif
