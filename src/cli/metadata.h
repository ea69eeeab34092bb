/* Metadata as text and as JSON. */
#ifndef DQ_METADATA_H
#define DQ_METADATA_H

#include <stdio.h>

#include "base/json.h"
#include "gguf/gguf.h"

/* Prints each pair of the model on a line; long strings and arrays are cut short. */
int dq_metadata_print(const struct dq_model *m, FILE *to, struct dq_error *e);

/* Writes all pairs, uncut, into the open object: "KEY": {"type": ..., "value": ...}. */
int dq_metadata_json(const struct dq_model *m, struct dq_json *j, struct dq_error *e);

/* Writes the value of a string of the metadata to out, escaped and cut to size bytes with the NUL;
 * "" if there is no such string. */
int dq_metadata_text(
    const struct dq_model *m, const char *key, char *out, size_t size, struct dq_error *e);

#endif
