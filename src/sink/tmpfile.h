/* Temporary files: what an output is written to until it is complete and gets its name.
 *
 * The temporary file is in the folder of the output and is called .gguf-dq-PID-N-BOOT.tmp. Its writer
 * holds a lock on it (flock) until it exits, so that a later run can tell the files of a killed run
 * from those still in use. The process ID alone does not tell: it means nothing in another container
 * or on another host. A writer that can write the file again does without a lock. */
#ifndef DQ_TMPFILE_H
#define DQ_TMPFILE_H

#include <stdbool.h>

enum { DQ_TMPFILE_NAME_MAX = 64 };

struct dq_tmpfile {
    int fd;
    char name[DQ_TMPFILE_NAME_MAX]; /* in its folder; "" once it is renamed or removed */
};

/* Reads what the names are made of; to be called before a sandbox that may deny it. */
void dq_tmpfile_init(void);

/* Creates a temporary file in an open folder, and locks it; without the lock, any run that begins may
 * remove it. The caller closes and removes it. Returns 0, or -1 and sets errno. */
int dq_tmpfile_create(int folder, bool lock, struct dq_tmpfile *t);

/* Removes the temporary files of runs that have ended from an open folder. Best effort: files that
 * cannot be removed are left. */
void dq_tmpfile_sweep(int folder);

#endif
