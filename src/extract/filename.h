/* Names of output files. */
#ifndef DQ_FILENAME_H
#define DQ_FILENAME_H

#include "base/err.h"
#include "select/select.h"

/* Returns the file name for a pick: the tensor's name (and its slice), with every byte outside
 * [A-Za-z0-9._-] and a leading '.' or '-' spelled %XX, and the ending. So is the first letter of
 * names that Windows keeps for devices (CON, com1.x). An empty name becomes "%".
 * The caller frees it; NULL if memory is short. */
char *dq_filename(const struct dq_pick *pick, const char *ending);

/* Returns the folder that a model's tensors go to unless told otherwise: the name of its file
 * without folder, .gguf and split suffix. The caller frees it; NULL if memory is short. */
char *dq_filename_folder(const char *model_path);

#endif
