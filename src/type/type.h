/* The facts about each tensor type, expanded from types.def.
 *
 * A tensor's weights are stored in blocks; a block holds a fixed number of consecutive weights of
 * one row (dimension 0, the innermost) in a fixed number of bytes. A type without blocks is a type
 * whose block is one weight. */
#ifndef DQ_TYPE_H
#define DQ_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The types, numbered densely, so that they can index tables; not the ids in a file. */
enum dq_type {
#define DQ_TYPE(token, columns) DQ_TYPE_##token,
#include "type/types.def"
    DQ_TYPE_COUNT
};

/* The most weights and bytes that a block of any type has: sizes of buffers for one block. */
#define WEIGHTS(n) n
#define DQ_TYPE(token, columns) char token[columns];
union dq_block_weights_of_any_type {
#include "type/types.def"
};
#define BYTES(n) n
#define DQ_TYPE(token, columns) char token[columns];
union dq_block_bytes_of_any_type {
#include "type/types.def"
};
enum {
    DQ_BLOCK_WEIGHTS_MAX = sizeof(union dq_block_weights_of_any_type),
    DQ_BLOCK_BYTES_MAX = sizeof(union dq_block_bytes_of_any_type)
};

/* The types of output weights. native: the blocks as stored in the file. */
enum dq_dtype { DQ_DTYPE_f32, DQ_DTYPE_f16, DQ_DTYPE_bf16, DQ_DTYPE_native, DQ_DTYPE_COUNT };

struct dq_type_info {
    enum dq_type type;
    const char *token;              /* "q4_k" */
    const char *name;               /* "Q4_K" */
    uint32_t id;                    /* of the type in a file */
    uint32_t weights;               /* in a block */
    uint32_t bytes;                 /* of a block */
    const char *stored;             /* numpy descr of a stored weight; "" where numpy has none */
    enum dq_dtype default_dtype;    /* what extract writes by default */
    bool big_endian_defined;        /* whether a big-endian file's blocks are defined */
    bool overflows_f32;             /* a finite block can have infinite weights */
    uint32_t gpu_stores_per_thread; /* 16-byte stores of each thread of a GPU kernel */
};

/* DQ_TYPE_COUNT rows, indexed by enum dq_type. */
extern const struct dq_type_info dq_types[DQ_TYPE_COUNT];

/* Returns the row of a type id from a file, or NULL if the id is unknown or was removed. */
const struct dq_type_info *dq_type_by_id(uint32_t id);

/* Returns "f32", "f16", "bf16" or "native". */
const char *dq_dtype_name(enum dq_dtype dtype);

/* Finds a dtype by its name, in any case. Returns 0, or -1 (and leaves *out) if there is none. */
int dq_dtype_by_name(const char *name, enum dq_dtype *out);

/* Whether the bytes of a stored block are those of its weights in dtype, so that nothing needs
 * decoding. */
bool dq_dtype_is_stored(const struct dq_type_info *type, enum dq_dtype dtype);

/* Bytes of one output weight: 4 or 2; 0 for native, where it depends on the type. */
size_t dq_dtype_len(enum dq_dtype dtype);

#endif
