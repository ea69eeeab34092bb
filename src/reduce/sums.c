#include "reduce/sums.h"

#include "reduce/weights.h"

#include <math.h>
#include <string.h>

/* A finite f32 is m * 2^(e - 1) units of 2^-149, with m < 2^24, its biased exponent e, and 1 for that of
 * subnormals.
 *
 * Most tensors have weights whose exponents are close to one another. Then a double can be added to each that is so
 * large that its last bits are what the weight is in units of the smallest bit that any of them has: nothing is
 * rounded, and the bit patterns of the sums are added up as integers. Squares and products, which have twice as many
 * bits, are split into two such doubles. Other weights are added up by exponent. */
enum {
    MANTISSA_BITS = 23,
    EXPONENTS = 256,
    BINADES = 27, /* below the highest in a window: 51 bits, with the 24 of a weight */
    EXPONENT_MIN = BINADES + 1, /* of the highest binade of a window, which shifts to bit 0 */
};

/* The sum of weights in a window is less than 2^62. */
_Static_assert(24 + BINADES + 11 == 62 && DQ_SUMS_MOST == 1 << 11,
    "bits of a weight, of a window, of a number");

#define SIGN_BIT UINT32_C(0x80000000)

unsigned dq_sums_top(uint32_t max, uint32_t min)
{
    const unsigned highest = max >> MANTISSA_BITS;
    const unsigned lowest = min >> MANTISSA_BITS;
    const unsigned top = highest > EXPONENT_MIN ? highest : EXPONENT_MIN;
    return top - BINADES <= lowest ? top : 0;
}

static uint64_t bits_of_double(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static void add_signed(struct dq_wide *w, uint64_t value, unsigned shift)
{
    const bool is_negative = value >> 63 != 0;
    dq_wide_add_shifted(w, is_negative ? -value : value, is_negative, shift);
}

/* The two doubles of a window for products of weights whose exponents are at most, together, `top`: their last bits
 * are 2^(top - 303), and 2^(top - 354), which is the product of those of the weights. */
struct product_units {
    double units[2];
};

static struct product_units product_units(unsigned top)
{
    return (struct product_units){{ldexp(1.5, (int)top - 251), ldexp(1.5, (int)top - 302)}};
}

/* Adds the sums of the bits of n doubles of each. */
static void take_products(struct dq_wide *products, const struct product_units *u,
    const uint64_t sums[2], size_t n, unsigned top)
{
    add_signed(products, sums[0] - n * bits_of_double(u->units[0]), top - 5);
    add_signed(products, sums[1] - n * bits_of_double(u->units[1]), top - 2 * EXPONENT_MIN);
}

static void add_window(struct dq_wide *sum, struct dq_wide *squares, const struct dq_cpu *cpu,
    const uint8_t *weights, size_t n, unsigned top)
{
    const double unit = ldexp(1.5, (int)top - 125); /* its last bit is 2^(top - 177) */
    const struct product_units u = product_units(2 * top);
    uint64_t sums[3];
    cpu->sums->add_window(weights, n, (const double[]){unit, u.units[0], u.units[1]}, sums);
    add_signed(sum, sums[0] - n * bits_of_double(unit), top - EXPONENT_MIN);
    take_products(squares, &u, sums + 1, n, 2 * top);
}

static unsigned exponent_of(uint32_t bits)
{
    return bits >> MANTISSA_BITS & (EXPONENTS - 1);
}

/* What a finite weight is, times 2^(149 - shift_of its exponent). */
static uint64_t mantissa_of(uint32_t bits)
{
    return (bits & ((1u << MANTISSA_BITS) - 1)) | (uint64_t)(exponent_of(bits) > 0)
                                                      << MANTISSA_BITS;
}

static unsigned shift_of(unsigned exponent)
{
    return exponent > 0 ? exponent - 1 : 0;
}

/* The sums of each exponent fit because there are at most DQ_SUMS_MOST. */
static void add_by_exponent(
    struct dq_wide *sum, struct dq_wide *squares, const uint8_t *weights, size_t n)
{
    uint64_t sums[EXPONENTS] = {0}; /* in two's complement */
    uint64_t sums_of_squares[EXPONENTS] = {0};
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = dq_bits_at(weights, i);
        const uint64_t m = mantissa_of(bits);
        sums[exponent_of(bits)] += bits >= SIGN_BIT ? -m : m;
        sums_of_squares[exponent_of(bits)] += m * m;
    }
    for (unsigned exponent = 0; exponent < EXPONENTS - 1; exponent++) {
        if (sums_of_squares[exponent] == 0)
            continue;
        add_signed(sum, sums[exponent], shift_of(exponent));
        dq_wide_add_shifted(squares, sums_of_squares[exponent], false, 2 * shift_of(exponent));
    }
}

void dq_sums_add(struct dq_wide *sum, struct dq_wide *squares, const struct dq_cpu *cpu,
    const uint8_t *weights, size_t n, unsigned top)
{
    if (top > 0)
        add_window(sum, squares, cpu, weights, n, top);
    else
        add_by_exponent(sum, squares, weights, n);
}

static void add_products_by_exponent(
    struct dq_wide *products, const uint8_t *a, const uint8_t *b, size_t n)
{
    uint64_t sums[2 * EXPONENTS] = {0}; /* by shift, in two's complement */
    for (size_t i = 0; i < n; i++) {
        const uint32_t x = dq_bits_at(a, i);
        const uint32_t y = dq_bits_at(b, i);
        const uint64_t product = mantissa_of(x) * mantissa_of(y);
        sums[shift_of(exponent_of(x)) + shift_of(exponent_of(y))] +=
            (x ^ y) >= SIGN_BIT ? -product : product;
    }
    for (unsigned shift = 0; shift < 2 * EXPONENTS; shift++) {
        if (sums[shift] != 0)
            add_signed(products, sums[shift], shift);
    }
}

void dq_sums_add_products(struct dq_wide *products, const struct dq_cpu *cpu, const uint8_t *a,
    const uint8_t *b, size_t n, unsigned top_a, unsigned top_b)
{
    const struct product_units u = product_units(top_a + top_b);
    uint64_t sums[2];
    if (top_a == 0 || top_b == 0) {
        add_products_by_exponent(products, a, b, n);
        return;
    }
    cpu->sums->add_products(a, b, n, u.units, sums);
    take_products(products, &u, sums, n, top_a + top_b);
}
