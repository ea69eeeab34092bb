/* For the decoder sources: rows of a codebook, copied one by one. For levels that would gain nothing
 * by putting them together in a register. */
#ifndef DQ_DECODE_ROWS_H
#define DQ_DECODE_ROWS_H

#include "cpu/decode_bits.h"

/* gcc would compute several k in a vector and then extract each. */
DQ_INLINE void dq_put_row8(int8_t *q, const uint64_t *grid, size_t k)
{
    DQ_KEEP_SCALAR(k);
    dq_put8(q, grid[k]);
}

DQ_INLINE void dq_put_rows8(
    int8_t *q, const uint64_t *grid, size_t k0, size_t k1, size_t k2, size_t k3)
{
    dq_put_row8(q, grid, k0);
    dq_put_row8(q + 8, grid, k1);
    dq_put_row8(q + 16, grid, k2);
    dq_put_row8(q + 24, grid, k3);
}

DQ_INLINE void dq_put_row4(int8_t *q, const uint32_t *grid, size_t k)
{
    DQ_KEEP_SCALAR(k);
    dq_put4(q, grid[k]);
}

DQ_INLINE void dq_put_rows4(int8_t *q, const uint32_t *grid, size_t k0, size_t k1, size_t k2,
    size_t k3, size_t k4, size_t k5, size_t k6, size_t k7)
{
    dq_put_row4(q, grid, k0);
    dq_put_row4(q + 4, grid, k1);
    dq_put_row4(q + 8, grid, k2);
    dq_put_row4(q + 12, grid, k3);
    dq_put_row4(q + 16, grid, k4);
    dq_put_row4(q + 20, grid, k5);
    dq_put_row4(q + 24, grid, k6);
    dq_put_row4(q + 28, grid, k7);
}

#endif
