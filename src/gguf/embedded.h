/* Finding a GGUF inside another file. */
#ifndef DQ_EMBEDDED_H
#define DQ_EMBEDDED_H

#include <stdint.h>

#include "base/err.h"
#include "source/source.h"

/* Sets *out to where a GGUF seems to begin, or to UINT64_MAX if none is found: the first that is stored as
 * it is in a zip archive, which a llamafile is too, else the first in the first 64 MiB. Fails only as
 * reading does. */
int dq_embedded_find(const struct dq_source *source, uint64_t *out, struct dq_error *e);

#endif
