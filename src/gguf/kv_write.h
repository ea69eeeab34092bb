/* Writing metadata pairs, as GGUF version 3, little-endian, has them. */
#ifndef DQ_KV_WRITE_H
#define DQ_KV_WRITE_H

#include <stddef.h>

#include "base/err.h"

struct dq_shard;
struct dq_kv;

/* Takes what is written, piece by piece. */
struct dq_kv_writer {
    int (*put)(void *arg, const void *bytes, size_t len, struct dq_error *e);
    void *arg;
};

/* Writes a pair of a shard, converted from its version and byte order, with little memory whatever the
 * length of the value. Returns the errors of reading and of put. */
int dq_kv_write(const struct dq_shard *s, const struct dq_kv *kv, const struct dq_kv_writer *w,
    struct dq_error *e);

#endif
