/* Giving up what the rest of a run does not need, as far as the system can hold the program to it:
 * then a fault that a hostile file makes use of does less harm. Linux only (Landlock, seccomp). */
#ifndef DQ_SANDBOX_H
#define DQ_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What may still be done with the names of files. What is open stays as usable as it is. Programs,
 * sockets and other processes are out of reach in any case. */
struct dq_sandbox {
    bool may_read;  /* any file may be opened for reading */
    bool may_write; /* any file may be made, written and removed */
    int folders[2]; /* open ones, in which files may be made, written and removed */
    size_t n_folders;
    bool may_read_there; /* in these, files may be opened for reading as well, but not listed */
};

/* Enters it for good: this thread, and all that it starts from now on. What was given up before
 * stays so. Returns 0, or an error if the system cannot hold the program to all of it, which then
 * goes without. */
int dq_sandbox_enter(const struct dq_sandbox *s, struct dq_error *e);

#endif
