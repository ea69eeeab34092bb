/* Names, types and shapes of arrays, which are written to every container and read back.
 *
 * | size of a shard u8, in 16 bytes; 0: no limit | for each array: type u8, number of dimensions u8, a
 * byte for each, length of the name u8, name | */
#include "container_check.h"
#include "fuzz.h"

#include <stdio.h>

enum { MAX_ARRAYS = 32, MAX_DIMS = 4, DIM_MASK = 7 };

/* Returns the next byte, or 0 at the end. */
static uint8_t take(const uint8_t **data, size_t *size)
{
    if (*size == 0)
        return 0;
    (*size)--;
    return *(*data)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dq_array arrays[MAX_ARRAYS];
    const uint64_t max_shard = 16 * (uint64_t)take(&data, &size);
    size_t n = 0;
    while (size > 0 && n < MAX_ARRAYS) {
        struct dq_array *a = &arrays[n++];
        const size_t type = take(&data, &size) % (DQ_TYPE_COUNT + 1);
        *a = (struct dq_array){.type = type < DQ_TYPE_COUNT ? &dq_types[type] : NULL};
        a->n_shape = take(&data, &size) % (MAX_DIMS + 1);
        for (size_t i = 0; i < a->n_shape; i++)
            a->shape[i] = take(&data, &size) & DIM_MASK;
        const size_t name_len = take(&data, &size);
        a->name = (const char *)data;
        a->name_len = name_len < size ? name_len : size;
        data += a->name_len;
        size -= a->name_len;
        container_fit(a);
    }
    const char *problem = container_check(arrays, n, max_shard);
    if (problem)
        fprintf(stderr, "%s\n", problem);
    FUZZ_CHECK(!problem);
    return 0;
}
