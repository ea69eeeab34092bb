/* Tensor data of big-endian files. */
#ifndef DQ_ENDIAN_H
#define DQ_ENDIAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "type/type.h"

/* Whether the byte order of this type's blocks in big-endian files is defined. */
bool dq_endian_defined(enum dq_type type);

/* Reverses the bytes of a number. */
void dq_endian_reverse(uint8_t *bytes, size_t len);

/* Converts n_blocks big-endian blocks to little-endian ones, in place. Blocks whose byte order is
 * not defined stay as they are. */
void dq_endian_swap(enum dq_type type, void *blocks, size_t n_blocks);

#endif
