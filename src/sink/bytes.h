/* A buffer that grows: headers are put together in it. Numbers are little-endian, as in every container.
 * Running out of memory is remembered, and returned by dq_bytes_check. */
#ifndef DQ_BYTES_H
#define DQ_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* All zero is an empty buffer. dq_bytes_finish frees it. */
struct dq_bytes {
    uint8_t *bytes; /* owned */
    size_t len;
    size_t cap;
    bool failed; /* memory was short */
};

void dq_bytes_put(struct dq_bytes *b, const void *bytes, size_t len);
void dq_bytes_fill(struct dq_bytes *b, uint8_t byte, size_t n);
void dq_bytes_text(struct dq_bytes *b, const char *text); /* up to its NUL */

/* Appends value in len bytes (1 to 8), or in decimal digits. */
void dq_bytes_number(struct dq_bytes *b, uint64_t value, size_t len);
void dq_bytes_digits(struct dq_bytes *b, uint64_t value);

/* Appends text, which is UTF-8, as a JSON string with its quotes. Beyond what JSON requires, nothing is
 * escaped (as serde_json writes it) or, with ascii, everything that is not ASCII (as Python does). */
void dq_bytes_json(struct dq_bytes *b, const char *text, size_t len, bool ascii);

/* Returns 0, or DQ_ERR_MEMORY if something is missing. */
int dq_bytes_check(const struct dq_bytes *b, struct dq_error *e);
void dq_bytes_finish(struct dq_bytes *b);

#endif
