/* The report of extract, as JSON: the manifest, --json and --jsonl share their entries. The keys are
 * described in gguf-dq-json(5). */
#ifndef DQ_MANIFEST_H
#define DQ_MANIFEST_H

#include "base/json.h"
#include "extract/copy.h"
#include "extract/output.h"

/* What else the report is about. The pointers are the caller's. */
struct dq_manifest_run {
    const char *device;             /* that decodes, "cuda:0" */
    const char *why;                /* the reason for choosing it, as text */
    const struct dq_copies *copies; /* NULL: there cannot be any */
};

/* Returns the name of the type of an output's elements: "f32", "i64", or, for stored blocks, "u8" or,
 * in a container that has them, "q4_k". */
const char *dq_manifest_dtype(const struct dq_outputs *o, const struct dq_output *out);

/* Returns the entry of one output, which the caller owns (dq_json_put takes it); NULL if memory is
 * short. device is the label given for outputs that are not written yet. */
json_t *dq_manifest_entry(
    const struct dq_outputs *o, const struct dq_output *out, const char *device);

/* Writes the whole report; error says why the run failed, or is NULL. dq_json_finish returns any error
 * of writing. */
void dq_manifest_put(struct dq_json *j, const struct dq_outputs *o,
    const struct dq_manifest_run *run, const char *error);

/* Checks the path of the manifest, if one is requested: it must not be the model, an output, a
 * copy, or a folder created for the outputs. An existing file is replaced with force; with skip_existing, only
 * if it is a manifest. DQ_ERR_USAGE, DQ_ERR_IO or DQ_ERR_MEMORY. */
int dq_manifest_check(
    const struct dq_outputs *o, const struct dq_copies *copies, struct dq_error *e);

/* Writes the manifest, which appears complete or not at all. dq_outputs_open_folders has opened its
 * folder. */
int dq_manifest_write(
    const struct dq_outputs *o, const struct dq_manifest_run *run, struct dq_error *e);

#endif
