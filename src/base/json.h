/* JSON on its way out, piece by piece, so that a report of any length needs little memory. The
 * pieces are jansson's, which spells all values and escapes all text; this adds what stands between
 * them. */
#ifndef DQ_JSON_H
#define DQ_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum { DQ_JSON_DEPTH = 24 };

struct dq_json {
    FILE *file;
    const char *path; /* for messages; NULL: standard output */
    bool failed;      /* memory was short, or the file did not take something */
    unsigned depth;
    char closers[DQ_JSON_DEPTH]; /* of the open objects and lists */
    bool empty[DQ_JSON_DEPTH];   /* nothing is in them yet */
    bool row[DQ_JSON_DEPTH];     /* they stay on one line */
};

/* Lets jansson's memory count (mem.h). Comes before everything else. */
void dq_json_count_memory(void);

/* Opens a list or object, or puts a value (which it takes over) where the writer stands; key is
 * NULL in a list and at the top. At the top, each value ends its line. */
void dq_json_begin_object(struct dq_json *j, const char *key);
void dq_json_begin_list(struct dq_json *j, const char *key);
void dq_json_begin_row(struct dq_json *j, const char *key); /* a list on one line */
void dq_json_end(struct dq_json *j);
void dq_json_put(struct dq_json *j, const char *key, json_t *value);

/* The same with a number of significant digits for the floats in value. */
void dq_json_put_digits(struct dq_json *j, const char *key, json_t *value, unsigned digits);

/* Text from a file: as it is if it is UTF-8, else escaped. */
json_t *dq_json_text(const char *text, size_t len);

/* A number of up to 64 bits; beyond jansson's 63 it becomes a string of digits. */
json_t *dq_json_u64(uint64_t value);

/* A list of such numbers. */
json_t *dq_json_u64s(const uint64_t *values, size_t n);

/* Writes what is left in the file's buffer. Returns 0 if all went well from the start. */
int dq_json_finish(struct dq_json *j, struct dq_error *e);

#endif
