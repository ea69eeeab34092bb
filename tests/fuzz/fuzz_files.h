/* The working folder of a target: created when the process starts, removed when it ends. */
#ifndef DQ_FUZZ_FILES_H
#define DQ_FUZZ_FILES_H

#include <stddef.h>
#include <stdint.h>

/* Creates the folder in $TMPDIR or /tmp. */
void fuzz_folder_make(void);

/* Its path, without a trailing slash. */
const char *fuzz_folder(void);

/* Writes a file in it, replacing one of that name. */
void fuzz_file_write(const char *name, const void *data, size_t size);

/* Removes its contents; returns whether a name began with `stem`. */
int fuzz_folder_empty(const char *stem);

/* The number of the next descriptor: the same before and after if none was left open. */
int fuzz_next_fd(void);

#endif
