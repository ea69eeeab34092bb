#include "sink/bytes.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { MIN_CAP = 256 };

/* Makes room for len more bytes. */
static bool reserve(struct dq_bytes *b, size_t len)
{
    if (b->failed || len <= b->cap - b->len)
        return !b->failed;
    size_t cap = b->cap ? b->cap : MIN_CAP;
    while (cap - b->len < len && cap <= SIZE_MAX / 2)
        cap *= 2;
    uint8_t *bytes = cap - b->len >= len ? dq_mem_realloc(b->bytes, cap) : NULL;
    if (!bytes) {
        b->failed = true;
        return false;
    }
    b->bytes = bytes;
    b->cap = cap;
    return true;
}

void dq_bytes_put(struct dq_bytes *b, const void *bytes, size_t len)
{
    if (len == 0 || !reserve(b, len))
        return;
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
}

void dq_bytes_fill(struct dq_bytes *b, uint8_t byte, size_t n)
{
    if (n == 0 || !reserve(b, n))
        return;
    memset(b->bytes + b->len, byte, n);
    b->len += n;
}

void dq_bytes_text(struct dq_bytes *b, const char *text)
{
    dq_bytes_put(b, text, strlen(text));
}

void dq_bytes_number(struct dq_bytes *b, uint64_t value, size_t len)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    dq_bytes_put(b, bytes, len);
}

void dq_bytes_digits(struct dq_bytes *b, uint64_t value)
{
    char digits[DQ_DIGITS_MAX];
    dq_bytes_put(b, digits, (size_t)(dq_put_number(digits, value) - digits));
}

static void put_unit(struct dq_bytes *b, unsigned unit)
{
    char text[8];
    dq_bytes_put(b, text, (size_t)snprintf(text, sizeof text, "\\u%04x", unit & 0xffff));
}

/* Appends a character of several bytes as one or two UTF-16 units. */
static void put_units(struct dq_bytes *b, const char *text, size_t len)
{
    unsigned c = (unsigned char)text[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++)
        c = c << 6 | ((unsigned char)text[i] & 0x3fU);
    if (c > 0xffff) {
        put_unit(b, 0xd800 + ((c - 0x10000) >> 10));
        c = 0xdc00 + ((c - 0x10000) & 0x3ff);
    }
    put_unit(b, c);
}

void dq_bytes_json(struct dq_bytes *b, const char *text, size_t len, bool ascii)
{
    static const char special[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    dq_bytes_put(b, "\"", 1);
    for (size_t i = 0, n; i < len; i += n) {
        const unsigned char c = (unsigned char)text[i];
        const char *at = c ? strchr(special, c) : NULL;
        n = c < 0x80 ? 1 : dq_utf8_len(text + i, len - i);
        if (at) {
            dq_bytes_put(b, "\\", 1);
            dq_bytes_put(b, letters + (at - special), 1);
        } else if (c < 0x20 || (ascii && c == 0x7f)) {
            put_unit(b, c);
        } else if (ascii && n > 1) {
            put_units(b, text + i, n);
        } else {
            n = n ? n : 1;
            dq_bytes_put(b, text + i, n);
        }
    }
    dq_bytes_put(b, "\"", 1);
}

int dq_bytes_check(const struct dq_bytes *b, struct dq_error *e)
{
    return b->failed ? dq_fail_nomem(e) : 0;
}

void dq_bytes_finish(struct dq_bytes *b)
{
    dq_mem_free(b->bytes);
    *b = (struct dq_bytes){0};
}
