/* What the blocks of quantized tensors consist of: how often each code and kind of scale is there. */
#ifndef DQ_CODES_H
#define DQ_CODES_H

#include "type/parts.h"

#include <stddef.h>

/* Scales of blocks: their first numbers. */
enum dq_scale_kind {
    DQ_SCALE_NORMAL,
    DQ_SCALE_ZERO,
    DQ_SCALE_SUBNORMAL, /* in the format in which they are stored */
    DQ_SCALE_NONFINITE,
    DQ_SCALE_KINDS
};

enum { DQ_SCALE_OCTAVES = 256 };

/* All zero at first. */
struct dq_code_stats {
    uint64_t n_blocks;
    uint64_t n_repeated;              /* blocks equal to the one before them in the tensor */
    uint64_t n_constant;              /* blocks all of one code */
    uint64_t use[DQ_CODE_VALUES_MAX]; /* codes, from the least on */
    uint64_t n_scales[DQ_SCALE_KINDS];
    uint64_t n_negative;                      /* of the scales that are normal or subnormal */
    uint64_t scale_octaves[DQ_SCALE_OCTAVES]; /* the same by the biased exponent of an f32 */
    uint64_t n_parts_zero;                    /* integers called scale that make 0 */
    uint64_t n_parts_full;                    /* at an end of their range that does not */
};

/* Whether a type has codes, as all types have whose blocks hold several weights. */
bool dq_code_stats_apply(enum dq_type type);

/* Returns how many different codes there are. */
size_t dq_code_stats_values(enum dq_type type);

/* Adds n blocks, which follow one another in a tensor. before is the block before them, NULL if there is none. */
void dq_code_stats_add(struct dq_code_stats *s, enum dq_type type, const uint8_t *blocks, size_t n,
    const uint8_t *before);

void dq_code_stats_merge(struct dq_code_stats *s, const struct dq_code_stats *other);

/* Returns how many codes there are that no block has. */
uint64_t dq_code_stats_unused(const struct dq_code_stats *s, enum dq_type type);

#endif
