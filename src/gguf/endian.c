#include "gguf/endian.h"

#include "type/block_fields.h"

bool dq_endian_defined(enum dq_type type)
{
    return dq_types[type].big_endian_defined;
}

void dq_endian_reverse(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len / 2; i++) {
        const uint8_t first = bytes[i];
        bytes[i] = bytes[len - 1 - i];
        bytes[len - 1 - i] = first;
    }
}

void dq_endian_swap(enum dq_type type, void *blocks, size_t n_blocks)
{
    uint8_t *block = blocks;
    if (!dq_types[type].big_endian_defined)
        return;
    for (size_t i = 0; i < n_blocks; i++, block += dq_types[type].bytes) {
        for (const struct dq_block_field *f = dq_block_fields[type]; f->name; f++) {
            const size_t len = dq_field_kinds[f->kind].bytes;
            for (size_t k = 0; len > 1 && k < f->n; k++)
                dq_endian_reverse(block + f->offset + k * len, len);
        }
    }
}
