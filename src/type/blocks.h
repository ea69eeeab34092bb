/* struct dq_block_TOKEN for every type, with the fields of blocks.def: each an array of the bytes
 * in the file. As all members are bytes, the structs have neither padding nor alignment, and the
 * same definitions serve C, C++ and device code. half.h reads numbers of more than one byte. */
#ifndef DQ_BLOCKS_H
#define DQ_BLOCKS_H

#include <assert.h>
#include <stdint.h>

/* Bytes of one element of a field. */
enum {
#define KIND(name, bytes, exponent, fraction) DQ_KIND_BYTES_##name = (bytes),
#include "type/blocks.def"
};

#define DQ_BLOCK(token) struct dq_block_##token {
#define FIELD(token, name, kind, n) uint8_t name[(n)*DQ_KIND_BYTES_##kind];
/* clang-format off */
#define DQ_BLOCK_END(token) };
/* clang-format on */
#include "type/blocks.def"

#define BYTES(n) n
#define DQ_TYPE(token, columns) static_assert(sizeof(struct dq_block_##token) == (columns), #token);
#include "type/types.def"

#endif
