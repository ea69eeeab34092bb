#include "cpu/decode_impl.h"
#include "cpu/levels.h"

#define STRING_(x) #x
#define STRING(x) STRING_(x)

const struct dq_cpu DQ_AT_LEVEL(dq_cpu) = {
    .name = STRING(DQ_LEVEL),
    .decode =
        {
#define DQ_TYPE(token, columns) [DQ_TYPE_##token] = DQ_AT_LEVEL(dq_decode_##token),
#include "type/types.def"
        },
    .to_f16 = DQ_AT_LEVEL(dq_to_f16),
    .to_bf16 = DQ_AT_LEVEL(dq_to_bf16),
    .blake3 = DQ_AT_LEVEL(dq_blake3),
    .sums = &DQ_AT_LEVEL(dq_sums),
};
