/* Text from files made fit for a terminal.
 *
 * Names and strings of a model may hold anything: terminal escapes, newlines, NUL, bytes that are
 * not UTF-8. Bytes that must not reach a terminal are spelled \n, \t, \r or \xNN; what is left is
 * valid UTF-8. */
#ifndef DQ_TEXT_H
#define DQ_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dq_escape {
    DQ_ESCAPE_NAME, /* a backslash is spelled \\, so that two names never look alike */
    DQ_ESCAPE_LINE, /* backslashes stay: for a line that holds escaped names already */
};

/* Returns the length of the valid UTF-8 sequence at text (1 to 4), or 0. */
size_t dq_utf8_len(const char *text, size_t len);

/* Whether all of text is valid UTF-8. */
bool dq_utf8_valid(const char *text, size_t len);

/* Whether all of text is printable ASCII without backslashes: escaped, it is the same. */
bool dq_text_is_plain(const char *text, size_t len);

/* Whether a byte of a name may stand for itself in the name of a file, in which all others are
 * spelled %XX. */
bool dq_text_is_portable(unsigned char byte, bool first);

/* Writes text escaped and NUL-terminated into out; cuts it at a whole character if size is too
 * small. Returns the length of the whole escaped text, without the NUL, as snprintf does. */
size_t dq_escape(const char *text, size_t len, enum dq_escape how, char *out, size_t size);

/* Returns a new string, escaped as a name; NULL if memory is short. The caller frees it. */
char *dq_escape_new(const char *text, size_t len);

/* Copies text that is fit for a terminal, cut at a whole character if size is too small, as a part
 * of a message that has to leave room for the rest. Returns out. */
const char *dq_text_cut(const char *shown, char *out, size_t size);

/* Writes a number's decimal digits without a NUL, at most DQ_DIGITS_MAX; returns their end. printf
 * would take most of the time of a long list. */
enum { DQ_DIGITS_MAX = 20 };
char *dq_put_number(char *out, uint64_t n);

/* Writes a count of bytes as people read it: "123 B", "4.5 KiB", "1.20 GiB". Returns out. */
const char *dq_format_bytes(unsigned long long bytes, char out[32]);

/* Reads a count of bytes as people write it: "1000", "64K", "64KiB", "64kb", with K, M, G and T for
 * powers of 1024. Returns whether it is one and fits. */
bool dq_parse_bytes(const char *text, size_t *out);

#endif
