#include "type/type.h"

#include <strings.h>

const struct dq_format_info dq_formats[DQ_FMT_COUNT] = {
#define DQ_FORMAT(token, name, id, weights, bytes, stored, dflt, stores)                           \
    {DQ_FMT_##token, #token, name, id, weights, bytes, stored, DQ_DTYPE_##dflt, stores},
#include "type/types.def"
#undef DQ_FORMAT
};

static const struct {
    const char *name;
    size_t len;
} dtypes[DQ_DTYPE_COUNT] = {
    [DQ_DTYPE_f32] = {"f32", 4},
    [DQ_DTYPE_f16] = {"f16", 2},
    [DQ_DTYPE_bf16] = {"bf16", 2},
    [DQ_DTYPE_native] = {"native", 0},
};

const struct dq_format_info *dq_format_by_id(uint32_t id)
{
    for (size_t i = 0; i < DQ_FMT_COUNT; i++) {
        if (dq_formats[i].id == id)
            return &dq_formats[i];
    }
    return NULL;
}

const char *dq_dtype_name(enum dq_dtype dtype)
{
    return dtypes[dtype].name;
}

int dq_dtype_by_name(const char *name, enum dq_dtype *out)
{
    for (size_t i = 0; i < DQ_DTYPE_COUNT; i++) {
        if (strcasecmp(dtypes[i].name, name) == 0) {
            *out = (enum dq_dtype)i;
            return 0;
        }
    }
    return -1;
}

size_t dq_dtype_len(enum dq_dtype dtype)
{
    return dtypes[dtype].len;
}
