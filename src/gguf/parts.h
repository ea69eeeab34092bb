/* The parts of opening a model that are shared between the files of the gguf layer only. */
#ifndef DQ_GGUF_PARTS_H
#define DQ_GGUF_PARTS_H

#include "gguf/gguf.h"

/* Opens the file at path as the next shard of m and appends its tensors. On failure the shard
 * stays, half-built, for dq_model_free. */
int dq_shard_open(struct dq_model *m, const char *path, struct dq_error *e);

/* Closes all shards and forgets their tensors. */
void dq_model_drop_shards(struct dq_model *m);

/* With one shard open: if it is a member of a split set, opens all of the set in its order, and
 * checks that the set is whole. m->path is how the members are found. */
int dq_split_open(struct dq_model *m, struct dq_error *e);

/* Works out the size of every tensor, and which regions can be used. Leaves out those of a file
 * that is broken before its data section. */
int dq_regions_check(struct dq_model *m, struct dq_error *e);

/* Brings tensors into the order of their data, which most files have already. */
void dq_tensors_sort(struct dq_tensor **placed, size_t n);

/* Tells what is odd about where the n tensors of a file lie, and about the bytes between. */
int dq_lint_layout(const struct dq_shard *s, struct dq_tensor *tensors, size_t n,
    const struct dq_diagnostic_sink *diag, struct dq_error *e);

/* Whether a big-endian file's blocks of this type have defined fields. */
bool dq_endian_defined(enum dq_type type);

/* Turns nblocks big-endian blocks into little-endian ones, in place; leaves them as they are if the
 * type's are not defined. */
void dq_endian_swap(enum dq_type type, void *blocks, size_t nblocks);

#endif
