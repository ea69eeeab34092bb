/* Arrays that grow by one element at a time. */
#ifndef DQ_ARRAY_H
#define DQ_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* Makes room for one more element than the n that array has, of element_len bytes each. Returns the
 * array, which may have moved, or NULL if memory is short; the old array is then still valid. The
 * capacity doubles when n reaches a power of two. The caller frees it with dq_mem_free. */
static inline void *dq_array_grow(void *array, size_t n, size_t element_len)
{
    if (n > 0 && (n & (n - 1)) != 0)
        return array;
    const size_t cap = n ? 2 * n : 1;
    return cap <= SIZE_MAX / element_len ? dq_mem_realloc(array, cap * element_len) : NULL;
}

#endif
