#include "type/type.h"

#include <string.h>
#include <strings.h>

/* A column of a row replaces the default before it. */
#pragma GCC diagnostic ignored "-Woverride-init"

const struct dq_type_info dq_types[DQ_TYPE_COUNT] = {
#define NAME(x) .name = (x),
#define ID(x) .id = (x),
#define WEIGHTS(x) .weights = (x),
#define BYTES(x) .bytes = (x),
#define STORED(x) .stored = (x),
#define DEFAULT_DTYPE(x) .default_dtype = DQ_DTYPE_##x,
#define BIG_ENDIAN_DEFINED(x) .big_endian_defined = (x),
#define OVERFLOWS_F32(x) .overflows_f32 = (x),
#define GPU_STORES_PER_THREAD(x) .gpu_stores_per_thread = (x),
#define DQ_TYPE(token_, columns)                                                                   \
    {.type = DQ_TYPE_##token_,                                                                     \
        .token = #token_,                                                                          \
        .stored = "",                                                                              \
        .default_dtype = DQ_DTYPE_f32,                                                             \
        .gpu_stores_per_thread = 1,                                                                \
        columns},
#include "type/types.def"
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

const struct dq_type_info *dq_type_by_id(uint32_t id)
{
    for (size_t i = 0; i < DQ_TYPE_COUNT; i++) {
        if (dq_types[i].id == id)
            return &dq_types[i];
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

bool dq_dtype_is_stored(const struct dq_type_info *type, enum dq_dtype dtype)
{
    return dtype == DQ_DTYPE_native || strcmp(type->token, dq_dtype_name(dtype)) == 0;
}

size_t dq_dtype_len(enum dq_dtype dtype)
{
    return dtypes[dtype].len;
}
