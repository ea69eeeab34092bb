#include "verify/verify.h"

/* From golden_data.S, which takes them from data/golden. */
#define DQ_TYPE(token, name, id, weights, bytes, stored, default_dtype, gpu_stores_per_thread)     \
    extern const uint8_t dq_golden_##token##_blocks[];                                             \
    extern const uint8_t dq_golden_##token##_weights[];                                            \
    extern const uint8_t dq_golden_##token##_end[];
#include "type/types.def"
#undef DQ_TYPE

static const struct {
    const uint8_t *blocks;
    const uint8_t *weights;
    const uint8_t *end;
} vectors[DQ_TYPE_COUNT] = {
#define DQ_TYPE(token, name, id, weights, bytes, stored, default_dtype, gpu_stores_per_thread)     \
    {dq_golden_##token##_blocks, dq_golden_##token##_weights, dq_golden_##token##_end},
#include "type/types.def"
#undef DQ_TYPE
};

void dq_golden_get(enum dq_type type, struct dq_golden *out)
{
    const size_t weights_len = (size_t)(vectors[type].end - vectors[type].weights);
    out->blocks = vectors[type].blocks;
    out->weights = vectors[type].weights;
    out->nblocks = weights_len / sizeof(float) / dq_types[type].weights;
}
