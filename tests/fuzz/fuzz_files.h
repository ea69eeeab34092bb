/* The folder that a target works in: made when the process starts, removed when it ends. */
#ifndef DQ_FUZZ_FILES_H
#define DQ_FUZZ_FILES_H

#include <stddef.h>
#include <stdint.h>

/* Makes the folder, in $TMPDIR or /tmp. */
void fuzz_folder_make(void);

/* Its path, without a slash at the end. */
const char *fuzz_folder(void);

/* Writes a file in it, in the place of one that may be there. */
void fuzz_file_write(const char *name, const void *data, size_t size);

/* Removes all that is in it; returns whether a name began with `stem`. */
int fuzz_folder_empty(const char *stem);

/* The number that the next descriptor gets: the same before and after if none was left open. */
int fuzz_next_fd(void);

#endif
