#include "gguf/endian.h"

#include <stdint.h>

/* The fields of a block that are big-endian in a big-endian file. ggml's converter
 * (gguf_convert_endian.py) defines the quantized types below and no others, and no tool writes
 * others. */
struct swap_field {
    uint8_t off;
    uint8_t len;
};

struct swap_layout {
    bool defined;
    struct swap_field fields[2]; /* len 0 ends the list */
};

static const struct swap_layout layouts[DQ_TYPE_COUNT] = {
    [DQ_TYPE_f32] = {true, {{0, 4}}},
    [DQ_TYPE_f16] = {true, {{0, 2}}},
    [DQ_TYPE_bf16] = {true, {{0, 2}}},
    [DQ_TYPE_f64] = {true, {{0, 8}}},
    [DQ_TYPE_i8] = {true, {{0, 0}}},
    [DQ_TYPE_i16] = {true, {{0, 2}}},
    [DQ_TYPE_i32] = {true, {{0, 4}}},
    [DQ_TYPE_i64] = {true, {{0, 8}}},
    [DQ_TYPE_q4_0] = {true, {{0, 2}}},
    [DQ_TYPE_q8_0] = {true, {{0, 2}}},
    [DQ_TYPE_q4_k] = {true, {{0, 2}, {2, 2}}},
    [DQ_TYPE_q6_k] = {true, {{208, 2}}},
    [DQ_TYPE_mxfp4] = {true, {{0, 0}}},
    [DQ_TYPE_nvfp4] = {true, {{0, 0}}},
};

bool dq_endian_defined(enum dq_type type)
{
    return layouts[type].defined;
}

static void reverse(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len / 2; i++) {
        const uint8_t first = bytes[i];
        bytes[i] = bytes[len - 1 - i];
        bytes[len - 1 - i] = first;
    }
}

void dq_endian_swap(enum dq_type type, void *blocks, size_t n_blocks)
{
    const struct swap_layout *layout = &layouts[type];
    uint8_t *block = blocks;
    for (size_t i = 0; i < n_blocks; i++, block += dq_types[type].bytes) {
        for (size_t k = 0; k < 2 && layout->fields[k].len > 0; k++)
            reverse(block + layout->fields[k].off, layout->fields[k].len);
    }
}
