/* Gives up the rights that the rest of a run does not need, as far as the kernel can enforce it, so that
 * a bug that a hostile file exploits does less harm. Linux only (Landlock, seccomp). */
#ifndef DQ_SANDBOX_H
#define DQ_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What may still be done by file name. Open descriptors are not affected. Programs, sockets and other
 * processes are always out of reach. */
struct dq_sandbox {
    bool may_read;  /* any file may be opened for reading */
    bool may_write; /* any file may be created, written and removed */
    int folders[2]; /* open folders in which files may be created, written and removed */
    size_t n_folders;
    bool
        may_read_there; /* files in them may be opened for reading too, but the folders not listed */
};

/* Restricts this thread and all that it starts from now on, for good. What was given up before stays
 * so. Returns an error if the kernel cannot enforce all of it; the rest is enforced nevertheless. */
int dq_sandbox_enter(const struct dq_sandbox *s, struct dq_error *e);

#endif
