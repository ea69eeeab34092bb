#include "cpu/decode_codes.h"

size_t DQ_AT_LEVEL(dq_decode_slow)(const struct dq_codes *c, void *restrict dst, size_t n,
    size_t group, int has_m, enum dq_dtype dtype)
{
    float weights[DQ_RUN_WEIGHTS];
    float *w = dtype == DQ_DTYPE_f32 ? dst : weights;

    for (size_t i = 0; i < n; i++) {
        const size_t g = i / group;
        const float dq = c->d[g] * (float)c->q[i];
        w[i] = dq_one_nan(has_m ? dq + c->m[g] : dq);
    }
    return dtype == DQ_DTYPE_f32 ? 0 : dq_round_at_level(dtype, weights, dst, n);
}
