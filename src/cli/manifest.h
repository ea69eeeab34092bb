/* What extract did, as JSON: the manifest, --json and --jsonl are the same entries. */
#ifndef DQ_MANIFEST_H
#define DQ_MANIFEST_H

#include "base/json.h"
#include "cli/output.h"
#include "sink/sink.h"

/* What a weight of the output is: f32, i64, or bytes of blocks. */
const char *dq_manifest_dtype(const struct dq_output *out);

/* Returns the entry of one output; NULL if memory is short. device is what decodes those that are
 * not written yet. */
json_t *dq_manifest_entry(
    const struct dq_outputs *o, const struct dq_output *out, const char *device);

/* Puts the whole report; why says in words why it was that device. */
void dq_manifest_put(
    struct dq_json *j, const struct dq_outputs *o, const char *device, const char *why);

/* Opens the folder of the file that the report is to be written to, as dq_sink_open_folder
 * does. The caller closes it. */
int dq_manifest_open_folder(const char *path, bool durable, int *out, struct dq_error *e);

/* Writes the report to a file in that folder, which appears whole or not at all. */
int dq_manifest_write(int folder, const struct dq_sink_file *file, const struct dq_outputs *o,
    const char *device, const char *why, struct dq_error *e);

#endif
