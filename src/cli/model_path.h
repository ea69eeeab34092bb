/* Which files are models, by their names. */
#ifndef DQ_MODEL_PATH_H
#define DQ_MODEL_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strvec.h"

/* Lists the models in a folder, sorted: regular files, of a split set the first one.
 * dq_strvec_finish frees the names. */
int dq_models_in(const char *folder, struct dq_strvec *out, struct dq_error *e);

/* Lists the folders in a folder, sorted, without hidden ones; links to folders only if with_links. */
int dq_folders_in(const char *folder, bool with_links, struct dq_strvec *out, struct dq_error *e);

/* Counts the files of the model at path that are there, and their bytes: of a split set those that its
 * name leads to. */
void dq_model_measure(const char *path, size_t *n_files, uint64_t *n_bytes);

/* Whether a path is that of a folder. */
bool dq_is_folder(const char *path);

/* Writes "; did you mean 'model.gguf'?" for models that lie where path does not exist and have similar
 * names, or "". Returns out. */
enum { DQ_MODELS_WORDS = 512 };
const char *dq_models_suggest(const char *path, char out[DQ_MODELS_WORDS]);

/* Whether a folder contains a model. */
bool dq_has_models(const char *folder);

/* Returns a size in bytes that the files of the model at path, a file or "-", do not exceed together,
 * without opening any: those in its folder whose names begin alike, up to the first digit. */
uint64_t dq_model_size_limit(const char *path);

#endif
