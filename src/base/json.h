/* Writes JSON piece by piece, so that a report of any length needs little memory. jansson spells the
 * values and escapes the text; this module adds the brackets, commas, keys and line breaks.
 *
 * A writer is used by one thread at a time. Errors are kept until dq_json_finish returns them. */
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
    const char *path;             /* for messages; NULL: standard output */
    bool failed;                  /* out of memory, nested too deeply, or a write failed */
    unsigned depth;               /* number of open objects and lists */
    char closers[DQ_JSON_DEPTH];  /* closing bracket of each open object or list */
    bool empty[DQ_JSON_DEPTH];    /* it has no elements yet */
    bool one_line[DQ_JSON_DEPTH]; /* it is written without line breaks */
};

/* Makes jansson allocate through dq_mem and open no file. Must be called before any other function of
 * jansson. */
void dq_json_init(void);

/* Whether jansson failed because memory is short, which it often shows only by giving no reason. */
static inline bool dq_json_is_nomem(const json_error_t *why)
{
    return !why->text[0] || json_error_code(why) == json_error_out_of_memory; /* no text, no code */
}

/* Reads a file that is one JSON object, of at most this many bytes; infinities and NaN, which Python
 * writes although JSON has none, become empty strings. The caller gives *out to json_decref.
 * DQ_ERR_MALFORMED, DQ_ERR_IO or DQ_ERR_MEMORY. */
int dq_json_read(const char *path, uint64_t most, json_t **out, struct dq_error *e);

/* Opens an object or a list, or writes a value, of which it takes ownership (NULL, jansson's sign that
 * memory is short, is an error). key is NULL inside a list and at the top level. At the top level,
 * each value ends with a newline. The row variants stay on one line. */
void dq_json_begin_object(struct dq_json *j, const char *key);
void dq_json_begin_list(struct dq_json *j, const char *key);
void dq_json_begin_row(struct dq_json *j, const char *key); /* a list */
void dq_json_begin_row_object(struct dq_json *j, const char *key);
void dq_json_end(struct dq_json *j);
void dq_json_put(struct dq_json *j, const char *key, json_t *value);

/* As dq_json_put, with this many significant digits for the floats in value (dq_json_put: 17). */
void dq_json_put_digits(struct dq_json *j, const char *key, json_t *value, unsigned digits);

/* As dq_json_put with dq_json_text, dq_json_u64 and json_null, but faster, mostly without allocating. */
void dq_json_put_text(struct dq_json *j, const char *key, const char *text, size_t len);
void dq_json_put_u64(struct dq_json *j, const char *key, uint64_t value);
void dq_json_put_number(
    struct dq_json *j, const char *key, const char *text); /* as JSON spells it */
void dq_json_put_null(struct dq_json *j, const char *key);

/* Text that may come from a file: unchanged if it is valid UTF-8, otherwise escaped (text.h). */
json_t *dq_json_text(const char *text, size_t len);

/* An unsigned 64-bit integer. Values beyond jansson's 63 bits become a string of digits. */
json_t *dq_json_u64(uint64_t value);

/* A list of such integers. */
json_t *dq_json_u64s(const uint64_t *values, size_t n);

/* A floating-point number. JSON has no NaN and no infinities: they become "nan", "inf", "-inf". */
json_t *dq_json_real(double value);

/* Flushes the file's buffer. Returns 0 if everything since the start succeeded, else the error. */
int dq_json_finish(struct dq_json *j, struct dq_error *e);

#endif
