/* Arrays of numbers as text, laid out as numpy prints them with floatmode='unique': the digits are the
 * fewest that read back, and decimal points are aligned. */
#ifndef DQ_ARRAY_TEXT_H
#define DQ_ARRAY_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "gguf/tensor.h"

/* What the numbers of an array are. */
struct dq_number_kind {
    bool is_float;
    unsigned bytes; /* of one, little-endian: 4 or 8 of a float, 1 to 8 of an integer with a sign */
};

/* An integer, or a float as a double. */
union dq_number {
    int64_t integer;
    double real;
};

union dq_number dq_number_load(const struct dq_number_kind *kind, const uint8_t *bytes);

/* Writes a number as C and JSON read it: at most DQ_DECIMAL_SIZE bytes. Returns out. */
const char *dq_number_text(const struct dq_number_kind *kind, union dq_number x, char *out);

/* An array that is printed. */
struct dq_array_text {
    struct dq_number_kind kind;
    size_t n_shape;
    uint64_t shape[DQ_DIMS_MAX];  /* outermost first, of what is printed */
    bool is_cut[DQ_DIMS_MAX];     /* of this dimension, "..." stands for the middle */
    const union dq_number *items; /* without what is cut */
};

/* Prints an array and a newline. */
void dq_array_text_print(const struct dq_array_text *a, FILE *file);

#endif
