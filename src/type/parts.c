#include "type/parts.h"

#include "type/blocks.h"
#include "type/codebooks.h"
#include "type/half.h"

static double f64_at(const uint8_t *p)
{
    const uint64_t bits = dq_u64(p);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Field i of as many bits, 1, 2 or 4, the lowest of a byte first. */
static unsigned bits_at(const uint8_t *p, unsigned i, unsigned n_bits)
{
    const unsigned per_byte = 8 / n_bits;
    return p[i / per_byte] >> n_bits * (i % per_byte) & ((1U << n_bits) - 1);
}

/* Nibble i, where the low nibbles of n bytes are followed by the high ones. */
static unsigned low_or_high(const uint8_t *p, unsigned i, unsigned n)
{
    return p[n * (i / (2 * n)) + i % n] >> 4 * (i / n % 2) & 15;
}

/* Pair of bits i, where the lowest pairs of 32 bytes are followed by the next ones. */
static unsigned two_bits(const uint8_t *p, unsigned i)
{
    return p[32 * (i / 128) + i % 32] >> 2 * (i / 32 % 4) & 3;
}

/* Ternary digit n of the fraction byte / 256. */
static unsigned digit(uint8_t byte, unsigned n)
{
    static const uint8_t powers[] = {1, 3, 9, 27, 81};
    return (uint8_t)(byte * powers[n]) * 3U >> 8;
}

/* The scales and minima of Q4_K and Q5_K: six bits each. */
static unsigned k_scale(const uint8_t *s, unsigned i)
{
    return i < 4 ? s[i] & 63U : (s[i + 4] & 15U) | (unsigned)s[i - 4] >> 6 << 4;
}

static unsigned k_min(const uint8_t *s, unsigned i)
{
    return i < 4 ? s[i + 4] & 63U : (unsigned)s[i + 4] >> 4 | (unsigned)s[i] >> 6 << 4;
}

/* Sign i of eight, of which seven are stored: an even number of them is negative. */
static int sign_of_seven(uint32_t stored, unsigned i)
{
    unsigned bits = 0;
    for (unsigned k = 0; k < 7; k++)
        bits += stored >> k & 1;
    return (i < 7 ? stored >> i & 1 : bits & 1) ? -1 : 1;
}

#define PART(token, name, i) element_##token##_##name(b, i)
#define ELEMENT(token, name, kind, value)                                                          \
    static kind element_##token##_##name(const struct dq_block_##token *b, unsigned i)             \
    {                                                                                              \
        (void)i;                                                                                   \
        return value;                                                                              \
    }                                                                                              \
    static kind get_##token##_##name(const uint8_t *block, unsigned i)                             \
    {                                                                                              \
        return element_##token##_##name((const void *)block, i);                                   \
    }
#define INTEGER(token, name, n, value) ELEMENT(token, name, int64_t, value)
#define NUMBER(token, name, n, value) ELEMENT(token, name, double, (double)(value))
#define PRODUCT(token, name, n, text, value) ELEMENT(token, name, double, (double)(float)(value))
#include "type/parts.def"

#define DQ_PARTS(token, formula) static const struct dq_block_part parts_##token[] = {
#define INTEGER(token, name, n, value) {#name, n, NULL, get_##token##_##name, NULL},
#define NUMBER(token, name, n, value) {#name, n, NULL, NULL, get_##token##_##name},
#define PRODUCT(token, name, n, text, value) {#name, n, text, NULL, get_##token##_##name},
/* clang-format off */
#define DQ_PARTS_END(token) {0}};
/* clang-format on */
#include "type/parts.def"

#define DQ_PARTS(token, formula) static const char formula_##token[] = formula;
#include "type/parts.def"

const struct dq_block_formula dq_block_formulas[DQ_TYPE_COUNT] = {
#define DQ_TYPE(token, columns) {formula_##token, parts_##token},
#include "type/types.def"
};
