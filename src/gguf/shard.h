/* A file of a model: all of its header, metadata and tensor infos. */
#ifndef DQ_SHARD_H
#define DQ_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "gguf/kv.h"
#include "source/source.h"

struct dq_shard {
    struct dq_source *source; /* owned */
    const char *path;         /* the source's name */
    uint64_t begin; /* where its GGUF begins; all other offsets count from the file's start */
    uint32_t version;
    bool big_endian;
    uint64_t alignment; /* bytes, a power of two */
    uint64_t infos_end; /* where the tensor infos end and the padding starts */
    uint64_t data_off;  /* where the data section starts; 0: the file is damaged before that */
    struct dq_kv *kvs;  /* in the order of the file; owned */
    size_t n_kvs;
    size_t n_tensors;
    uint64_t number;   /* in its split set, from 0; UINT64_MAX: unknown */
    bool may_be_piece; /* it ends too early, or does not begin like any known kind of file */
    bool is_cut;       /* it ends before the data of some tensor does */
    /* Why all of its tensors, or those at its end, cannot be used, or NULL; the model's. */
    const char *problem;
};

struct dq_model;

/* Opens the file at path as the next shard of m and appends its tensors. On failure what was read
 * of the shard stays in m; if it is malformed, with its problem. */
int dq_shard_open(struct dq_model *m, const char *path, struct dq_error *e);

/* Closes all shards of m and frees what was read of them. */
void dq_shards_close(struct dq_model *m);

#endif
