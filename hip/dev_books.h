/* The codebooks in device memory, and lookups in them. */
#ifndef DQ_DEV_BOOKS_H
#define DQ_DEV_BOOKS_H

#include "dev_quad.h"

#define DQ_TABLE_BEGIN(type, name, n) DQ_TABLE type dq_##name[n] = {
/* clang-format off */
#define DQ_TABLE_END };
/* clang-format on */
#include "type/codebooks.def"
#undef DQ_TABLE_BEGIN
#undef DQ_TABLE_END

/* A codebook of sixteen bytes fits into constants of the instructions: no load, and four codes are
 * looked up at once. */
__device__ constexpr struct dq_words dq_book_words(const int8_t *book)
{
    struct dq_words words = {};

    for (int i = 0; i < 16; i++)
        words.w[i / 4] |= (uint32_t)(uint8_t)book[i] << 8 * (i % 4);
    return words;
}

/* The values of four codes of 0 to 15, a byte each. */
DQ_DEVICE uint32_t dq_values_fp4(uint32_t codes)
{
    constexpr struct dq_words book = dq_book_words(dq_kvalues_fp4);

    return dq_pick16(book, codes);
}

DQ_DEVICE uint32_t dq_values_iq4nl(uint32_t codes)
{
    constexpr struct dq_words book = dq_book_words(dq_kvalues_iq4nl);

    return dq_pick16(book, codes);
}

/* Quad q of a row of eight bytes, which holds two: the first if q is even. */
DQ_DEVICE uint32_t dq_half_row(uint64_t row, uint32_t q)
{
    return (uint32_t)(row >> 32 * (q % 2));
}

/* The signs of eight weights, of which seven are stored: the number of minus signs is even. The
 * result is shifted so that it begins with those of quad q. */
DQ_DEVICE uint32_t dq_even_signs(uint32_t index, uint32_t q)
{
    const uint32_t seven = index & 127;
    const uint32_t parity = 0x6996u >> ((seven ^ seven >> 4) & 15) & 1;

    return (seven | parity << 7) >> 4 * (q % 2);
}

#endif
