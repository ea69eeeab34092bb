/* Metadata values: scalars, strings, and arrays of any of these, arrays included. */
#ifndef DQ_VALUE_H
#define DQ_VALUE_H

#include "gguf/cursor.h"

enum dq_value_type {
    DQ_VALUE_u8,
    DQ_VALUE_i8,
    DQ_VALUE_u16,
    DQ_VALUE_i16,
    DQ_VALUE_u32,
    DQ_VALUE_i32,
    DQ_VALUE_f32,
    DQ_VALUE_bool,
    DQ_VALUE_string,
    DQ_VALUE_array,
    DQ_VALUE_u64,
    DQ_VALUE_i64,
    DQ_VALUE_f64,
    DQ_VALUE_COUNT
};

enum { DQ_NESTING_MAX = 16 /* arrays within arrays */ };

enum dq_value_kind {
    DQ_KIND_UNSIGNED,
    DQ_KIND_SIGNED,
    DQ_KIND_FLOAT,
    DQ_KIND_BOOL,
    DQ_KIND_STRING,
    DQ_KIND_ARRAY
};

struct dq_value_info {
    const char *name; /* "u32" */
    enum dq_value_kind kind;
    size_t len; /* bytes of a scalar; 0 for strings and arrays */
};

/* DQ_VALUE_COUNT rows, indexed by enum dq_value_type. */
extern const struct dq_value_info dq_value_types[DQ_VALUE_COUNT];

struct dq_value {
    enum dq_value_type type;
    uint64_t u; /* unsigned and bool (0 or 1); the length of a string; the elements of an array */
    int64_t i;  /* signed */
    double f;   /* float */
    char *text; /* string: its first bytes, followed by a NUL; owned */
    size_t text_len;            /* bytes in text: u, or fewer if fewer were asked for */
    enum dq_value_type element; /* array */
};

/* Reads a type number. */
int dq_value_read_type(struct dq_cursor *c, enum dq_value_type *out, struct dq_error *e);

/* The value of a type that is neither string nor array, from its bits in the file. */
struct dq_value dq_value_scalar(enum dq_value_type type, uint64_t bits);

/* Reads one value. At most text_max bytes of a string are kept. Of an array only the head is read:
 * the caller reads the u elements after it as values of type element. dq_value_finish frees the
 * text. */
int dq_value_read(struct dq_cursor *c, enum dq_value_type type, size_t text_max,
    struct dq_value *out, struct dq_error *e);
void dq_value_finish(struct dq_value *v);

/* Fails if an array within `depth` others is nested too deeply. */
int dq_value_check_depth(struct dq_cursor *c, unsigned depth, struct dq_error *e);

/* Skips one value and checks all of it; depth is the number of arrays around it. */
int dq_value_skip(struct dq_cursor *c, enum dq_value_type type, unsigned depth, struct dq_error *e);

#endif
