#include "verify/verify.h"

/* Defined in golden_data.S. */
#define DQ_TYPE(token, columns)                                                                    \
    extern const uint8_t dq_golden_##token##_blocks[];                                             \
    extern const uint8_t dq_golden_##token##_weights[];                                            \
    extern const uint8_t dq_golden_##token##_end[];
#include "type/types.def"

static const struct {
    const uint8_t *blocks;
    const uint8_t *weights;
    const uint8_t *end;
} vectors[DQ_TYPE_COUNT] = {
#define DQ_TYPE(token, columns)                                                                    \
    {dq_golden_##token##_blocks, dq_golden_##token##_weights, dq_golden_##token##_end},
#include "type/types.def"
};

void dq_golden_get(enum dq_type type, struct dq_golden *out)
{
    const size_t weights_len = (size_t)(vectors[type].end - vectors[type].weights);
    out->blocks = vectors[type].blocks;
    out->weights = vectors[type].weights;
    out->nblocks = weights_len / sizeof(float) / dq_types[type].weights;
}
