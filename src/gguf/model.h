/* A model: one GGUF file, or the files of a split set. */
#ifndef DQ_MODEL_H
#define DQ_MODEL_H

#include "base/pool.h"
#include "base/strmap.h"
#include "gguf/diagnostic.h"
#include "gguf/shard.h"
#include "gguf/tensor.h"

struct dq_model {
    const char *path;        /* as given */
    uint64_t begin;          /* offset in the file at path where its GGUF begins; mostly 0 */
    struct dq_shard *shards; /* owned */
    size_t n_shards;
    struct dq_tensor *tensors; /* in the order of the files; owned */
    size_t n_tensors;
    struct dq_strmap names; /* tensor name -> index */
    uint64_t n_files;       /* of its split set, or 1 */
    /* Of a set: all that is missing or unclear, as a warning, and what of that a selection of all tensors
     * may need ("files 1 and 3 of 3 are missing"). Both may be NULL. */
    const char *warning;
    const char *lacks;
    struct dq_pool *texts; /* these, and those of files, pairs and tensors; owned */
    /* While it is being opened: where its files are, and who takes the diagnostics, or NULL. */
    const struct dq_store *store;
    const struct dq_diagnostic_sink *diag;
};

/* Opens a model read-only, with everything in it checked; any member of a split set opens the whole
 * set, or what there is of it. Afterwards every tensor either has its whole region inside its file, or a problem that says
 * why its data cannot be used. dq_model_free closes it; NULL is allowed. A model that is open does
 * not change, so threads may share it. */
int dq_model_open(const char *path, struct dq_model **out, struct dq_error *e);
void dq_model_free(struct dq_model *m);

/* The same from any store, and with a sink (which may be NULL) that is given a diagnostic for every
 * error in the model: those that make a file unreadable, parts of the set and single tensors. Fails
 * with DQ_ERR_MALFORMED if no file can be read. With a sink, *out holds what could be read even of a malformed model, for dq_model_lint; after
 * any other error it is NULL. */
int dq_model_examine(const struct dq_store *store, const char *path,
    const struct dq_diagnostic_sink *diag, struct dq_model **out, struct dq_error *e);

/* The same for a GGUF that begins at an offset in the file at path. DQ_ERR_USAGE: it is past the end.
 * All offsets that the model and diagnostics have count from the start of the file nevertheless. */
int dq_model_examine_at(const struct dq_store *store, const char *path, uint64_t begin,
    const struct dq_diagnostic_sink *diag, struct dq_model **out, struct dq_error *e);

/* Whether st describes one of the model's own files. */
bool dq_model_is_file(const struct dq_model *m, const struct stat *st);

/* Returns the first file that could be read: that of the metadata. */
const struct dq_shard *dq_model_head(const struct dq_model *m);

/* Finds a tensor by its exact name; NULL if there is none. */
const struct dq_tensor *dq_model_find(const struct dq_model *m, const char *name, size_t len);

#endif
