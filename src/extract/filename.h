/* Names of output files. */
#ifndef DQ_FILENAME_H
#define DQ_FILENAME_H

#include "select/select.h"

/* Returns the file name for a pick: the name of the tensor and its slice, if any, followed by the
 * extension (".npy"). Bytes outside [A-Za-z0-9._-] and a leading '.' or '-' are encoded as %XX, and
 * so is the first letter of names that Windows reserves for devices (CON, com1.x). An empty name
 * becomes "%". The caller frees it with dq_mem_free; NULL if memory is short. */
char *dq_filename(const struct dq_pick *pick, const char *extension);

/* The same for any name; slice may be NULL. */
char *dq_filename_of(const char *text, size_t len, const char *slice, const char *extension);

/* Returns the default output folder of a model: the name of its file without folder, .gguf and split
 * suffix. The caller frees it with dq_mem_free; NULL if memory is short. */
char *dq_filename_folder(const char *model_path);

#endif
