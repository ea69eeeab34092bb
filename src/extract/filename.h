/* Names of output files. */
#ifndef DQ_FILENAME_H
#define DQ_FILENAME_H

#include <stddef.h>

/* Returns the file name of an array: the array's name and its slice, or NULL if it has none, followed by
 * the extension (".npy"). Bytes outside [A-Za-z0-9._-] and a leading '.' or '-' are encoded as %XX, and
 * so is the first letter of names that Windows reserves for devices (CON, com1.x). An empty name
 * becomes "%". The caller frees it with dq_mem_free; NULL if memory is short. */
char *dq_filename(const char *array, size_t len, const char *slice, const char *extension);

/* Returns the name of a model's file without folder, .gguf and split suffix; with them, if nothing else
 * would be left. The caller frees it with dq_mem_free; NULL if memory is short. */
char *dq_filename_stem(const char *model_path);

/* Returns the default output folder of a model: the name of its file without folder, .gguf and split
 * suffix. The caller frees it with dq_mem_free; NULL if memory is short. */
char *dq_filename_folder(const char *model_path);

#endif
