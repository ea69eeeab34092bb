/* The metadata of a model in reports. */
#ifndef DQ_METADATA_H
#define DQ_METADATA_H

#include "cli/report.h"
#include "gguf/gguf.h"

/* Puts all pairs of the model's first file into a report: in text a line for each, with long strings
 * and arrays cut short; in JSON, uncut, the member "metadata", an object of
 * "KEY": {"type": ..., "value": ...}; if brief, long arrays and strings are left out, in JSON with
 * "length" and null for the value. Keys in JSON are unique and valid UTF-8. Nothing is put into
 * JSONL. Reads the file again; fails as reading does, or with DQ_ERR_MEMORY if a string is too long
 * for JSON. */
int dq_metadata_put(struct dq_report *r, const struct dq_model *m, bool brief, struct dq_error *e);

/* Writes the string at a key of the metadata to out, escaped and cut to size bytes with the NUL; ""
 * if there is no such string. */
int dq_metadata_text(
    const struct dq_model *m, const char *key, char *out, size_t size, struct dq_error *e);

#endif
