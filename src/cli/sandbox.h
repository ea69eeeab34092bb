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
 * so. Returns whether the kernel and the build can enforce all of it; the rest is enforced nevertheless,
 * and out says what: "partly in a sandbox: Landlock 6, no seccomp (REASON)". */
enum { DQ_SANDBOX_WORDS = 320 };
bool dq_sandbox_enter(const struct dq_sandbox *s, char out[DQ_SANDBOX_WORDS]);

#endif
