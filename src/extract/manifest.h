/* What extract did, as JSON: the manifest, --json and --jsonl share their entries. */
#ifndef DQ_MANIFEST_H
#define DQ_MANIFEST_H

#include "base/json.h"
#include "extract/output.h"

/* What decodes, for the report. */
struct dq_manifest_device {
    const char *label; /* "cuda:0" */
    const char *why;   /* in words, why this one */
};

/* Returns the type of the numbers in an output: f32, i64, or u8 for stored blocks. */
const char *dq_manifest_dtype(const struct dq_output *out);

/* Returns the entry of one output; NULL if memory is short. device is that of outputs that are not
 * written yet. */
json_t *dq_manifest_entry(
    const struct dq_outputs *o, const struct dq_output *out, const char *device);

/* Writes the whole report. */
void dq_manifest_put(
    struct dq_json *j, const struct dq_outputs *o, const struct dq_manifest_device *device);

/* Checks the place of the manifest, if one is asked for: neither the model, nor one of the outputs,
 * nor a folder that is made for them. It replaces any file with force, and an older manifest with
 * skip_existing. */
int dq_manifest_check(const struct dq_outputs *o, struct dq_error *e);

/* Writes the manifest, which appears whole or not at all. The folders are open. */
int dq_manifest_write(
    const struct dq_outputs *o, const struct dq_manifest_device *device, struct dq_error *e);

#endif
