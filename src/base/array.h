/* Arrays that grow by one element at a time. */
#ifndef DQ_ARRAY_H
#define DQ_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* Returns array with room for one more than its n elements of element_len bytes, possibly moved;
 * NULL if memory is short, and then array is as it was. Room doubles when n reaches a power of two.
 */
static inline void *dq_array_grow(void *array, size_t n, size_t element_len)
{
    if (n > 0 && (n & (n - 1)) != 0)
        return array;
    const size_t room = n ? 2 * n : 1;
    return room <= SIZE_MAX / element_len ? dq_mem_realloc(array, room * element_len) : NULL;
}

#endif
