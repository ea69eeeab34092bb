#include "verify/verify.h"

/* From golden_data.S, which takes them from data/golden. */
#define DQ_FORMAT(token, name, id, weights, bytes, stored, dflt, stores)                           \
    extern const uint8_t dq_golden_##token##_blocks[];                                             \
    extern const uint8_t dq_golden_##token##_weights[];                                            \
    extern const uint8_t dq_golden_##token##_end[];
#include "type/types.def"
#undef DQ_FORMAT

static const struct {
    const uint8_t *blocks;
    const uint8_t *weights;
    const uint8_t *end;
} vectors[DQ_FMT_COUNT] = {
#define DQ_FORMAT(token, name, id, weights, bytes, stored, dflt, stores)                           \
    {dq_golden_##token##_blocks, dq_golden_##token##_weights, dq_golden_##token##_end},
#include "type/types.def"
#undef DQ_FORMAT
};

void dq_golden_get(enum dq_format format, struct dq_golden *out)
{
    const size_t weights_len = (size_t)(vectors[format].end - vectors[format].weights);
    out->blocks = vectors[format].blocks;
    out->weights = vectors[format].weights;
    out->nblocks = weights_len / sizeof(float) / dq_formats[format].weights;
}
