/* Writes arrays to every container, as files and as a stream, and reads them back with readers of its own.
 * For tests of random arrays, and for fuzzing. */
#ifndef DQ_CONTAINER_CHECK_H
#define DQ_CONTAINER_CHECK_H

#include "sink/container.h"

/* Sets what the shape and type of an array imply: the number of bytes, and a last dimension of whole
 * blocks, which is made longer if necessary. */
void container_fit(struct dq_array *a);

/* Writes n arrays, of which each container gets those that it does not refuse, out of order and piece by
 * piece. Arrays with the name of an earlier one are left out. Returns what is wrong, or NULL; the text is
 * valid until the next call. */
const char *container_check(const struct dq_array *arrays, size_t n, uint64_t max_shard);

#endif
