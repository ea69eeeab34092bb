/* Which files are models, by their names. */
#ifndef DQ_MODEL_PATH_H
#define DQ_MODEL_PATH_H

#include <stdbool.h>

#include "base/strvec.h"

/* Lists the models in a folder, sorted: regular files, of a split set the first one.
 * dq_strvec_finish frees the names. */
int dq_models_in(const char *folder, struct dq_strvec *out, struct dq_error *e);

/* Whether a path is that of a folder. */
bool dq_is_folder(const char *path);

/* Whether a folder contains a model. */
bool dq_has_models(const char *folder);

#endif
