/* Files that do not begin as a GGUF does: what they are, and what to do about it. */
#ifndef DQ_FOREIGN_H
#define DQ_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "gguf/diagnostic.h"
#include "source/source.h"

/* Texts for a diagnostic, fit for a terminal. */
struct dq_foreign {
    char found[DQ_WORDS_SIZE]; /* "a Git LFS pointer"; of an unknown kind, its first bytes */
    char hint[DQ_WORDS_SIZE];  /* or "" */
    bool
        is_piece; /* of no known kind, but named like a piece of a file that was cut up (set_name.h) */
};

/* Identifies what begins at an offset in a source by the signatures of foreign.def. Kinds that may
 * contain a GGUF are searched for one; the hint then says where it begins. Fails only as reading
 * does. */
int dq_foreign_identify(
    const struct dq_source *source, uint64_t begin, struct dq_foreign *out, struct dq_error *e);

/* What to do about a version that cannot be read. */
const char *dq_foreign_version_hint(uint32_t version, bool big_endian);

#endif
