/* Metadata pairs: a key and a value of a GGUF type. Strings and arrays stay in the file. */
#ifndef DQ_KV_H
#define DQ_KV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "gguf/value.h"

enum { DQ_KEY_MAX = 65535 /* bytes */ };

struct dq_kv {
    const char *key; /* bytes as in the file, followed by a NUL; the model's, as the next one */
    size_t key_len;
    /* The key escaped for people. It is `key` itself exactly if that is plain (text.h). */
    const char *display_name;
    enum dq_value_type type;
    uint64_t bits;      /* the value if it is neither a string nor an array, as in the file */
    uint64_t value_off; /* in the file; 0: the file is damaged before the end of the value */
};

struct dq_shard;

/* Finds a pair by its key; NULL if there is none. */
const struct dq_kv *dq_shard_kv(const struct dq_shard *s, const char *key);

/* Opens a cursor on a pair's value; dq_cursor_finish closes it. For the values of further pairs, set
 * its pos to their value_off: a cursor of their own would read its window anew for each. */
int dq_kv_open(
    const struct dq_shard *s, const struct dq_kv *kv, struct dq_cursor *c, struct dq_error *e);

/* Gives an integer of any type. Anything else, or one of 2^63 or more, breaks the given rule:
 * DQ_ERR_MALFORMED and, if diag is not NULL, a diagnostic. */
int dq_kv_integer(const struct dq_shard *s, const struct dq_kv *kv, enum dq_rule rule,
    const struct dq_diagnostic_sink *diag, int64_t *out, struct dq_error *e);

#endif
